import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Whether a file is under version control, where old content stays; false where git can't tell. */
export async function isTrackedByGit(path: string): Promise<boolean> {
  const folder = dirname(path);
  if (!ancestors(folder).some((one) => existsSync(join(one, '.git')))) return false;
  return new Promise((resolve) => {
    // No helper that the repository's own settings name is started.
    const args = ['-c', 'core.fsmonitor=false', '-C', folder, 'ls-files', '--error-unmatch', '--', path];
    execFile('git', args, { timeout: 5_000 }, (error) => resolve(error === null));
  });
}

function ancestors(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...ancestors(above)];
}
