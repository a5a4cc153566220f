import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { ClavigerError } from '../errors.js';
import { lookupName } from './record.js';
import { marksOf, watchByPolling } from './watch.js';
import { onlyVersion, secretIn, textOf } from './read-only.js';
import type { Store, StoredSecret, StoredSecretInfo } from './store.js';
import { assertKnownOptions, refuseOptions, storeFailure } from './store-failure.js';

export interface DirectoryStoreOptions {
  /** One file for each secret, named for it. */
  path: string;
}

/** Nobody mounts a longer secret. */
const MOST_BYTES = 1_048_576;
/** How often a file is looked for anew that went away under our hands, as when a mount is swapped. */
const ATTEMPTS = 3;

// Windows lacks both. Without the second, opening a pipe would wait for somebody to write to it.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants> & { O_RDONLY: number };

/**
 * A store over a directory of files, one for each secret, as Kubernetes, Docker and systemd mount them. Read only.
 *
 * - Each read looks at the directory anew, so that a swapped link, by which Kubernetes puts new versions in place, counts at
 *   once. A link that leads out of the directory is refused.
 * - A file must belong to this user or to root and not be writable by others. That others may read it is not judged: mounts
 *   are made readable for the one user of a container.
 * - The value is the file less exactly one final newline. An empty file, one of several lines or over 1 MiB is
 *   `ERR_SECRET_INVALID`. The secret of an account is in the file `github@alice`.
 *
 * @throws `ClavigerError` `ERR_STORE_UNAVAILABLE` when the directory is not there or can't be read, `ERR_STORE_PERMISSIONS`
 *
 * @example
 * const store = directoryStore({ path: '/run/secrets' });
 */
export function directoryStore(options: DirectoryStoreOptions): Store {
  assertKnownOptions('directory', options, ['path']);
  if (typeof options.path !== 'string' || options.path === '' || options.path.includes('\0')) {
    refuseOptions('directory', 'path must be the path of a directory');
  }
  const path = resolve(options.path);

  const list: Store['list'] = async () => {
    const root = await rootOf(path);
    const names = (await readdir(root).catch((error: unknown) => failed(`can't list ${path}`, error))).filter(
      isFileName,
    );
    const found = await Promise.all(names.map((name) => infoIn(path, root, name)));
    return found.filter((info) => info !== undefined);
  };

  return {
    kind: 'directory',
    list,
    watch: (onChange) => watchByPolling(async () => marksOf(await list()), onChange),

    async get(name, { account, version, signal } = {}) {
      signal?.throwIfAborted();
      const file = lookupName(name, account);
      const root = await rootOf(path);
      signal?.throwIfAborted();
      const found = file === undefined || !isFileName(file) ? undefined : await readIn(path, root, file);
      signal?.throwIfAborted();
      return found && onlyVersion(found.secret, version);
    },
  };
}

/** No path, and none of the names that mounts use for themselves, such as `..data`. */
function isFileName(name: string): boolean {
  return !name.startsWith('..') && name !== '.' && !/[/\\\0]/.test(name);
}

/** The directory itself; that it is not there is never "not here". */
async function rootOf(path: string): Promise<string> {
  try {
    const root = await realpath(path);
    assertDirectory(path, await stat(root));
    return root;
  } catch (error) {
    return failed(`can't open ${path}`, error);
  }
}

async function readIn(path: string, root: string, name: string): Promise<StoredSecret | undefined> {
  const shown = join(path, name);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const target = await targetOf(shown, root, name);
    const bytes = target === undefined ? undefined : await readTarget(shown, target);
    if (bytes !== undefined) {
      const text = textOf(bytes);
      if (text === undefined) throw storeFailure('ERR_SECRET_INVALID', 'directory', `${shown} is not UTF-8 text`);
      return onlyVersion(secretIn('directory', name, text), undefined);
    }
    if (!(await stands(join(root, name)))) return undefined;
  }
  throw storeFailure('ERR_STORE_UNAVAILABLE', 'directory', `${shown} is a link that leads nowhere`);
}

/** Whether there is an entry of that name, wherever it leads: a mount may have been swapped while it was followed. */
async function stands(entry: string): Promise<boolean> {
  return lstat(entry).then(
    () => true,
    () => false,
  );
}

/** Where a name leads to; undefined where there is no such file. */
async function targetOf(shown: string, root: string, name: string): Promise<string | undefined> {
  let target: string;
  try {
    target = await realpath(join(root, name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENAMETOOLONG') return undefined;
    return failed(`can't look at ${shown}`, error);
  }
  if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw storeFailure('ERR_STORE_PERMISSIONS', 'directory', `${shown} is a link that leaves the directory`);
  }
  const folder = dirname(target);
  if (folder !== root) {
    const stats = await stat(folder).catch(() => undefined);
    if (stats !== undefined) assertDirectory(folder, stats);
  }
  return target;
}

/** Undefined if it went away since it was found. What is checked is what is read: the open file. */
async function readTarget(shown: string, target: string): Promise<Buffer | undefined> {
  const file = await open(target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ELOOP' ? undefined : failed(`can't read ${shown}`, error);
  });
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw storeFailure('ERR_STORE_UNAVAILABLE', 'directory', `${shown} is not a plain file`);
    assertOwned(shown, stats);
    if ((stats.mode & 0o022) !== 0 && process.platform !== 'win32') {
      throw storeFailure('ERR_STORE_PERMISSIONS', 'directory', `${shown} can be written by other users: chmod go-w it`);
    }
    if (stats.size > MOST_BYTES) {
      throw storeFailure(
        'ERR_SECRET_INVALID',
        'directory',
        `${shown} has more than ${MOST_BYTES} bytes: that is no secret`,
      );
    }
    const bytes = Buffer.alloc(Math.max(stats.size, 4096) + 1); // one that grows meanwhile is not read without end
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof ClavigerError) throw error;
    return failed(`can't read ${shown}`, error);
  } finally {
    await file.close();
  }
}

/** Who can write a directory can put other files in place; the sticky bit of a tmpfs leaves that to their owners. */
function assertDirectory(path: string, stats: Stats): void {
  if (!stats.isDirectory()) throw storeFailure('ERR_STORE_UNAVAILABLE', 'directory', `${path} is not a directory`);
  if (process.platform === 'win32') return;
  assertOwned(path, stats);
  if ((stats.mode & 0o022) !== 0 && (stats.mode & 0o1000) === 0) {
    throw storeFailure('ERR_STORE_PERMISSIONS', 'directory', `${path} can be written by other users: chmod go-w it`);
  }
}

function assertOwned(path: string, { uid }: Stats): void {
  const user = process.getuid?.();
  if (user === undefined || uid === user || uid === 0) return;
  throw storeFailure('ERR_STORE_PERMISSIONS', 'directory', `${path} belongs to another user (uid ${uid}): chown it`);
}

/** A file that can't be used must not keep the others from being listed. */
async function infoIn(path: string, root: string, name: string): Promise<StoredSecretInfo | undefined> {
  const found = await readIn(path, root, name).catch(() => undefined);
  if (found === undefined) return undefined;
  const { secret, ...info } = found;
  return { name, ...info, fingerprint: secret.fingerprint() };
}

function failed(what: string, error: unknown): never {
  if (error instanceof ClavigerError) throw error;
  const { code } = error as NodeJS.ErrnoException;
  const denied = code === 'EACCES' || code === 'EPERM';
  const text = `${what} (${code ?? 'unknown error'})`;
  throw storeFailure(denied ? 'ERR_STORE_PERMISSIONS' : 'ERR_STORE_UNAVAILABLE', 'directory', text, error);
}
