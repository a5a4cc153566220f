import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { defineConfig } from 'tsup';
import packageJson from '../package.json' with { type: 'json' };

/** The source of a built file, where there is one: `./dist/http/index.js` is built from `src/http/index.ts`. */
const sourceOf = (file: string) => file.replace('./dist/', 'src/').replace('.js', '.ts');

const sources = (files: string[]) =>
  Object.fromEntries(
    files
      .map(sourceOf)
      .filter((file) => existsSync(file))
      .map((file) => [file.replace('src/', '').replace('.ts', ''), file]),
  );

/** The public entries; the command line beside them has no types. */
const entries = Object.values(packageJson.exports).flatMap((entry) =>
  typeof entry === 'string' ? [] : [entry.default],
);

export default defineConfig({
  entry: sources([...entries, packageJson.bin.claviger]),
  dts: { entry: sources(entries) },
  format: 'esm',
  platform: 'node',
  target: 'node20',
  splitting: true,
  sourcemap: false,
  // The build script empties dist: tsup's own step keeps old declaration files.
  clean: false,
  // A built-in keeps its `node:`, so that a search for one finds it.
  removeNodeProtocol: false,
  // The part of zod that is used loads in a fraction of the time of the package; its licence goes with it.
  noExternal: ['zod'],
  async onSuccess() {
    await mkdir('dist/licenses', { recursive: true });
    await copyFile('node_modules/zod/LICENSE', 'dist/licenses/zod.txt');
  },
});
