import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { root } from '../support/built.js';
import { hasKeyring, Keyring } from '../support/keyring.js';
import { needs } from '../support/needs.js';

const folder = new URL('examples/', root);

function run(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const file = fileURLToPath(new URL(`${name}/${name}.mjs`, folder));
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 80_000, env });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

describe('the example', { timeout: 90_000 }, () => {
  test.each([
    ['function', "'x-api-key': '[secret]'"],
    ['fetch', 'ERR_DESTINATION_DENIED'],
    ['agent', '200 {"path":"/users/123"'],
    ['two-keys', "'dd-application-key': '[secret]'"],
    ['basic', '[secret]'],
    ['vault', 'read from Vault 2 times for 4 requests'],
    ['mcp-toolset', "the model sees get-account [ 'id' ]"],
    ['launcher', 'opencode.json 200 {'],
  ])('%s does what it says', (name, shown) => {
    expect(run(name)).toContain(shown);
  });

  test.skipIf(!needs('curl'))('shell-script lets a script use a key that it never holds', () => {
    expect(run('shell-script')).toContain('my key is claviger_');
  });

  test.skipIf(!hasKeyring())("keychain works with GNOME's keyring", async () => {
    await using keyring = await Keyring.start();
    await keyring.open('correct horse');
    expect(run('keychain', keyring.env)).toContain('before it is stored: ERR_CREDENTIAL_NOT_FOUND');
  });
});

test('the index names every example, and nothing that is not there', () => {
  const index = readFileSync(new URL('README.md', folder), 'utf8');
  const named = [...index.matchAll(/\]\(([\w-]+)\//g)].map(([, name]) => name);
  const there = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(named.sort()).toEqual(there.map(({ name }) => name).sort());
});
