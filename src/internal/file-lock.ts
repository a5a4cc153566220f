import { randomBytes } from 'node:crypto';
import { link, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ClavigerError } from '../errors.js';
import { abortable } from './abortable.js';
import { isAlive, ownIdentity } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';

export interface FileLockOptions {
  /** How long to wait for other processes; default 10 000. Waiting in line inside this process does not count. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

export interface FileLock {
  /** Rejects with `ERR_STORE_UNAVAILABLE` if somebody took the lock for dead and went on. */
  assertHeld(): Promise<void>;
}

interface LockRecord extends ProcessIdentity {
  readonly token: string;
}

/** Past this age the lock of a process that can't be asked about, as in another container, counts as left behind. */
const FOREIGN_MS = 30_000;

/** The last in line for each path, in this process. */
const lines = new Map<string, Promise<unknown>>();

/**
 * Runs `work` while no other process, and nobody else in this one, holds the lock file at `path`.
 *
 * The lock file appears whole, by link(2), and names its process. A dead holder's lock is taken over at once. Only who holds
 * the lock on *that takeover* (`PATH.steal-TOKEN`) may remove the dead record, so a live lock is never removed.
 *
 * @throws {@link ClavigerError} `ERR_STORE_UNAVAILABLE` when the holder lives and keeps it past `timeoutMs`.
 */
export async function withFileLock<T>(
  path: string,
  work: (lock: FileLock) => Promise<T>,
  options: FileLockOptions = {},
): Promise<T> {
  const key = resolve(path);
  const before = lines.get(key) ?? Promise.resolve();
  const turn = before.then(() => lockedRun(key, work, options));
  const end = turn.then(
    () => undefined,
    () => undefined,
  );
  lines.set(key, end);
  void end.then(() => {
    if (lines.get(key) === end) lines.delete(key);
  });
  return abortable(turn, options.signal);
}

/** Whether there is a lock at `path` whose holder is dead. */
export async function isLockLeftBehind(path: string): Promise<boolean> {
  const found = await readRecord(path);
  return found !== undefined && isDead(path, found);
}

async function lockedRun<T>(path: string, work: (lock: FileLock) => Promise<T>, options: FileLockOptions): Promise<T> {
  const token = await acquire(path, options);
  try {
    await sweep(path);
    return await work({ assertHeld: () => assertHeld(path, token) });
  } finally {
    if ((await readRecord(path))?.token === token) await rm(path, { force: true });
  }
}

async function acquire(path: string, { timeoutMs = 10_000, signal }: FileLockOptions): Promise<string> {
  signal?.throwIfAborted();
  const token = randomBytes(8).toString('hex');
  const record = spellRecord({ token, ...ownIdentity() });
  const candidate = `${path}.${record}.candidate`;
  const deadline = performance.now() + timeoutMs;
  try {
    await writeFile(candidate, record, { mode: 0o600, flag: 'wx' });
    for (let pauseMs = 1; !(await linked(candidate, path)); pauseMs = Math.min(pauseMs * 2, 20)) {
      if (performance.now() > deadline) throw heldByAnother(path);
      if (await removeDead(path, timeoutMs)) continue;
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  } catch (error) {
    signal?.throwIfAborted(); // with the caller's reason instead of the timer's own error
    throw error;
  } finally {
    await rm(candidate, { force: true }).catch(() => undefined); // the next holder sweeps; a lock we have must not be lost
  }
  return token;
}

async function linked(candidate: string, path: string): Promise<boolean> {
  try {
    await link(candidate, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the lock if its holder is dead; true if another attempt to take it is worth while at once. */
async function removeDead(path: string, timeoutMs: number): Promise<boolean> {
  const found = await readRecord(path);
  if (found === undefined) return true;
  if (!(await isDead(path, found))) return false;
  await withFileLock(
    `${path}.steal-${found.token}`,
    async () => {
      // It may be another's by now, and alive. Nobody but us can remove the one that was found dead.
      if ((await readRecord(path))?.token === found.token) await rm(path, { force: true });
    },
    { timeoutMs },
  );
  return true;
}

async function isDead(path: string, record: LockRecord): Promise<boolean> {
  const alive = isAlive(record);
  if (alive !== undefined) return !alive;
  try {
    return Date.now() - (await stat(path)).mtimeMs > FOREIGN_MS;
  } catch {
    return false; // gone in this moment: the next attempt will see
  }
}

async function readRecord(path: string): Promise<LockRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return parseRecord(text) ?? { token: 'unreadable', pid: 0, start: '', realm: '' };
}

/** The text of a record: what the lock file holds, and part of the name of each file that is to become one. */
function spellRecord({ token, pid, start, realm }: LockRecord): string {
  return [token, pid, start, realm].join('-');
}

function parseRecord(text: string): LockRecord | undefined {
  const [, token, pid, start, realm] = /^([0-9a-f]{16})-(\d+)-(\d*)-([0-9a-f]{16})$/.exec(text) ?? [];
  if (token === undefined || start === undefined || realm === undefined) return undefined;
  return { token, pid: Number(pid), start, realm };
}

async function assertHeld(path: string, token: string): Promise<void> {
  if ((await readRecord(path))?.token === token) return;
  throw new ClavigerError('ERR_STORE_UNAVAILABLE', `lost the lock ${path} while writing: try again`);
}

/**
 * Removes what processes left behind that died while they waited or took over. Only for who holds the lock: the takeover
 * of any other holder means nothing any more.
 */
async function sweep(path: string): Promise<void> {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(directory)) {
    const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    const left = join(directory, name);
    const candidate = /(?:^|\.)([^.]+)\.candidate$/.exec(rest)?.[1];
    // A candidate's name tells whose it is, even of one that died before there was anything in it.
    const record = candidate ? parseRecord(candidate) : /^steal-\w+$/.test(rest) ? await readRecord(left) : undefined;
    if (record !== undefined && (await isDead(left, record))) await rm(left, { force: true });
  }
}

function heldByAnother(path: string): ClavigerError {
  return new ClavigerError(
    'ERR_STORE_UNAVAILABLE',
    `another process holds the lock ${path}: try again when it is done`,
  );
}
