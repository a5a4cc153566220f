import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** A command line, and the mark that every process started from it carries. */
export interface MarkedCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The soft `RLIMIT_LOCKS` of the whole tree; `undefined` where no mark can be set. */
  readonly marker?: string;
}

const prlimitPaths = ['/usr/bin/prlimit', '/bin/prlimit'];

let prlimit: string | undefined;
let probed = false;

/**
 * Makes a command start with a mark that all its descendants inherit and that no daemon sheds: a random soft
 * `RLIMIT_LOCKS`, set by util-linux's `prlimit` just before it turns into the command.
 *
 * A process that forks twice and calls `setsid` keeps neither parent, group, session nor pipes, but it keeps its limits
 * through fork and exec. Linux has not enforced this limit since 2.4.25 (getrlimit(2)), so the value is free for us, and
 * the environment, which belongs to the caller, stays as it was.
 *
 * The command is returned unmarked where that can't be done: not Linux, no `prlimit`, a kernel that refuses it, or a
 * command that isn't there, so that the error of starting it is the usual one.
 */
export function markCommand(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): MarkedCommand {
  const wrapper = findPrlimit();
  if (wrapper === undefined || !canRun(command, env, cwd)) return { command, args };
  const marker = newMarker();
  return { command: wrapper, args: [`--locks=${marker}:`, '--', command, ...args], marker };
}

function newMarker(): string {
  return String(randomInt(2 ** 46, 2 ** 47));
}

function findPrlimit(): string | undefined {
  if (probed || process.platform !== 'linux') return prlimit;
  probed = true;
  const path = prlimitPaths.find(isExecutable);
  prlimit = path !== undefined && marks(path) ? path : undefined;
  return prlimit;
}

/** Tries it once: sandboxes such as gVisor refuse the limit, and then no child would start. */
function marks(path: string): boolean {
  const marker = newMarker();
  const probe = spawnSync(path, [`--locks=${marker}:`, '--', 'cat', '/proc/self/limits'], {
    env: { PATH: '/usr/bin:/bin' },
    encoding: 'latin1',
    timeout: 2000,
  });
  return probe.status === 0 && probe.stdout.includes(` ${marker} `);
}

/** Whether `execvp` would find the command: by its path, or in the PATH of the environment that the child gets. */
function canRun(command: string, env: Record<string, string>, cwd = '.'): boolean {
  if (command === '') return false;
  if (command.includes('/')) return isExecutable(resolve(cwd, command));
  const directories = (env['PATH'] ?? '/bin:/usr/bin').split(delimiter);
  return directories.some((directory) => isExecutable(resolve(cwd, directory, command)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
