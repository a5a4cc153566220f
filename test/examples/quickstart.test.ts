import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { root } from '../support/built.js';

test('the quickstart shows the main job and finds the key nowhere else', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('examples/quickstart/quickstart.mjs', root))],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  expect([status, stderr]).toEqual([0, '']);
  for (const part of ['1. Store the key', '2. A function', '3. HTTP', '4. MCP', '5. …', 'nowhere: not printed']) {
    expect(stdout).toContain(part);
  }
});
