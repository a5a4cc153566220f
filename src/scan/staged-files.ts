import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A longer one is no file of settings or code. */
const MOST_BYTES = 32 * 1_048_576;

interface StagedFile {
  readonly path: string;
  /** What would be committed, which the file in the folder may have left behind. */
  read(): Promise<Buffer>;
}

/**
 * What the next commit of the repository around a folder adds or changes.
 *
 * @throws what git says where there is no repository, or no git
 */
export async function stagedFiles(cwd: string): Promise<StagedFile[]> {
  const root = (await git(cwd, ['rev-parse', '--show-toplevel'])).toString('utf8').trimEnd();
  const listed = await git(root, [
    'diff',
    '--cached',
    '--raw',
    '-z',
    '--no-renames',
    '--diff-filter=d',
    '--no-ext-diff',
  ]);
  return [...listed.toString('utf8').matchAll(/:\d+ (\d+) [0-9a-f.]+ ([0-9a-f]+)[0-9a-f.]* [A-Z]\d*\0([^\0]+)\0/g)]
    .filter(([, mode]) => mode?.startsWith('100')) // neither links nor submodules
    .map(([, , object = '', name = '']) => ({
      path: join(root, name),
      read: () => git(root, ['cat-file', 'blob', object]),
    }));
}

/** Nothing that the repository's own settings name is run. */
async function git(cwd: string, args: readonly string[]): Promise<Buffer> {
  const safe = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'core.abbrev=no'];
  const { stdout } = await run('git', [...safe, ...args], { cwd, encoding: 'buffer', maxBuffer: MOST_BYTES });
  return stdout;
}
