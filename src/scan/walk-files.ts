import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A file to scan, or why something is none. */
interface WalkedFile {
  readonly path: string;
  readonly skipped?: 'link' | 'not a file';
  readonly error?: NodeJS.ErrnoException;
}

/** What others made, and not the owner of the folder. */
const passedOver = new Set(['.git', '.hg', '.svn', 'node_modules']);

/** The files at and below a path, in the order of their names; links, `.git` and `node_modules` are not entered. */
export async function* walkFiles(path: string): AsyncGenerator<WalkedFile> {
  let stats;
  try {
    stats = await lstat(path);
  } catch (error) {
    yield { path, error: error as NodeJS.ErrnoException };
    return;
  }
  if (stats.isSymbolicLink()) yield { path, skipped: 'link' };
  else if (stats.isFile()) yield { path };
  else if (stats.isDirectory()) yield* walkFolder(path);
  else yield { path, skipped: 'not a file' };
}

async function* walkFolder(folder: string): AsyncGenerator<WalkedFile> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    yield { path: folder, error: error as NodeJS.ErrnoException };
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) yield { path, skipped: 'link' };
    else if (entry.isFile()) yield { path };
    else if (entry.isDirectory() && !passedOver.has(entry.name)) yield* walkFolder(path);
  }
}
