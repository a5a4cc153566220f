import { homedir } from 'node:os';
import { sep } from 'node:path';

/** A path as people read it: below the home directory it begins with `~`. */
export function homePath(path: string, env: NodeJS.ProcessEnv): string {
  const home = env['HOME'] || env['USERPROFILE'] || homedir();
  return path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}
