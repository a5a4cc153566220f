import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { defineConfig } from 'tsup';

/** The public entries, as in package.json's `exports`; the command line beside them has no types. */
const entries = ['index', 'http/index', 'mcp/index', 'process/index', 'stores/file', 'testing/index'];

const sources = (names: string[]) =>
  Object.fromEntries(names.map((name) => [name, `src/${name}.ts`] as const).filter(([, file]) => existsSync(file)));

export default defineConfig({
  entry: sources([...entries, 'cli/main']),
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
