import { createHash } from 'node:crypto';
import { mkdir, open, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeFileAtomic } from '../internal/atomic-write.js';
import { withFileLock } from '../internal/file-lock.js';
import { clavigerHome } from '../internal/home.js';
import { CommandError, fileError } from './command-error.js';

/** One file with the content that was trusted. */
interface TrustRecord {
  readonly path: string;
  readonly sha256: string;
  readonly time: string;
}

type Environment = NodeJS.ProcessEnv;

/** What `trusted` of `loadConfig` asks: that very path with that very content. */
export async function isTrusted(env: Environment, file: { path: string; sha256: string }): Promise<boolean> {
  const path = await recordedPath(file.path);
  return (await readRecords(trustFile(env))).some((record) => record.path === path && record.sha256 === file.sha256);
}

/** Records a file with its content, in place of what was recorded for that path. */
export async function recordTrust(env: Environment, file: { path: string; text: string }): Promise<TrustRecord> {
  const recordsPath = trustFile(env);
  const record = { path: await recordedPath(file.path), sha256: sha256Of(file.text), time: new Date().toISOString() };
  try {
    await mkdir(dirname(recordsPath), { recursive: true, mode: 0o700 });
    await withFileLock(`${recordsPath}.lock`, async (lock) => {
      const others = (await readRecords(recordsPath)).filter(({ path }) => path !== record.path);
      const text = `${JSON.stringify({ schema: 1, trusted: [...others, record] }, undefined, 2)}\n`;
      await writeFileAtomic(recordsPath, text, { beforeCommit: () => lock.assertHeld() });
    });
  } catch (error) {
    throw fileError('write', recordsPath, error);
  }
  return record;
}

export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function trustFile(env: Environment): string {
  return join(clavigerHome(env), 'trust.json');
}

/** A link in the way to the file doesn't matter; one at its end does, since relative paths in it start from there. */
async function recordedPath(path: string): Promise<string> {
  return join(await realpath(dirname(path)), basename(path));
}

/** @throws CommandError when it is not this user's alone to write, or not readable: nobody's trust is dropped in silence */
async function readRecords(path: string): Promise<TrustRecord[]> {
  let text: string;
  try {
    text = await readOwnFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError('read', path, error);
  }
  try {
    const { trusted } = JSON.parse(text) as { trusted: TrustRecord[] };
    return trusted.filter((record) => typeof record.path === 'string' && typeof record.sha256 === 'string');
  } catch {
    throw new CommandError(`${path} is damaged: remove it and trust your projects anew`);
  }
}

async function readOwnFile(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { mode, uid } = await file.stat();
    const user = process.getuid?.();
    if (user !== undefined && (uid !== user || (mode & 0o022) !== 0)) {
      throw new CommandError(`${path} can be written by other users: chown or chmod 600 it after a look at it`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
