import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';
import { storeError } from './store-error.js';

// Windows lacks both. Without the second, opening a pipe would wait for somebody to write to it.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants> & { O_RDONLY: number };

/** What a private file holds, and which state of it that was. */
export interface PrivateFile {
  readonly bytes: Buffer;
  readonly stats: BigIntStats;
}

/**
 * Reads a file that nobody but its owner, this user, can read or write. What is checked is what is read: the open file.
 *
 * @param store The file store on whose behalf; named in errors.
 * @throws {@link ClavigerError} `ERR_STORE_PERMISSIONS`; system errors as they are.
 */
export async function readPrivateFile(
  store: string,
  path: string,
  { followLinks = false }: { followLinks?: boolean } = {},
): Promise<PrivateFile> {
  const file = await open(path, O_RDONLY | O_NONBLOCK | (followLinks ? 0 : O_NOFOLLOW));
  try {
    const stats = await file.stat({ bigint: true });
    assertPrivate(store, path, stats);
    return { bytes: await file.readFile(), stats };
  } finally {
    await file.close();
  }
}

/** @throws {@link ClavigerError} `ERR_STORE_PERMISSIONS` unless it is a plain file of this user with no mode bits for others. */
export function assertPrivate(store: string, path: string, stats: BigIntStats): void {
  const refuse = (what: string): never => {
    throw storeError('ERR_STORE_PERMISSIONS', store, `${path} ${what}`);
  };
  if (stats.isSymbolicLink()) refuse('is a symbolic link: give the path of the file itself');
  if (!stats.isFile()) refuse('is not a plain file');
  const user = process.getuid?.();
  if (user === undefined) return; // Windows: access lists, which mode bits don't tell
  if (stats.uid !== BigInt(user)) refuse(`belongs to another user (uid ${String(stats.uid)}): chown it`);
  if ((stats.mode & 0o077n) !== 0n) refuse('can be reached by other users: chmod 600 it');
}
