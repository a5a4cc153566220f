import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { root } from '../support/built.js';

test('the broker example lets programs use a key that they never hold', () => {
  const path = fileURLToPath(new URL('examples/broker/broker.mjs', root));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], { encoding: 'utf8', timeout: 60_000 });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('the key: in no variable');
});
