/**
 * What the root entry loads: the same tree without types and without `import()`, which dependency-cruiser can leave out
 * of a whole run only.
 */
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'light-root',
      comment: 'The root entry loads what every program needs; the rest waits behind a subpath or an import().',
      severity: 'error',
      from: { path: '^src/index[.]ts$' },
      to: {
        path: [
          '^src/(http|process|broker|mcp|adapters|testing|cli)/',
          '(^|node_modules/)(undici|@modelcontextprotocol/sdk|keytar)(/|$)',
          '^(node:)?(child_process|http|https|http2|tls|worker_threads)$',
        ],
        reachable: true,
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { dynamic: true },
    tsPreCompilationDeps: false,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
