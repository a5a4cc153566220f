import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where Claviger keeps its state: `CLAVIGER_HOME`, else `claviger` in the platform's data directory.
 *
 * That is `$XDG_DATA_HOME` or `~/.local/share` (XDG Base Directory Specification: a relative one is ignored),
 * `~/Library/Application Support` on macOS, `%LOCALAPPDATA%` on Windows.
 */
export function clavigerHome(env: Environment = process.env, platform: NodeJS.Platform = process.platform): string {
  const own = env['CLAVIGER_HOME'];
  if (own) return resolve(own);
  return join(baseDirectory(env, platform, 'LOCALAPPDATA', 'XDG_DATA_HOME', '.local/share'), 'claviger');
}

/** Where a user's own configuration is: `claviger` in `$XDG_CONFIG_HOME` or `~/.config`, and its like elsewhere. */
export function configHome(env: Environment = process.env, platform: NodeJS.Platform = process.platform): string {
  return join(baseDirectory(env, platform, 'APPDATA', 'XDG_CONFIG_HOME', '.config'), 'claviger');
}

function baseDirectory(
  env: Environment,
  platform: NodeJS.Platform,
  windowsVariable: 'APPDATA' | 'LOCALAPPDATA',
  xdgVariable: string,
  xdgDefault: string,
): string {
  if (platform === 'win32') {
    const fallback = windowsVariable === 'APPDATA' ? 'Roaming' : 'Local';
    return env[windowsVariable] || join(env['USERPROFILE'] || homedir(), 'AppData', fallback);
  }
  const home = env['HOME'] || homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  const xdg = env[xdgVariable];
  return xdg && isAbsolute(xdg) ? xdg : join(home, xdgDefault);
}
