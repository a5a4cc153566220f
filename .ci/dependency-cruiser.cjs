const { exports: entries } = require('../package.json');
const floors = require('./floors.cjs');

/** The source of each public entry: `^src/http/index[.]ts$`. */
const publicEntries = Object.values(entries)
  .filter((entry) => entry.default !== undefined)
  .map((entry) => `^${entry.default.replace('./dist/', 'src/').replace(/[.]js$/, '[.]ts')}$`);

/** Both shapes of a part: `src/errors.ts` and `src/destination/…`. */
const part = (names) => `^src/(${names.join('|')})(/|[.]ts$)`;

/** Parts that no public entry shows. */
const forTheCommandLine = ['detection', 'mcp-clients', 'scan'];

/** What the root entry may not import itself, though it stands on that floor. */
const besideTheRoot = ['http'];
const third = floors.findIndex((names) => names.includes('http'));

const downOnly = floors.flatMap((names, floor) =>
  names.map((name) => ({
    name: `floors-${name}`,
    comment: 'Imports go down the floors only: never sideways, never up.',
    severity: 'error',
    from: { path: part([name]) },
    to: { path: '^src/', pathNot: [part([name]), ...floors.slice(0, floor).map(part)] },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...downOnly,
    {
      name: 'floors-root',
      comment: 'The root entry stands on the third floor, without http.',
      severity: 'error',
      from: { path: '^src/index[.]ts$' },
      to: {
        path: '^src/',
        pathNot: floors.slice(0, third + 1).map((names) => part(names.filter((name) => !besideTheRoot.includes(name)))),
      },
    },
    {
      name: 'floors-cli',
      comment:
        'The command line uses what every program can use, the public entries, leaves without domain words, ' +
        'and the parts that are made for it alone.',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: ['^src/cli/', part(['errors', 'internal', ...forTheCommandLine]), ...publicEntries],
      },
    },
    {
      name: 'floors-all',
      comment: 'A part that stands on no floor: give it one in .ci/floors.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: [...floors.map(part), '^src/index[.]ts$', '^src/cli/'] },
      to: {},
    },
    {
      name: 'no-cycles',
      severity: 'error',
      // The table of commands loads each when it is asked for, also those that read the table: help, completion, doctor.
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['dynamic-import'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { path: '^src/', orphan: true, pathNot: [...publicEntries, '^src/cli/main[.]ts$'] },
      to: {},
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
        pathNot: '^node_modules/(jsonc-parser|toml-eslint-parser|@secretlint/secretlint-rule-preset-recommend)/', // bundled: see tsup.config.ts
      },
    },
    {
      name: 'no-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples|[.]ci)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
