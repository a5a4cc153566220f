import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** When the newest of these files or folders changed; a folder does when a file in it comes or goes. */
function newest(path: string): number {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** When the last build that came to its end began to write; 0 without one. */
function builtAt(): number {
  const [code, types] = ['dist/index.js', 'dist/index.d.ts'].map((file) =>
    statSync(join(root, file), { throwIfNoEntry: false }),
  );
  return code === undefined || types === undefined ? 0 : code.mtimeMs;
}

/** Builds the package before the tests that drive it, when the build is missing or older than its sources. */
export function setup(): void {
  const sources = ['src', 'package.json', 'tsconfig.json', '.ci/tsup.config.ts'].map((path) => join(root, path));
  if (builtAt() > Math.max(...sources.map(newest))) return;
  const build = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`npm run build failed:\n${build.stdout}${build.stderr}`);
}
