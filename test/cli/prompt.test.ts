import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome, githubKey } from '../support/cli.js';
import { needs } from '../support/needs.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const store = () => join(home.state, 'secrets.claviger');

describe.skipIf(process.platform !== 'linux' || !needs('script'))('a hidden prompt', () => {
  it('takes a key without showing a character of it (L2)', async () => {
    const key = githubKey();
    const { code, stdout } = await home.terminal('claviger add github', [['(not shown): ', `${key}\r`]]);
    expect(stdout).toContain('Enter the key of github (not shown): ');
    expect(stdout).toMatch(/stored its key .* sha256:[0-9a-f]{8}/);
    expect(code).toBe(0);
    for (let at = 0; at + 6 <= key.length; at++) expect(stdout).not.toContain(key.slice(at, at + 6));
    expect((await home.json(['show', 'github'])).credential.state).toBe('current');
  });

  it('lets it be corrected, and takes blanks at its ends for a slip of the paste', async () => {
    const key = githubKey();
    await home.terminal('claviger add github', [['(not shown): ', `  ${key}xy\u007f\u007f \r`]]);
    const { stdout } = await home.run(['run', '--env', 'K=github', '--no-redact', '--', 'printenv', 'K']);
    expect(stdout).toBe(`${key}\n`);
  });

  it.each([
    ['add', 'claviger add github'],
    ['set', 'claviger set github'],
  ])('after Ctrl-C leaves the terminal as it was, and nothing stored: %s (L2)', async (_, line) => {
    const { stdout } = await home.terminal(`stty -g; ${line}; echo code $?; stty -g; stty -a | grep -o ' echo '`, [
      ['(not shown): ', 'half-of-a-key\u0003'],
    ]);
    const settings = stdout.match(/[0-9a-f]+(:[0-9a-f]+){10,}/g);
    expect(settings).toHaveLength(2);
    expect(settings?.[0]).toBe(settings?.[1]);
    expect(stdout).toContain('code 130');
    expect(stdout).toContain(' echo ');
    expect(stdout).not.toContain('half-of-a-key');
    expect(existsSync(store())).toBe(false);
    expect(existsSync(home.configFile)).toBe(false);
  });

  it('takes a line whose end of input comes with it', async () => {
    const { code } = await home.terminal('claviger set github', [['(not shown): ', 'the-key-of-github\r\u0004']]);
    expect(code).toBe(0);
  });

  it.each([
    ['an empty line', '\r'],
    ['the end of input', '\u0004'],
    ['blanks', '   \r'],
  ])('takes %s for no answer', async (_, typed) => {
    const { code, stdout } = await home.terminal('claviger set github', [['(not shown): ', typed]]);
    expect(code).toBe(2);
    expect(stdout).toContain('nothing was entered');
    expect(existsSync(store())).toBe(false);
  });

  it('refuses a paste of several lines instead of storing its first', async () => {
    const { code, stdout } = await home.terminal('claviger set github', [
      ['(not shown): ', 'line-one-of-it\rline-two-of-it\r'],
    ]);
    expect(code).toBe(2);
    expect(stdout).toContain('several lines were pasted');
    expect(stdout).not.toMatch(/line-one|line-two/);
    expect(existsSync(store())).toBe(false);
  });

  it('asks before it removes, and takes anything but yes for no', async () => {
    await home.run(['set', 'github'], { input: githubKey() });
    for (const answer of ['\r', 'n\r', 'nope\r', '\u0004']) {
      const { code, stdout } = await home.terminal('claviger rm github', [['[y/N] ', answer]]);
      expect(stdout).toContain('Remove the key "github" from store "default"?');
      expect(code).toBe(1);
    }
    expect((await home.terminal('claviger rm github', [['[y/N] ', '\u0003']])).code).toBe(130);
    expect((await home.json(['show', 'github'])).credential.state).toBe('current');
    expect((await home.terminal('claviger rm github', [['[y/N] ', 'y\r']])).code).toBe(0);
    expect((await home.run(['show', 'github'])).code).toBe(3);
  });

  it('asks for what a catalog entry leaves open', async () => {
    const key = 'x'.repeat(24);
    const { code } = await home.terminal('claviger add jira', [
      ['site, ', 'acme\r'],
      ['User name, ', 'me@acme.test\r'],
      ['(not shown): ', `${key}\r`],
    ]);
    expect(code).toBe(0);
    const { credential } = await home.json(['show', 'jira']);
    expect(credential).toMatchObject({ baseUrl: 'https://acme.atlassian.net', username: 'me@acme.test' });
  });

  it('asks for the passphrase of a store, and opens it with nothing else', async () => {
    const phrase = 'correct horse battery';
    const made = await home.terminal('claviger init --passphrase', [
      ['passphrase (not shown): ', `${phrase}\r`],
      ['again: ', `${phrase}\r`],
    ]);
    expect(made.stdout).toContain('encrypted under a passphrase');
    expect(made.stdout).not.toContain('horse');
    const locked = await home.run(['ls']);
    expect(locked.code).toBe(4);
    expect(locked.stderr).toContain('CLAVIGER_PHRASE_FILE');
    const wrong = await home.terminal('claviger ls', [['(not shown): ', 'wrong\r']]);
    expect(wrong.code).toBe(4);
    const set = await home.terminal('claviger set github', [
      ['Passphrase of', `${phrase}\r`],
      ['Enter the key', `${githubKey()}\r`],
    ]);
    expect(set.code).toBe(0);
    const { code, stdout } = await home.terminal('claviger ls', [['Passphrase of', `${phrase}\r`]]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/github +current/);
  });

  it('makes no store under two passphrases that differ', async () => {
    const { code } = await home.terminal('claviger init --passphrase', [
      ['passphrase (not shown): ', 'one\r'],
      ['again: ', 'two\r'],
    ]);
    expect(code).toBe(2);
    expect(existsSync(store())).toBe(false);
  });
});

describe('without a terminal', () => {
  it.each([
    [['set', 'github']],
    [['add', 'github']],
    [['init', '--passphrase']],
    [['rm', 'github']],
    [['rm', 'github', '--definition']],
  ])('%j with nothing on stdin ends with 2 at once (L1)', async (args) => {
    if (args[0] === 'rm') await home.run(['add', 'github'], { input: githubKey() });
    const { code, stderr } = await home.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no terminal to ask on/);
  });

  it('gives up on a program that started it and never says anything (L1)', async () => {
    const { code, stderr } = await home.run(['set', 'github'], { input: null });
    expect(code).toBe(2);
    expect(stderr).toMatch(/nothing on stdin/);
  });

  it.each([
    ['KEY-one-newline\n', 'KEY-one-newline'],
    ['KEY-crlf-at-end\r\n', 'KEY-crlf-at-end'],
    ['KEY-no-newline', 'KEY-no-newline'],
    [' KEY with blanks ', ' KEY with blanks '],
  ])('takes %j from stdin less exactly one final newline', async (input, stored) => {
    expect((await home.run(['set', 'one'], { input })).code).toBe(0);
    const config = home.write(home.path('c.json'), { providers: [{ name: 'one', baseUrl: 'https://x.test' }] });
    const args = ['run', '--config', config, '--env', 'K=one', '--no-redact', '--', 'printenv', 'K'];
    expect((await home.run(args)).stdout).toBe(`${stored}\n`);
  });

  it.each([
    ['two final newlines', 'KEY-with-two\n\n', 1],
    ['a line break inside', 'KEY-of\ntwo-lines\n', 1],
    ['a NUL', 'KEY-with-\0-inside', 1],
    ['only a newline', '\n', 2],
    ['nothing', '', 2],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85]), 2],
    ['a file of megabytes', Buffer.alloc(3_000_000, 'a'), 2],
  ])('stores nothing of %s', async (_, input, expected) => {
    const { code, stderr } = await home.run(['set', 'one'], { input });
    expect(code).toBe(expected);
    expect(stderr).not.toMatch(/KEY|aaaa/);
    expect(existsSync(store())).toBe(false);
  });
});
