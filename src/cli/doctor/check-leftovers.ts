import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isLockLeftBehind, withFileLock } from '../../internal/file-lock.js';
import { clavigerHome } from '../../internal/home.js';
import { homePath } from '../home-path.js';
import type { Check, Finding } from './check.js';

/** Nobody writes a file of ours for longer. */
const OLD_MS = 3_600_000;

/** Locks and half-written files that a crash has left behind. A writer takes care of its own; these had none since. */
export const checkLeftovers: Check = {
  name: 'leftovers',
  run: async ({ context: { env }, file }) => {
    const folders = new Set([clavigerHome(env), ...(file === undefined ? [] : [dirname(file.path)])]);
    const found = await Promise.all([...folders].map((folder) => leftoversIn(folder, env)));
    return found.flat();
  },
};

async function leftoversIn(folder: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(names.map((name) => judge(join(folder, name), name, env)));
  return found.filter((finding) => finding !== undefined);
}

async function judge(path: string, name: string, env: NodeJS.ProcessEnv): Promise<Finding | undefined> {
  const shown = homePath(path, env);
  const finding = { name: 'leftovers', status: 'warn', fix: 'claviger doctor --fix' } as const;
  if (name.endsWith('.lock') && (await isLockLeftBehind(path).catch(() => false))) {
    // Whoever takes the lock removes that of the dead, safely; and lets go of it.
    const mend = async () => {
      await withFileLock(path, async () => undefined, { timeoutMs: 2000 });
      return `removed ${shown}`;
    };
    return { ...finding, message: `${shown} is the lock of a process that is dead`, mend };
  }
  if (!/\.[0-9a-f]{16}\.tmp$/.test(name)) return undefined;
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined || Date.now() - stats.mtimeMs < OLD_MS) return undefined;
  const mend = async () => {
    await rm(path, { force: true });
    return `removed ${shown}`;
  };
  return { ...finding, message: `${shown} was left behind half-written`, mend };
}
