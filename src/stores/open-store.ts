import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { ClavigerError, type Issue } from '../errors.js';
import { closed as closedObject } from '../internal/validation.js';
import { didYouMean } from '../internal/near-names.js';
import { chainStores } from './chain.js';
import { embeddedStore, type AskPassphrase } from './embedded.js';
import { envStore } from './env.js';
import { lazyStore } from './lazy.js';
import type { Store } from './store.js';

interface Opening {
  /** A path of the config file, made absolute. */
  readonly at: (path: string) => string;
  readonly ask: AskPassphrase | undefined;
  /** A store that the file names. */
  readonly named: (name: string) => Store;
}

/** What a kind of store takes in a config file, and how it is made. */
interface Kind {
  readonly options: z.ZodMiniType;
  open(options: never, opening: Opening): Store;
}

const text = z.string().check(z.minLength(1));
const duration = z.number().check(z.positive());

function kind<Options extends z.ZodMiniType>(
  options: Options,
  open: (options: Given<z.infer<Options>>, opening: Opening) => Store,
): Kind {
  return { options, open };
}

/** zod writes an absent option as `undefined`; nobody could have written that into a file. */
type Given<Options> = { [Name in keyof Options]: Exclude<Options[Name], undefined> };

const kinds: Readonly<Record<string, Kind>> = {
  file: kind(
    closedObject({ path: z.optional(text), keyFile: z.optional(text), keychain: z.optional(z.boolean()) }),
    (options, { at, ask }) => embeddedStore(withPaths(options, ['path', 'keyFile'], at), ask),
  ),
  env: kind(closedObject({ prefix: z.optional(z.string()) }), (options) => envStore(options)),
  command: kind(
    closedObject({
      command: z.optional(text),
      args: z.optional(z.array(z.string())),
      preset: z.optional(z.enum(['op', 'pass', 'gh', 'aws', 'gcloud', 'security', 'secret-tool'])),
      presetOptions: z.optional(z.record(z.string(), z.string())),
      firstLineOnly: z.optional(z.boolean()),
      timeoutMs: z.optional(duration),
    }).check(
      z.refine(
        ({ command, preset }) => (command === undefined) !== (preset === undefined),
        'give a command or a preset',
      ),
      z.refine(
        ({ preset, presetOptions }) => preset !== 'op' || presetOptions?.['vault'] !== undefined,
        'op needs "presetOptions": { "vault": … }',
      ),
    ),
    ({ command = '', preset, presetOptions = {}, ...rest }) =>
      lazyStore('command', async () => {
        const { commandPresets, commandStore } = await import('./command.js');
        if (preset === undefined) return commandStore({ command, ...rest });
        return commandStore({ ...commandPresets[preset](presetOptions as { vault: string }), ...rest });
      }),
  ),
  vault: kind(
    closedObject({
      address: text,
      mount: z.optional(text),
      tokenFile: z.optional(text),
      appRole: z.optional(closedObject({ roleId: text, secretIdFile: text, mount: z.optional(text) })),
      kubernetes: z.optional(closedObject({ role: text, jwtFile: z.optional(text), mount: z.optional(text) })),
      namespace: z.optional(text),
      field: z.optional(text),
      timeoutMs: z.optional(duration),
    }),
    ({ appRole, kubernetes, ...options }, { at }) =>
      lazyStore(
        'vault',
        async () =>
          (await import('./vault.js')).vaultStore({
            ...withPaths(options, ['tokenFile'], at),
            ...(appRole !== undefined && {
              appRole: withPaths(appRole as Given<typeof appRole>, ['secretIdFile'], at),
            }),
            ...(kubernetes !== undefined && {
              kubernetes: withPaths(kubernetes as Given<typeof kubernetes>, ['jwtFile'], at),
            }),
          }),
        true,
      ),
  ),
  keychain: kind(closedObject({ service: z.optional(text) }), (options) =>
    lazyStore('keychain', async () => (await import('./keychain.js')).keychainStore(options), true),
  ),
  'aws-secrets-manager': kind(
    closedObject({ region: z.optional(text), endpoint: z.optional(text), field: z.optional(text) }),
    (options) =>
      lazyStore('aws-secrets-manager', async () =>
        (await import('./aws-secrets-manager.js')).awsSecretsManagerStore(options),
      ),
  ),
  'gcp-secret-manager': kind(
    closedObject({ project: text, endpoint: z.optional(text), field: z.optional(text) }),
    (options) =>
      lazyStore('gcp-secret-manager', async () =>
        (await import('./gcp-secret-manager.js')).gcpSecretManagerStore(options),
      ),
  ),
  'azure-key-vault': kind(closedObject({ endpoint: text, field: z.optional(text) }), (options) =>
    lazyStore('azure-key-vault', async () => (await import('./azure-key-vault.js')).azureKeyVaultStore(options)),
  ),
  'onepassword-connect': kind(
    closedObject({ endpoint: text, tokenFile: text, vault: z.optional(text), field: z.optional(text) }),
    (options, { at }) =>
      lazyStore('onepassword-connect', async () =>
        (await import('./onepassword-connect.js')).onePasswordConnectStore(withPaths(options, ['tokenFile'], at)),
      ),
  ),
  chain: kind(
    closedObject({
      stores: z.array(text).check(z.minLength(1)),
      onFailure: z.optional(z.enum(['stop', 'continue'])),
    }),
    ({ stores, ...options }, { named }) => chainStores(stores.map(named), options),
  ),
  directory: kind(closedObject({ path: text }), (options, { at }) =>
    lazyStore('directory', async () => (await import('./directory.js')).directoryStore({ path: at(options.path) })),
  ),
};

/** What each kind takes, beside `kind` itself. */
export function storeOptions(): Record<string, z.ZodMiniType> {
  return Object.fromEntries(Object.entries(kinds).map(([name, { options }]) => [name, options]));
}

export type StoreDefinition = { kind: string } & Record<string, unknown>;

/**
 * Makes the stores that a config file describes. Beyond the file, the environment and chains, the module of a store is loaded
 * at its first use.
 *
 * @param where The path of the file, for errors.
 * @throws ClavigerError `ERR_CONFIG_INVALID` for an unknown kind or option; no inline secrets
 */
export function openStores(
  definitions: Readonly<Record<string, StoreDefinition>>,
  directory: string,
  where: string,
  ask?: AskPassphrase,
): Record<string, Store> {
  const stores: Record<string, Store> = {};
  const entries = Object.entries(definitions);
  // Chains come last: they are made of the others.
  const isChain = ([, definition]: [string, StoreDefinition]) => definition.kind === 'chain';
  for (const [name, definition] of [...entries.filter((entry) => !isChain(entry)), ...entries.filter(isChain)]) {
    const path = `${where}: stores.${name}`;
    const named = (other: string): Store => {
      const found = Object.hasOwn(stores, other) ? stores[other] : undefined;
      if (found !== undefined) return found;
      const message = `no store that a chain could take is named "${other}"${didYouMean(other, Object.keys(stores))}`;
      throw invalid(path, [{ path: 'stores', message }]);
    };
    stores[name] = openStore(definition, path, { at: (file) => resolve(directory, file), ask, named });
  }
  return stores;
}

function openStore({ kind: name, ...given }: StoreDefinition, where: string, opening: Opening): Store {
  const known = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (known === undefined) {
    const message = `no store is of kind "${name}"${didYouMean(name, Object.keys(kinds))}`;
    throw invalid(where, [{ path: 'kind', message }]);
  }
  const result = z.safeParse(known.options, given);
  if (result.success) return known.open(result.data as never, opening);
  const issues = result.error.issues.map(({ path, message }) => ({
    path: path.join('.'),
    message: message.replace(/^Invalid input: /, ''),
  }));
  throw invalid(where, issues);
}

/** The options with those that are paths, relative to the config file, made absolute. */
function withPaths<Options extends object>(options: Options, names: (keyof Options)[], at: Opening['at']): Options {
  const changed = { ...options };
  for (const name of names) {
    const path = changed[name];
    if (typeof path === 'string') changed[name] = at(path) as Options[typeof name];
  }
  return changed;
}

function invalid(where: string, found: readonly Issue[]): ClavigerError {
  const [base = where] = where.split(': ').slice(-1);
  const pathIn = (prefix: string, path: string) => (path === '' ? prefix : `${prefix}.${path}`);
  return new ClavigerError(
    'ERR_CONFIG_INVALID',
    found.map(({ path, message }) => `${pathIn(where, path)}: ${message}`).join('; '),
    { issues: found.map(({ path, message }) => ({ path: pathIn(base, path), message })) },
  );
}
