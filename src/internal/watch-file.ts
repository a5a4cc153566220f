import { unwatchFile, watchFile, type Stats } from 'node:fs';

const intervalMs = 1000;

/**
 * Tells within about a second that a file was written, replaced, made or removed, by whatever process; the function that it
 * gives ends that. It looks instead of being told, which works on every file system, and does not keep the process alive.
 */
export function watchPath(path: string, onChange: () => void): () => void {
  const listener = (now: Stats, before: Stats): void => {
    if (now.ino !== before.ino || now.mtimeMs !== before.mtimeMs || now.size !== before.size) onChange();
  };
  watchFile(path, { interval: intervalMs, persistent: false }, listener);
  return () => unwatchFile(path, listener);
}
