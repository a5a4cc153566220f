import { randomBytes } from 'node:crypto';
import { copyFile, link, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface AtomicWriteOptions {
  /** Default 0o600. */
  mode?: number;
  /** Where the file as it was before is kept; default nowhere. */
  backupPath?: string;
  /** Runs when everything is on the disk and only the rename is missing; a throw leaves the file as it was. */
  beforeCommit?: () => Promise<void>;
}

/**
 * Replaces a file whole: whoever reads it, or finds it after a crash at any moment, sees the old content or the new.
 *
 * Temporary file beside it, fsync, rename, fsync of the directory. When it resolves, the content is on the disk.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600, backupPath, beforeCommit }: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeDurably(temporary, content, mode);
    if (backupPath !== undefined) await keepBackup(path, backupPath);
    await beforeCommit?.();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes a file that must not be there yet, whole or not at all; `EEXIST` if it is. */
export async function createFileAtomic(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeDurably(temporary, content, mode);
    await link(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(dirname(path));
}

/** Removes what dead writers of this file left behind. Only for who alone may write it now. */
export async function sweepTemporaryFiles(path: string): Promise<void> {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(directory)) {
    if (name.startsWith(prefix) && /^[0-9a-f]{16}\.tmp$/.test(name.slice(prefix.length))) {
      await rm(join(directory, name), { force: true });
    }
  }
}

function temporaryName(path: string): string {
  return `${path}.${randomBytes(8).toString('hex')}.tmp`;
}

async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.chmod(mode); // as it is, whatever the umask takes from new files
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A second link to the old content, so that there is no moment without the file itself. */
async function keepBackup(path: string, backupPath: string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await link(path, temporary);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    await copyFile(path, temporary); // a file system without hard links; the copy keeps the mode
  }
  await rename(temporary, backupPath);
  await rm(temporary, { force: true }); // rename(2) leaves it where the backup already is this very file
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // directories can't be opened there
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
