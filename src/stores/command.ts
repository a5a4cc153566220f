import { runHelper } from './command/run-helper.js';
import { lookupName } from './record.js';
import { onlyVersion, secretIn, textOf } from './read-only.js';
import type { Store } from './store.js';
import { assertKnownOptions, refuseOptions, storeFailure } from './store-failure.js';

export { commandPresets } from './command/presets.js';
export type { CommandPreset } from './command/presets.js';

export interface CommandStoreOptions {
  /** The program: a path, or a name to be looked for in `PATH`. It is started as it is, never through a shell. */
  command: string;
  /** Its arguments; `{name}` in them becomes the name that is asked for. */
  args?: readonly string[];
  /** Takes the first line of what it prints as the secret, where the others are notes, as with `pass`; default false. */
  firstLineOnly?: boolean;
  /** After this it counts as unavailable and is ended; default 30 000. A person may be asked to unlock something. */
  timeoutMs?: number;
  cwd?: string;
  /** Its environment, less our own `CLAVIGER_*`; default `process.env`. */
  env?: Record<string, string | undefined>;
}

/**
 * A store behind a program that prints one secret: `op read`, `pass show`, `gh auth token`. Read only; it can't be listed.
 *
 * - What it prints, less exactly one final newline, is the secret; printing nothing means "not here". A program that
 *   says so by its exit code counts as unavailable: the code alone can't be told from a failure.
 * - The secret of an account is asked for by the name `github@alice`. A command line without `{name}` has none.
 * - A name that starts with `-`, which a program could take for an option, is not here.
 *
 * @throws `ClavigerError` `ERR_CONFIG_INVALID` for options that can't work. `get`: `ERR_STORE_UNAVAILABLE` for any exit code but
 * 0 and when it takes too long, `ERR_SECRET_INVALID` for several lines. Command line and output are in no error.
 *
 * @example
 * const store = commandStore({ command: 'op', args: ['read', 'op://dev/{name}/credential'] });
 * const same = commandStore(commandPresets.op({ vault: 'dev' }));
 */
export function commandStore(options: CommandStoreOptions): Store {
  assertKnownOptions('command', options, ['command', 'args', 'firstLineOnly', 'timeoutMs', 'cwd', 'env']);
  const { command, args = [], firstLineOnly = false, timeoutMs = 30_000, cwd, env } = options;
  if (typeof command !== 'string' || command === '')
    refuseOptions('command', 'command must be the path or name of a program');
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) {
    refuseOptions('command', 'args must be a list of strings: there is no shell that would take a line apart');
  }
  if ([command, ...args].some((part) => part.includes('\0'))) refuseOptions('command', 'NUL in a command line');
  if (!(timeoutMs > 0)) refuseOptions('command', 'timeoutMs must be a positive number');
  const isNamed = args.some((arg) => arg.includes('{name}'));

  return {
    kind: 'command',

    async get(name, { account, version, signal } = {}) {
      signal?.throwIfAborted();
      const full = lookupName(name, account);
      if (full === undefined || full.startsWith('-') || full.includes('\0')) return undefined;
      if (account !== undefined && !isNamed) return undefined;
      const call = { command, args: args.map((arg) => arg.replaceAll('{name}', () => full)), cwd, timeoutMs, signal };
      const text = textOf(await runHelper({ ...call, env: withoutOurs(env ?? process.env) }));
      if (text === undefined)
        throw storeFailure('ERR_STORE_UNAVAILABLE', 'command', 'the helper did not print UTF-8 text');
      const value = firstLineOnly ? (/^[^\r\n]*/.exec(text)?.[0] ?? '') : text;
      return value === '' ? undefined : onlyVersion(secretIn('command', name, value), version);
    },

    async list() {
      return [];
    },
  };
}

/** The ways to unlock our own store are nobody else's business. */
function withoutOurs(env: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^CLAVIGER_/i.test(name)));
}
