import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** The name of the file that says what `scan` leaves out. */
const IGNORE_NAME = '.clavigerignore';

/** What was looked at and found to be no secret, or known. */
export interface Ignored {
  /** Whether a whole file is left out. */
  file(path: string): boolean;
  /** Whether a key in a file is. */
  key(path: string, fingerprint: string): boolean;
}

/**
 * Reads the ignore file of the repository that a folder is in, or of the folder itself. A line is a fingerprint, or a file
 * or folder (`test/fixtures/`) below the ignore file; `#` begins a comment. It has a say over nothing outside its folder.
 */
export async function readIgnored(cwd: string): Promise<Ignored> {
  const root = rootOf(cwd);
  const lines = (await textOf(join(root, IGNORE_NAME)))
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim());
  // Of short keys all fingerprints are one.
  const fingerprints = new Set(lines.filter((line) => /^sha256:[0-9a-f]{8,}$/.test(line)));
  const paths = lines
    .filter((line) => line !== '' && !line.startsWith('sha256:'))
    .map((line) => line.replace(/^\.?\//, ''));
  const inside = (path: string) => {
    const below = relative(root, path);
    return below === '' || below === '..' || below.startsWith(`..${sep}`) ? undefined : below.split(sep).join('/');
  };
  return {
    file(path) {
      const below = inside(path);
      return below !== undefined && paths.some((one) => (one.endsWith('/') ? below.startsWith(one) : below === one));
    },
    key: (path, fingerprint) => inside(path) !== undefined && fingerprints.has(fingerprint),
  };
}

function rootOf(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git')) || existsSync(join(folder, IGNORE_NAME))) return folder;
    if (dirname(folder) === folder) return cwd;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
