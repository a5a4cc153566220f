import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Third-party programs, which npm gets at first use. */
const real = ['test/real/**/*.test.ts'];

/** Tests that drive the built package; they and the real programs alone wait for a build. */
const built = ['test/{cli,package,examples}/**/*.test.ts', 'test/**/*.built.test.ts'];

/** Where each run leaves its numbers, in CI; more than one may be of the same Node. */
const reports = process.env['CLAVIGER_TEST_REPORTS'];
const outputFile = `${reports ?? '.'}/node-${process.versions.node}-${Date.now()}.json`;

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    // A machine that does other things beside takes several times as long for what starts processes.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: reports === undefined ? ['default'] : ['default', ['json', { outputFile }]],
    projects: [
      { extends: true, test: { name: 'source', include: ['test/**/*.test.ts'], exclude: [...built, ...real] } },
      { extends: true, test: { name: 'built', include: built, globalSetup: 'test/build.ts' } },
      { extends: true, test: { name: 'real', include: real, globalSetup: 'test/build.ts' } },
    ],
  },
});
