import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Whether a program that a test needs is on the PATH. Where `CLAVIGER_REQUIRE_ALL` is set, as in CI, a missing one is an
 * error, so that nothing is skipped in silence there.
 *
 * @example
 * describe.skipIf(!needs('redis-server'))('quotas in Redis', () => { … });
 */
export function needs(program: string): boolean {
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => isExecutable(join(folder, program)));
  return needed(`${program} on the PATH`, found);
}

/** The same for what is no program, such as a library: whether a program that uses it ends well. */
export function needsLibrary(name: string, program: string, ...args: string[]): boolean {
  return needed(name, spawnSync(program, args, { stdio: 'ignore', timeout: 20_000 }).status === 0);
}

function needed(what: string, found: boolean): boolean {
  if (!found && process.env['CLAVIGER_REQUIRE_ALL'] === '1') {
    throw new Error(`these tests need ${what}: install it, or unset CLAVIGER_REQUIRE_ALL`);
  }
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
