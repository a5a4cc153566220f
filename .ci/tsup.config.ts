import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { defineConfig, type Options } from 'tsup';
import packageJson from '../package.json' with { type: 'json' };
import { configJsonSchema } from '../src/registry/config-json-schema.js';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

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

/** The rules that keys are found by, which only a search for keys loads. */
const rules = '@secretlint/secretlint-rule-preset-recommend';

const bundled = ['zod', 'jsonc-parser', 'toml-eslint-parser', 'eslint-visitor-keys', rules];

/** The command line: the file that is run, which answers `--version` by itself, and all the rest in one. */
const commandLine = { run: './dist/cli/main.js', rest: './dist/cli/dispatch.js' };

/** What they find beside them, and so must not hold a second time. */
const beside: Record<string, string> = {
  './dispatch.js': './dispatch.js',
  './worker.js': '../stores/keychain/worker.js',
  [rules]: '../detection/rules.js',
};

/** What source files import at their top and few commands need: in one file with all others it would load at every start. */
const atFirstUse = [
  'undici',
  'yaml',
  'node:child_process',
  'node:dns',
  'node:http',
  'node:https',
  'node:net',
  'node:readline',
  'node:tls',
  'node:zlib',
];

const besidePlugin: Plugin = {
  name: 'beside',
  setup(build) {
    build.onResolve({ filter: /\.js$|^@/ }, ({ path, kind }) => {
      const place = kind === 'dynamic-import' ? beside[path] : undefined;
      return place === undefined ? undefined : { path: place, external: true };
    });
  },
};

/** Becomes a `require` where the importing file is first used. */
const atFirstUsePlugin: Plugin = {
  name: 'at-first-use',
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(?:${atFirstUse.join('|')})$`) }, ({ path, namespace }) =>
      namespace === 'required' ? { path, external: true } : { path, namespace: 'required' },
    );
    build.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)})`,
    }));
  },
};

const common: Options = {
  format: 'esm',
  platform: 'node',
  target: 'node20',
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
};

export default defineConfig([
  {
    ...common,
    entry: sources([...entries, ...workers]),
    dts: { entry: sources(entries) },
    splitting: true,
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
        [rules, 'LICENSE'],
      ] as const) {
        await copyFile(`node_modules/${name}/${licence}`, `dist/licenses/${name.replace(/^@.*\//, '')}.txt`);
      }
    },
  },
  {
    ...common,
    entry: { 'detection/rules': `node_modules/${rules}/module/index.js` },
    minify: true,
  },
  {
    ...common,
    entry: sources([commandLine.run]),
    splitting: false,
    esbuildPlugins: [besidePlugin],
  },
  {
    ...common,
    entry: sources([commandLine.rest]),
    // One file of half the length instead of forty: each that Node resolves, loads and keeps costs time and memory.
    splitting: false,
    noExternal: [...bundled, ...atFirstUse],
    esbuildPlugins: [besidePlugin, atFirstUsePlugin],
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    esbuildOptions(options) {
      options.mainFields = ['module', 'main'];
      options.minifyWhitespace = true;
      options.minifySyntax = true;
      options.legalComments = 'none';
    },
  },
]);
