import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { defineConfig } from 'tsup';
import packageJson from '../package.json' with { type: 'json' };
import { configJsonSchema } from '../src/registry/config-json-schema.js';

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

/** What is started as a process of its own, and so must be a file of its own. */
const workers = ['./dist/stores/keychain/worker.js'];

const bundled = [
  'zod',
  'jsonc-parser',
  'toml-eslint-parser',
  'eslint-visitor-keys',
  '@secretlint/secretlint-rule-preset-recommend',
];

export default defineConfig({
  entry: sources([...entries, packageJson.bin.claviger, ...workers]),
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
  // The part of them that is used loads in a fraction of the time of the packages; their licences go with it.
  noExternal: bundled,
  // Optional dependencies are none of those that tsup leaves out by itself.
  external: Object.keys(packageJson.optionalDependencies),
  esbuildOptions(options) {
    // jsonc-parser's other form is for script tags and can't be bundled.
    options.mainFields = ['module', 'main'];
  },
  async onSuccess() {
    await writeFile('dist/config-schema.json', `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
    // Inside the code the catalog is a part of it; for programs that want the data alone it lies beside it, with its schema.
    for (const name of ['providers.json', 'providers.schema.json'])
      await copyFile(`src/catalog/${name}`, `dist/catalog/${name}`);
    await mkdir('dist/licenses', { recursive: true });
    for (const [name, licence] of [
      ['zod', 'LICENSE'],
      ['jsonc-parser', 'LICENSE.md'],
      ['toml-eslint-parser', 'LICENSE'],
      ['eslint-visitor-keys', 'LICENSE'],
      ['@secretlint/secretlint-rule-preset-recommend', 'LICENSE'],
    ] as const) {
      await copyFile(`node_modules/${name}/${licence}`, `dist/licenses/${name.replace(/^@.*\//, '')}.txt`);
    }
  },
});
