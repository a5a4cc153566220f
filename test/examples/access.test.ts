import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { root } from '../support/built.js';

test('the access example shows who may use a key, and who may not', () => {
  const file = fileURLToPath(new URL('examples/access/access.mjs', root));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 30_000 });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('support-agent: GET /users/123: ok');
  expect(stdout).toContain('report-agent: GET /reports: policies.ratelimit.QuotaViolation');
});
