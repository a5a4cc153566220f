import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { root } from '../support/built.js';

test('the MCP server example has a tool whose credential clients do not see', () => {
  const path = fileURLToPath(new URL('examples/mcp-server/mcp-server.mjs', root));
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], { encoding: 'utf8', timeout: 60_000 });
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('in the callback alone');
});
