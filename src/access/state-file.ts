import { constants, type BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';
import { ClavigerError, findClavigerError, safeCause, type ErrorCode } from '../errors.js';

export type StateFile = BigIntStats;

// Windows lacks both. Without the second, opening a pipe would wait for somebody to write to it.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants> & { O_RDONLY: number };

/** A private file and which state of it that was; undefined while there is none. */
export async function readStateFile(path: string): Promise<{ text: string; stats: StateFile } | undefined> {
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stats = await file.stat({ bigint: true });
      assertPrivate(path, stats);
      return { text: await file.readFile('utf8'), stats };
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw systemError(path, 'read it', error);
  }
}

export function isSameFile(a: StateFile | undefined, b: StateFile): boolean {
  return a?.ino === b.ino && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.size === b.size && a.dev === b.dev;
}

export function stateError(code: ErrorCode, path: string, what: string, cause?: unknown): ClavigerError {
  return new ClavigerError(code, `access state ${path}: ${what}`, { store: 'access state', cause });
}

/** What a failed system call means: not allowed, or not possible now. Never "nothing was revoked". */
export function systemError(path: string, action: string, error: unknown): ClavigerError {
  const known = findClavigerError(error);
  if (known !== undefined) return known;
  const { code } = error as NodeJS.ErrnoException;
  const isDenied = code === 'EACCES' || code === 'EPERM' || code === 'ELOOP';
  const what = `can't ${action} (${code ?? 'unknown error'})${isDenied ? ': check who owns it and its mode' : ''}`;
  return stateError(isDenied ? 'ERR_STORE_PERMISSIONS' : 'ERR_STORE_UNAVAILABLE', path, what, safeCause(error));
}

function assertPrivate(path: string, stats: StateFile): void {
  const refuse = (what: string): never => {
    throw stateError('ERR_STORE_PERMISSIONS', path, what);
  };
  if (!stats.isFile()) refuse('it is not a plain file');
  const user = process.getuid?.();
  if (user === undefined) return; // Windows: access lists, which mode bits don't tell
  if (stats.uid !== BigInt(user)) refuse(`it belongs to another user (uid ${String(stats.uid)}): chown it`);
  if ((stats.mode & 0o077n) !== 0n) refuse('it can be reached by other users: chmod 600 it');
}
