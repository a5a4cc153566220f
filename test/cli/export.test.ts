import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { CliHome } from '../support/cli.js';
import { needs } from '../support/needs.js';

let home: CliHome;
let key: string;
beforeEach(async () => {
  home = new CliHome();
  key = canary();
  await home.run(['set', 'one', '--username', 'alice', '--destination', 'https://one.test/**'], { input: key });
  await home.run(['set', 'gone'], { input: canary() });
  await home.run(['revoke', 'gone']);
});
afterEach(() => home[Symbol.dispose]());

describe('an export', () => {
  it(
    'under a passphrase moves keys with all that belongs to them, and is never in the clear',
    { timeout: 120_000 },
    async () => {
      const file = home.path('keys.age');
      const made = await home.run(['export', '--output', file], { input: 'correct horse\n' });
      expect(made).toMatchObject({ code: 0, stdout: '' });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expectNoLeak([made, { file: home.directory }], key);
      using other = new CliHome();
      const wrong = await other.run(['import', file], { input: 'wrong horse\n' });
      expect(wrong.code).toBe(1);
      const taken = await other.run(['import', file], { input: 'correct horse\n' });
      expect(taken.code).toBe(0);
      expectNoLeak([wrong, taken, { file: other.directory }], key);
      const { credentials } = await other.json(['ls']);
      expect(credentials.map(({ name }: { name: string }) => name)).toEqual(['one']);
      expect((await other.json(['show', 'one'])).credential).toMatchObject({
        username: 'alice',
        storedDestinations: ['https://one.test/**'],
      });
    },
  );

  it('leaves what is there alone, file and keys, unless told otherwise', { timeout: 120_000 }, async () => {
    const file = home.path('keys.age');
    await home.run(['export', '-o', file], { input: 'correct horse\n' });
    expect((await home.run(['export', '-o', file], { input: 'correct horse\n' })).code).toBe(1);
    const { credential: before } = await home.json(['show', 'one']);
    expect((await home.run(['import', file], { input: 'correct horse\n' })).stderr).toContain('imported 0 of 1');
    expect((await home.json(['show', 'one'])).credential.version).toBe(before.version);
    expect((await home.run(['import', file, '--replace'], { input: 'correct horse\n' })).code).toBe(0);
    expect((await home.json(['show', 'one'])).credential.version).not.toBe(before.version);
  });

  it.skipIf(!needs('age') || !needs('age-keygen'))(
    'is opened by the age command, and takes what age encrypted',
    async () => {
      const identity = home.path('identity.txt');
      spawnSync('age-keygen', ['-o', identity]);
      const recipient = /age1\w+/.exec(readFileSync(identity, 'utf8'))?.[0] ?? '';
      const { stdout } = await home.run(['export', '--recipient', recipient]);
      expect(stdout).toContain('BEGIN AGE ENCRYPTED FILE');
      const opened = spawnSync('age', ['-d', '-i', identity], { input: stdout, encoding: 'utf8' });
      expect(JSON.parse(opened.stdout).secrets).toMatchObject([{ name: 'one', value: key, username: 'alice' }]);
      const again = spawnSync('age', ['-r', recipient], { input: opened.stdout });
      using other = new CliHome();
      writeFileSync(other.path('binary.age'), again.stdout);
      expect((await other.run(['import', other.path('binary.age'), '-i', identity])).code).toBe(0);
      expect((await other.json(['ls'])).credentials).toMatchObject([{ name: 'one', state: 'current' }]);
    },
  );

  it.each([
    ['is no age file', 'not an age file'],
    ['is empty', ''],
  ])('that %s is refused', async (_, content) => {
    writeFileSync(home.path('bad.age'), content);
    expect((await home.run(['import', home.path('bad.age')], { input: 'x\n' })).code).toBe(1);
  });

  it('refuses a recipient that is none', async () => {
    expect((await home.run(['export', '--recipient', 'ssh-ed25519 AAAA'])).code).toBe(2);
  });
});
