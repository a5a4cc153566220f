import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Access } from '../access/access.js';
import type { AccessDefinitions } from '../access/definitions.js';
import type { AuditSink } from '../audit/event.js';
import { ClavigerError, type Issue } from '../errors.js';
import type { Store } from '../stores/store.js';
import type { AskPassphrase } from '../stores/embedded.js';
import { openStores, type StoreDefinition } from '../stores/open-store.js';
import { assertValid, configInvalid } from '../internal/validation.js';
import { configSchema } from './definition-schema.js';
import { literalKeys } from './literal-keys.js';
import { discoverConfig, type DiscoveryOptions, type FoundConfig } from './discover-config.js';
import type { CacheOptions } from './credential-cache.js';
import type { ProviderDefinition } from './provider.js';
import { createRegistry, type RegistryOptions } from './registry.js';
import type { Registry } from './registry-contract.js';

/** What `claviger.config.json` holds. */
interface ConfigFile {
  stores?: Record<string, StoreDefinition>;
  providers: ProviderDefinition[];
  access?: AccessDefinitions & { state?: { kind: 'file'; path?: string }; quotaFailure?: 'closed' | 'open' };
  audit?: { file: string };
  cache?: CacheOptions | false;
}

export interface LoadOptions extends DiscoveryOptions {
  /**
   * Asked before anything of a *discovered project file* is used; `false` is `ERR_CONFIG_UNTRUSTED`. Without it such a
   * file is used: library code that calls us is consent, a command line is not.
   */
  trusted?: (file: { path: string; sha256: string }) => boolean | Promise<boolean>;
  /** The content of `configFile`, for who has it already: it is then not read, and need not be there. */
  text?: string;
  /** Asked for the passphrase of a file store that nothing else unlocks; without it such a store is `ERR_STORE_LOCKED`. */
  askPassphrase?: AskPassphrase;
}

/** A config file that has been read and checked, ready for `createRegistry`. */
export interface LoadedConfig {
  /** Undefined when there is no file: then no provider is defined. */
  readonly file: FoundConfig | undefined;
  readonly options: RegistryOptions & { stores: Record<string, Store> };
  /** Where audit events are written, if anywhere. */
  readonly auditFile?: string;
}

/**
 * Finds, reads and checks the config file, and opens its stores.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID` (a file that was named and isn't there, a syntax error, an unknown key),
 * `ERR_CONFIG_UNTRUSTED`
 */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const file = discoverConfig(options);
  const { askPassphrase } = options;
  if (file === undefined) return { file, options: { providers: [], stores: storesOf(undefined, '', askPassphrase) } };
  const text = options.text ?? (await readConfig(file));
  await assertTrusted(file, text, options.trusted);
  const config = await parseConfig(text, file.path);
  const access = await openAccess(config, file.path, options.env);
  const auditFile = config.audit === undefined ? {} : { auditFile: resolve(dirname(file.path), config.audit.file) };
  return { file, options: { ...toRegistryOptions(config, file.path, askPassphrase), ...access }, ...auditFile };
}

/**
 * Loads the config file and makes its registry, which closes the stores it opened.
 *
 * @example
 * const registry = await loadRegistry();
 * const { secret } = await registry.resolve('github');
 */
export async function loadRegistry(options: LoadOptions = {}): Promise<Registry> {
  const loaded = await loadConfig(options);
  const registry = createRegistry(loaded.options);
  const close = registry.close.bind(registry);
  registry.close = async () => {
    await close();
    await Promise.all(Object.values(loaded.options.stores).map(async (store) => store.close?.()));
  };
  return registry;
}

async function readConfig({ path, found }: FoundConfig): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const how = found === 'environment' ? 'CLAVIGER_CONFIG names' : 'the config file is';
    const message = `${how} ${path}, which can't be read (${code ?? 'unknown error'}): check the path`;
    throw new ClavigerError('ERR_CONFIG_INVALID', message, { issues: [{ path: '', message: `can't be read` }] });
  }
}

async function assertTrusted(file: FoundConfig, text: string, trusted: LoadOptions['trusted']): Promise<void> {
  if (file.found !== 'project' || trusted === undefined) return;
  const sha256 = createHash('sha256').update(text).digest('hex');
  if (await trusted({ path: file.path, sha256 })) return;
  throw new ClavigerError(
    'ERR_CONFIG_UNTRUSTED',
    `${file.path} came with this project and is not trusted, or has changed since: read it, then run "claviger trust"`,
  );
}

/** Comments are allowed; names that readers drop silently are not: one that stands twice, and `__proto__`. */
async function parseConfig(written: string, path: string): Promise<ConfigFile> {
  const { parseTree, getNodeValue, printParseErrorCode } = await import('jsonc-parser');
  const text = written.replace(/^\uFEFF/, ''); // editors on Windows like to put it there
  const errors: { error: number; offset: number; length: number }[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined || tree === undefined) {
    const line = text.slice(0, first?.offset ?? 0).split('\n').length;
    const what =
      first === undefined || text.trim() === '' ? 'it is empty' : `${printParseErrorCode(first.error)} in line ${line}`;
    throw configInvalid(path, [{ path: '', message: `not valid JSON: ${what}` }]);
  }
  const value: unknown = getNodeValue(tree);
  const literal = literalKeys(value);
  if (literal.length > 0) throw configInvalid(path, literal);
  const issues = nameIssues(tree);
  if (issues.length > 0) throw configInvalid(path, issues);
  assertValid(configSchema, value, path);
  return value as ConfigFile;
}

interface JsonNode {
  readonly type: string;
  readonly value?: unknown;
  readonly children?: readonly JsonNode[];
}

function nameIssues(node: JsonNode, path = ''): Issue[] {
  const seen = new Set<string>();
  return (node.children ?? []).flatMap((child, index): Issue[] => {
    if (child.type !== 'property') return nameIssues(child, `${path}[${index}]`);
    const [name, content] = child.children ?? [];
    const key = String(name?.value);
    const here = path === '' ? key : `${path}.${key}`;
    const own = seen.has(key) ? [{ path: here, message: `"${key}" stands here twice` }] : [];
    if (key === '__proto__') own.push({ path: here, message: '"__proto__" can not be a name' });
    seen.add(key);
    return [...own, ...(content === undefined ? [] : nameIssues(content, here))];
  });
}

function toRegistryOptions(config: ConfigFile, path: string, ask: AskPassphrase | undefined): LoadedConfig['options'] {
  return {
    providers: config.providers,
    stores: storesOf(config.stores, path, ask),
    ...(config.audit === undefined ? {} : { audit: fileSink(resolve(dirname(path), config.audit.file)) }),
    ...(config.cache === undefined ? {} : { cache: config.cache }),
  };
}

/** Its state is a file of this user's, unless the config file says where. */
async function openAccess({ access }: ConfigFile, path: string, env?: NodeJS.ProcessEnv): Promise<{ access?: Access }> {
  if (access === undefined) return {};
  const { createAccess, defaultStatePath, fileState } = await import('../access/index.js');
  const { state, ...rules } = access;
  const statePath = state?.path === undefined ? defaultStatePath(env) : resolve(dirname(path), state.path);
  return { access: createAccess({ ...rules, state: fileState(statePath) }) };
}

/** The embedded file is the default store unless the file says otherwise. */
function storesOf(definitions: ConfigFile['stores'], path: string, ask: AskPassphrase | undefined) {
  return openStores({ default: { kind: 'file' }, ...definitions }, dirname(path), path, ask);
}

/** One JSON object a line. */
function fileSink(path: string): AuditSink {
  let made: Promise<unknown> | undefined;
  return async (event) => {
    made ??= mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await made;
    await appendFile(path, `${JSON.stringify(event)}\n`, { mode: 0o600 });
  };
}
