import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { needs } from '../support/needs.js';

const script = fileURLToPath(new URL('interceptor-scenarios.mjs', import.meta.url));

/** undici 8 needs Node 22.19; where this one is older, a newer one comes from npm. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isNew = major > 22 || (major === 22 && minor >= 19);
const newer: [string, ...string[]] = isNew ? [process.execPath] : ['npx', '--yes', '--package', 'node@24', 'node'];

const combinations: [string, string, [string, ...string[]]][] = [
  ['undici 7', 'undici', [process.execPath]],
  ['undici 7 on a newer Node', 'undici', newer],
  ['undici 8', 'undici8', newer],
];

describe.skipIf(!isNew && !needs('npx')).each(combinations)(
  'a credential with %s',
  (_name, undici, [program, ...args]) => {
    const { stdout, stderr } = spawnSync(program, [...args, script, undici], { encoding: 'utf8', timeout: 120_000 });
    const results = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { name: string; error: string | null });

    it('is tried in every way', () => {
      expect(results.length, stderr).toBeGreaterThan(12);
    });
    it.each(results)('$name', ({ error }) => {
      expect(error).toBeNull();
    });
  },
);
