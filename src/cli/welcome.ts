import { findClavigerError } from '../errors.js';
import { discoverConfig, userConfigPath, type FoundConfig, type LoadedConfig } from '../index.js';
import { styled } from './colour.js';
import { exitCodes } from './command-error.js';
import { openConfig } from './configuration.js';
import type { Context } from './context.js';
import { homePath } from './home-path.js';
import { isOwnContainer } from './store-secret.js';
import type { Terminal } from './terminal.js';
import { verbs } from './verbs.js';
import { wrap } from './wrap.js';

/** A command to go on with, and what it does. */
type Step = readonly [line: string, what: string];

/** How many names are said before the rest is counted. */
const MOST_NAMES = 12;

/**
 * Said when nothing was asked for: on a new machine what this is and what to do first, else how things stand and what comes
 * next. It unlocks nothing and asks nobody.
 */
export async function welcome(context: Context): Promise<number> {
  const file = discoverConfig(context);
  let loaded: LoadedConfig;
  try {
    loaded = await openConfig(context, { ask: false });
  } catch (error) {
    return notUsable(context, file, error);
  }
  const stores = await Promise.all(Object.entries(loaded.options.stores).map(describeStore));
  const isNew = file === undefined && stores.every(({ exists }) => !exists);
  const providers = loaded.options.providers.map(({ name }) => name);
  const next = isNew ? firstSteps() : nextSteps(providers);
  const { terminal, json, env } = context;
  if (json) {
    terminal.answerJson({
      config: file === undefined ? null : { ...file, trusted: true },
      stores: stores.map(({ name, kind, exists, protection }) => ({ name, kind, exists, protection })),
      providers,
      next: next.map(([command, what]) => ({ command, what })),
    });
    return exitCodes.ok;
  }
  if (isNew) greet(terminal);
  else status(terminal, file, env, stores, providers);
  say(terminal, next);
  return exitCodes.ok;
}

interface StoreLine {
  readonly name: string;
  readonly kind: string;
  /** False for one of our own that has not been made yet. */
  readonly exists: boolean;
  readonly protection?: string;
}

async function describeStore([name, store]: [string, LoadedConfig['options']['stores'][string]]): Promise<StoreLine> {
  const { kind } = store;
  if (!isOwnContainer(store)) return { name, kind, exists: true };
  const exists = await store.exists();
  const { kind: protection } = await store.protection().catch(() => ({ kind: 'unreadable' }));
  return { name, kind, exists, protection };
}

function greet(terminal: Terminal): void {
  terminal.answer('claviger carries API keys to the tools that need them, so that nobody else holds them.');
  terminal.answer();
  terminal.answer('Nothing is set up on this machine yet. Start with one of these:');
}

const protections: Readonly<Record<string, string>> = {
  generated: 'encrypted, its key in a file beside it',
  'key-file': 'encrypted under a key file',
  passphrase: 'encrypted under a passphrase',
  keychain: 'encrypted, its key in the keychain',
  'master-key': 'encrypted under a key that is handed over',
  unreadable: "can't be read",
};

function status(
  terminal: Terminal,
  file: FoundConfig | undefined,
  env: NodeJS.ProcessEnv,
  stores: readonly StoreLine[],
  providers: readonly string[],
): void {
  const whose = { named: 'as told', environment: 'from CLAVIGER_CONFIG', project: "this project's", user: 'your own' };
  const config =
    file === undefined
      ? `none yet: ${homePath(userConfigPath(env), env)}`
      : `${homePath(file.path, env)} (${whose[file.found]})`;
  row(terminal, 'config', config);
  stores.forEach(({ name, kind, exists, protection }, index) => {
    const how = exists
      ? protection === undefined
        ? kind
        : `${kind}, ${protections[protection] ?? protection}`
      : `${kind}, not made yet`;
    row(terminal, index === 0 ? 'stores' : '', `${name} (${how})`);
  });
  const named = providers.slice(0, MOST_NAMES).join(', ');
  const more = providers.length > MOST_NAMES ? ` and ${providers.length - MOST_NAMES} more` : '';
  row(terminal, 'providers', providers.length === 0 ? 'none yet' : named + more);
  terminal.answer();
  terminal.answer([styled('bold', 'Next:')]);
}

function row(terminal: Terminal, label: string, text: string): void {
  const [first = '', ...rest] = wrap(text, terminal.width - 11).split('\n');
  terminal.answer([styled('bold', label.padEnd(11)), first]);
  for (const line of rest) terminal.answer(' '.repeat(11) + line);
}

function firstSteps(): Step[] {
  return steps([
    ['claviger init', 'make the encrypted store; then: claviger add github'],
    ['claviger mcp import --dry-run', "show the plaintext keys in your MCP clients' settings; changes nothing"],
    [
      'claviger run --env github -- gh pr list',
      'run a command with a stored key; or: claviger fetch /user --as github',
    ],
    ['claviger --help', 'all commands'],
  ]);
}

function nextSteps([first]: readonly string[]): Step[] {
  const one = first ?? 'github';
  return steps([
    ...(first === undefined ? ([['claviger add github', 'define a provider and store its key']] as const) : []),
    ['claviger ls', 'what is stored'],
    [`claviger run --env ${one} -- <command>`, `run a command with the key of ${one}`],
    [`claviger fetch <path> --as ${one}`, 'call its API'],
    ['claviger doctor', 'whether all of it works'],
    ['claviger --help', 'all commands'],
  ]);
}

/** Those whose command there is. */
function steps(all: readonly Step[]): Step[] {
  const known = Object.keys(verbs);
  return all.filter(([line]) => line.endsWith('--help') || known.some((verb) => line.startsWith(`claviger ${verb}`)));
}

function say(terminal: Terminal, all: readonly Step[]): void {
  const column = Math.max(...all.map(([line]) => line.length));
  for (const [line, what] of all) terminal.answer(`  ${line.padEnd(column)}  ${what}`);
}

/** The config file is there and not used: whose it is, why, and what to do about it. */
function notUsable({ terminal, json, env }: Context, file: FoundConfig | undefined, error: unknown): number {
  const own = findClavigerError(error);
  if (own === undefined || file === undefined) throw error;
  const isUntrusted = own.code === 'ERR_CONFIG_UNTRUSTED';
  if (json) {
    const { code, message } = own;
    terminal.answerJson({ config: { ...file, trusted: !isUntrusted }, error: { code, message } });
  } else {
    row(terminal, 'config', homePath(file.path, env));
    row(terminal, '', isUntrusted ? 'it came with this project, and nobody has trusted it yet as it is' : own.message);
    terminal.answer();
    terminal.answer([styled('bold', 'Next:')]);
    say(
      terminal,
      isUntrusted
        ? [
            ['claviger trust', 'show the file, and trust it once you have read it'],
            ['claviger --help', 'all commands'],
          ]
        : [['claviger config path', 'the file to mend']],
    );
  }
  // Nothing was asked for that had to be refused.
  return isUntrusted ? exitCodes.ok : exitCodes.failure;
}
