import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandPresets, commandStore } from '../../src/stores/command.js';
import type { CommandStoreOptions } from '../../src/stores/command.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { newDirectory } from './new-directory.js';

/** A store whose helper is a line of shell; `$1` is the name. */
const shell = (line: string, options: Partial<CommandStoreOptions> = {}) =>
  commandStore({ command: 'sh', args: ['-c', line, 'sh', '{name}'], ...options });
const valueOf = async (store: ReturnType<typeof commandStore>, name = 'service') =>
  (await store.get(name))?.secret.reveal();

describe('what a helper prints', () => {
  test.each([
    ['as it is', 'printf abcdefgh', 'abcdefgh'],
    ['less one final newline', String.raw`printf 'abcdefgh \n'`, 'abcdefgh '],
    ['less one final line end of Windows', String.raw`printf 'abcdefgh\r\n'`, 'abcdefgh'],
    ['in UTF-8', 'printf "schl\\303\\274ssel"', 'schlüssel'],
    ['as nothing, which means not here', ':', undefined],
    ['as one empty line, which means the same', 'echo', undefined],
  ])('is taken %s', async (_, line, expected) => {
    expect(await valueOf(shell(line))).toBe(expected);
  });

  test('in several lines is no secret, unless the first is asked for', async () => {
    const line = String.raw`printf 'first-line\nuser: me\n'`;
    const error = await rejects(shell(line).get('service'), 'ERR_SECRET_INVALID');
    expectNoLeak(error, 'first-line');
    expect(await valueOf(shell(line, { firstLineOnly: true }))).toBe('first-line');
  });

  test.each([
    ['is not UTF-8', String.raw`printf '\377\376'`],
    ['has no end', 'yes'],
  ])('that %s is refused', async (_, line) => {
    await rejects(shell(line).get('service'), 'ERR_STORE_UNAVAILABLE');
  });
});

describe('a command line', () => {
  test('gets the name as one argument, whatever is in it: there is no shell', async () => {
    const store = commandStore({ command: 'printf', args: ['%s|%s', 'op://dev/{name}/x', '{name}'] });
    for (const name of ['a b', '$(id)', '`id`', "';id;'", '$&$1', '{name}', '*']) {
      expect(await valueOf(store, name)).toBe(`op://dev/${name}/x|${name}`);
    }
  });

  test('is not started for a name that a program could take for an option, or that has NUL', async () => {
    const marker = join(await newDirectory(), 'ran');
    const store = shell(`touch ${marker}; echo the-secret`);
    for (const name of ['-rf', '--help', 'a\0b', '']) expect(await store.get(name)).toBeUndefined();
    await expect(readFile(marker)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('without {name} has nothing for an account', async () => {
    const store = commandStore({ command: 'echo', args: ['the-secret'] });
    expect(await valueOf(store)).toBe('the-secret');
    expect(await store.get('service', { account: 'alice' })).toBeUndefined();
    expect((await shell('echo "$1"').get('service', { account: 'alice' }))?.secret.reveal()).toBe('service@alice');
  });

  test('runs in our environment, without what unlocks our own store (E4)', async () => {
    const env = { PATH: process.env['PATH'], CLAVIGER_PHRASE_FILE: '/phrase', OP_ACCOUNT: 'mine' };
    expect(await valueOf(shell('echo "$OP_ACCOUNT,$CLAVIGER_PHRASE_FILE,"', { env }))).toBe('mine,,');
  });

  test.each([
    ['no command', {}],
    ['a line for a shell', { command: 'op', args: 'read {name}' }],
    ['an unknown option', { command: 'op', shell: true }],
    ['NUL', { command: 'op', args: ['a\0b'] }],
    ['no time', { command: 'op', timeoutMs: 0 }],
  ])('with %s is refused at creation', async (_, options) => {
    await rejects(() => commandStore(options as never), 'ERR_CONFIG_INVALID');
  });
});

describe('a helper that fails', () => {
  const secret = canary();

  test.each([
    ['with an exit code', `echo ${secret}; echo ${secret} >&2; exit 1`],
    ['by a signal', `echo ${secret}; kill -9 $$`],
    ['because it is not there', undefined],
  ])('%s shows neither its command line nor its output (D21)', async (_, line) => {
    const store = line === undefined ? commandStore({ command: `/no/${secret}`, args: [secret] }) : shell(line);
    const error = await rejects(store.get('service'), 'ERR_STORE_UNAVAILABLE');
    expect(error.store).toBe('command');
    expectNoLeak([error, store], secret);
  });

  test('to end in time is ended, with what it started (D1)', async () => {
    const pidFile = join(await newDirectory(), 'pid');
    const store = shell(`sleep 60 & echo $! > ${pidFile}; wait`, { timeoutMs: 500 });
    const error = await rejects(store.get('service'), 'ERR_STORE_UNAVAILABLE');
    expect(error.message).toContain('500 ms');
    const pid = Number(await readFile(pidFile, 'utf8'));
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  test('to be waited for is ended by an abort, which rejects with its reason', async () => {
    const directory = await newDirectory();
    const [pidFile, reason] = [join(directory, 'pid'), new Error('enough')];
    const abort = new AbortController();
    const asked = shell(`echo $$ > ${pidFile}; exec sleep 60`).get('service', { signal: abort.signal });
    const settled = asked.catch((error: unknown) => error);
    await expect.poll(() => readFile(pidFile, 'utf8').catch(() => ''), { interval: 20 }).toMatch(/\d\n/);
    abort.abort(reason);
    expect(await settled).toBe(reason);
    const pid = Number(await readFile(pidFile, 'utf8'));
    await expect.poll(() => isRunning(pid)).toBe(false);
  });
});

describe('a preset', () => {
  const presets: [string, CommandStoreOptions, string[]][] = [
    ['op', commandPresets.op({ vault: 'dev' }), ['read', 'op://dev/github.com/credential']],
    ['pass', commandPresets.pass({ prefix: 'api/' }), ['show', 'api/github.com']],
    ['gh', commandPresets.gh(), ['auth', 'token', '--hostname', 'github.com']],
    [
      'aws',
      commandPresets.aws({ profile: 'p', region: 'r' }),
      [
        'secretsmanager',
        'get-secret-value',
        '--secret-id=github.com',
        '--query=SecretString',
        '--output=text',
        '--profile=p',
        '--region=r',
      ],
    ],
    ['gcloud', commandPresets.gcloud(), ['secrets', 'versions', 'access', 'latest', '--secret=github.com']],
    ['security', commandPresets.security(), ['find-generic-password', '-w', '-s', 'github.com']],
    ['secret-tool', commandPresets['secret-tool'](), ['lookup', 'service', 'github.com']],
  ];

  test.each(presets)('starts %s with the arguments that it documents', async (program, options, args) => {
    const bin = await newDirectory();
    const line = 'for each in "$@"; do printf "%s," "$each"; done';
    await writeFile(join(bin, program), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    const store = commandStore({ ...options, env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
    expect(await valueOf(store, 'github.com')).toBe(`${args.join(',')},`);
  });
});

/** A zombie that nobody has waited for counts as ended. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return status !== '' && !/^\d+ \(.*\) Z/.test(status);
}
