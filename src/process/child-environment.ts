import { ClavigerError } from '../errors.js';
import { isVariableName, variableNameProblem } from '../placement/variable-name.js';

/** The variables of a process: names and values. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What `sudo` passes on, and after it the official MCP SDK. Pinned here, so that no update of the SDK widens it unseen. */
const safeNames = ['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER'];

const safeNamesOnWindows = [
  'APPDATA',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATH',
  'PROCESSOR_ARCHITECTURE',
  'PROGRAMFILES',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'USERNAME',
  'USERPROFILE',
];

const ownPrefix = 'CLAVIGER_';

/** Everything that our own environment holds but our own settings, which may name what unlocks the store. */
export function inheritedEnvironment(env: Environment = process.env): Record<string, string> {
  return pick(env, (name) => isVariableName(name) && !name.toUpperCase().startsWith(ownPrefix));
}

/**
 * The six variables (twelve on Windows) that a child gets when it inherits nothing else. A value that starts with `()` is a
 * shell function in disguise and stays behind.
 */
export function safeEnvironment(env: Environment = process.env, platform = process.platform): Record<string, string> {
  const onWindows = platform === 'win32';
  const names = new Set(onWindows ? safeNamesOnWindows : safeNames);
  return pick(env, (name, value) => names.has(onWindows ? name.toUpperCase() : name) && !value.startsWith('()'));
}

/**
 * One environment out of several, later ones winning: `mergeEnvironment([inherited, declared, injected])`. On Windows names
 * that differ in case only are the same variable.
 *
 * @throws {@link ClavigerError} `ERR_PLACEMENT_INVALID` for a name or a value that no environment can hold; the value is not
 * in the message.
 */
export function mergeEnvironment(layers: readonly Environment[], platform = process.platform): Record<string, string> {
  const variables = new Map<string, readonly [name: string, value: string]>();
  for (const [name, value] of layers.flatMap((layer) => Object.entries(layer))) {
    if (value === undefined) continue;
    assertVariable(name, value);
    variables.set(platform === 'win32' ? name.toUpperCase() : name, [name, value]);
  }
  return Object.fromEntries(variables.values());
}

function assertVariable(name: string, value: string): void {
  const problem = variableNameProblem(name) ?? (value.includes('\0') ? `the value of ${name} contains NUL` : undefined);
  if (problem !== undefined) throw new ClavigerError('ERR_PLACEMENT_INVALID', problem);
}

function pick(env: Environment, keep: (name: string, value: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && keep(entry[0], entry[1]),
    ),
  );
}
