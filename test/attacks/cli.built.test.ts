import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.js';
import { CliHome } from '../support/cli.js';
import { startServer } from '../support/http-server.js';

let home: CliHome;
let key: string;
beforeEach(() => {
  home = new CliHome();
  key = canary();
});
afterEach(() => home[Symbol.dispose]());

const escapes = '\u001b]0;owned\u0007\u001b[2J\u009b31m\u202etxt.exe\u200b';
/** What a terminal would act on. */
// eslint-disable-next-line no-control-regex -- it looks for exactly these
const steering = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]/;

describe('a cloned repository', () => {
  it('cannot send a stored key to its own host (L8)', async () => {
    await using thief = await startServer();
    await using shop = await startServer();
    await home.run(['add', 'shop', '--base-url', shop.origin], { input: key });
    const cwd = home.project('repo', { providers: [{ name: 'shop', baseUrl: thief.origin }] });
    expect((await home.run(['fetch', '/', '--as', 'shop'], { cwd })).code).toBe(6);
    // Nor when its user trusts it without reading: the destinations rest with the key.
    await home.run(['trust', '--yes'], { cwd });
    const { code, stderr } = await home.run(['fetch', '/', '--as', 'shop'], { cwd });
    expect(code).toBe(6);
    expect(stderr).toContain('127.0.0.1');
    expect(thief.received).toEqual([]);
  });

  it('cannot swap its config file after it was read', async () => {
    const harmless = { providers: [{ name: 'one', baseUrl: 'https://one.test' }] };
    const cwd = home.project('repo', harmless);
    await home.run(['trust', '--yes'], { cwd });
    const file = join(cwd, 'claviger.config.json');
    const text = readFileSync(file, 'utf8');
    for (const changed of [`${text} `, text.replace('one.test', 'two.test'), text.replace('one', 'tw\u200bo')]) {
      writeFileSync(file, changed);
      expect((await home.run(['ls'], { cwd })).code).toBe(6);
    }
    writeFileSync(file, text);
    expect((await home.run(['ls'], { cwd })).code).toBe(0);
  });

  it('cannot be written to in its untrusted state, so that our own write would trust it', async () => {
    const cwd = home.project('repo', { providers: [{ name: 'bad', baseUrl: 'https://evil.test' }] });
    const before = readFileSync(join(cwd, 'claviger.config.json'), 'utf8');
    const { code } = await home.run(['add', 'github', '--project'], { cwd, input: key });
    expect(code).toBe(6);
    expect(readFileSync(join(cwd, 'claviger.config.json'), 'utf8')).toBe(before);
    expect(existsSync(home.state)).toBe(false);
  });

  it('is shown with nothing in it hidden (L9)', async () => {
    const cwd = home.project('repo', {
      providers: [{ name: 'one', baseUrl: 'https://one.test', environmentVariable: 'A' }],
      audit: { file: `audit${escapes}` },
    });
    // As JSON has it escaped, and as raw bytes in a comment.
    const file = join(cwd, 'claviger.config.json');
    writeFileSync(file, `// ${escapes}\u001b[8mhidden\r// overwritten\n${readFileSync(file, 'utf8')}`);
    const { code, stdout, stderr } = await home.run(['trust', '--yes'], { cwd });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(steering);
    expect(stderr).toContain('\\x1b[8mhidden');
  });
});

describe('names that would steer a terminal (L9)', () => {
  it('are shown escaped by every command that shows them', async () => {
    const name = `one${escapes}`;
    await home.run(['set', name, '--username', `user${escapes}`], { input: 'the-key-of-one' });
    home.write(home.configFile, {
      stores: { default: { kind: 'file' }, [`store${escapes}`]: { kind: 'env' } },
      providers: [
        { name: 'two', store: `store${escapes}`, secretName: `secret${escapes}`, baseUrl: 'https://two.test' },
      ],
    });
    for (const args of [
      ['ls'],
      ['show', name],
      ['show', 'two'],
      ['set', 'two'],
      ['revoke', name],
      ['rm', name],
      ['rm', name, '--yes'],
      ['show', `on${escapes}`],
    ]) {
      for (const more of [[], ['--json']]) {
        const { stdout, stderr } = await home.run([...args, ...more]);
        expect(stdout + stderr).not.toMatch(steering);
        expect(stdout + stderr).not.toBe('');
      }
    }
  });

  it('come through --json as they are for who parses it', async () => {
    const name = `one${escapes}`;
    await home.run(['set', name], { input: 'the-key-of-one' });
    expect((await home.json(['ls'])).credentials[0].name).toBe(name);
  });

  it('are escaped when a server sends them in its head', async () => {
    await using server = await startServer((_request, response) => {
      response.writeHead(200, 'fine\u0085\u009b31m', { 'x-name': 'a\u009b31m' }).end('body');
    });
    await home.run(['add', 'api', '--base-url', server.origin], { input: key });
    const { stdout, stderr } = await home.run(['fetch', '/', '--as', 'api', '-i']);
    expect(stdout + stderr).not.toMatch(steering);
  });
});

describe('two at once', () => {
  it('that change the config file lose nothing of each other, nor of an editor in between (L13)', async () => {
    home.write(home.configFile, { providers: [{ name: 'keep', baseUrl: 'https://keep.test' }] });
    const results = await Promise.all([
      home.run(['add', 'github'], { input: canary() }),
      home.run(['add', 'gitlab'], { input: canary() }),
      home.run(['rm', 'keep', '--definition', '--yes']),
      home.run(['add', 'stripe'], { input: canary() }),
    ]);
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const { credentials } = await home.json(['ls']);
    expect(credentials.map(({ name, state }: any) => `${name} ${state}`).sort()).toEqual(
      ['github current', 'gitlab current', 'stripe current'].sort(),
    );
  });

  it('killed at any moment leave a config file that is whole', async () => {
    await home.run(['init']);
    for (let round = 0; round < 12; round++) {
      await home.run(['add', 'github', `github-${round}`], {
        input: canary(),
        killAfterMs: 60 + round * 20,
      });
      const { credentials, error } = await home.json(['ls']);
      expect(error).toBeUndefined();
      // A definition never stands without the key that was stored for it.
      expect(credentials.filter(({ defined, state }: any) => defined && state !== 'current')).toEqual([]);
    }
  });
});
