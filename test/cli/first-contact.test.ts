import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome, githubKey } from '../support/cli.js';
import { runHere } from '../support/in-process.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const here = (args: readonly string[], options: { cwd?: string; env?: Record<string, string>; tty?: boolean } = {}) =>
  runHere(args, { cwd: home.work, ...options, env: { ...home.env, ...options.env } });

describe('claviger without arguments', () => {
  it('on a new machine says what this is and what to do first, and makes nothing', async () => {
    const { code, stdout, stderr } = await here([]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^claviger carries API keys/);
    for (const line of ['claviger init', 'claviger add github', 'claviger run --env github', 'claviger fetch /user']) {
      expect(stdout).toContain(line);
    }
    expect(existsSync(home.state)).toBe(false);
    expect(existsSync(home.configFile)).toBe(false);
  });

  it('with a config file says how things stand, and the next step with a name that is there', async () => {
    home.write(home.configFile, {
      providers: [
        { name: 'weather', baseUrl: 'https://api.weather.test' },
        { name: 'github', uses: 'github' },
      ],
      stores: { ops: { kind: 'vault', address: 'https://vault.example.test' } },
    });
    const { code, stdout } = await here([]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^config +~\/config\/claviger\/claviger.config.json \(your own\)$/m);
    expect(stdout).toMatch(/^stores +default \(file, not made yet\)$/m);
    expect(stdout).toMatch(/^ +ops \(vault\)$/m);
    expect(stdout).toMatch(/^providers +weather, github$/m);
    expect(stdout).toContain('claviger run --env weather -- <command>');
  });

  it('tells the same to programs', async () => {
    home.write(home.configFile, { providers: [{ name: 'weather', baseUrl: 'https://api.weather.test' }] });
    const answer = JSON.parse((await here(['--json'])).stdout);
    expect(answer).toMatchObject({
      schema: 1,
      config: { path: home.configFile, found: 'user', trusted: true },
      stores: [{ name: 'default', kind: 'file', exists: false }],
      providers: ['weather'],
    });
    expect(answer.next.map(({ command }: { command: string }) => command)).toContain('claviger ls');
  });

  it("tells nothing of a project's file that is not trusted but that, and how to go on", async () => {
    const cwd = home.project('cloned', { providers: [{ name: 'evil-name', baseUrl: 'https://evil.test' }] });
    const { code, stdout } = await here([], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain('nobody has trusted it yet');
    expect(stdout).toContain('claviger trust');
    expect(stdout).not.toContain('evil');
    const answer = JSON.parse((await here(['--json'], { cwd })).stdout);
    expect(answer).toMatchObject({ config: { trusted: false }, error: { code: 'ERR_CONFIG_UNTRUSTED' } });
  });

  it('says what is wrong with a config file that is broken, and ends with 1', async () => {
    home.write(home.configFile, '{ "providers": [], "storse": {} }');
    const { code, stdout } = await here([]);
    expect(code).toBe(1);
    expect(stdout.replace(/\s+/g, ' ')).toContain('unknown key "storse" (did you mean "stores"?)');
  });

  it('asks nobody for the passphrase of a store, and shows no value (L3)', async () => {
    const phrase = home.write(home.path('phrase'), 'correct horse battery');
    await home.run(['init', '--passphrase'], { input: 'correct horse battery' });
    const key = githubKey();
    await home.run(['add', 'github'], { input: key, env: { CLAVIGER_PHRASE_FILE: phrase } });
    const { code, stdout } = await here([]);
    expect(code).toBe(0);
    expect(stdout).toContain('encrypted under a passphrase');
    expect(stdout).not.toContain(key);
  });
});

describe('colour', () => {
  const bold = '\u001b[1m';

  it.each<[string, boolean, Record<string, string>, boolean]>([
    ['is there on a terminal', true, {}, true],
    ['is absent in a pipe', false, {}, false],
    ['is absent with NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['is there with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['is absent on a dumb terminal', true, { TERM: 'dumb' }, false],
    ['is there in a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }, true],
    ['is there with FORCE_COLOR whatever NO_COLOR says', false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['is absent with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }, false],
  ])('%s', async (_, tty, env, coloured) => {
    const { stdout } = await here(['ls', '--help'], { tty, env: { TERM: 'xterm', ...env } });
    expect(stdout.includes(bold)).toBe(coloured);
    // eslint-disable-next-line no-control-regex -- what colour is made of
    expect(stdout.replace(/\u001b\[\d+m/g, '')).toBe((await here(['ls', '--help'])).stdout);
  });
});
