import { chmodSync, existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forwardEnvironment } from '../../src/broker/forward-environment.js';
import { recordResults } from '../../src/cli/last-results.js';
import { forwardPrograms } from '../../src/cli/doctor/forward-programs.js';
import { LATE, within } from '../../src/cli/doctor/deadline.js';
import { Secret } from '../../src/index.js';
import { ownIdentity } from '../../src/internal/process-identity.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { CliHome, githubKey } from '../support/cli.js';
import { runHere } from '../support/in-process.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const here = (args: readonly string[], { cwd = home.work, env = {} } = {}) =>
  runHere(args, { cwd, env: { ...home.env, ...env } });

async function checks(args: readonly string[] = [], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const { code, stdout } = await here(['doctor', '--json', ...args], options);
  const answer = JSON.parse(stdout);
  expect(answer.schema).toBe(1);
  const named = (name: string) => answer.checks.find((check: { name: string }) => check.name === name);
  return { code, stdout, answer, named };
}

const weather = { name: 'weather', baseUrl: 'https://api.weather.test' };
const audit = { file: 'audit.jsonl' };

/** A machine where all is well. */
async function wellSetUp(key = githubKey()): Promise<string> {
  home.write(home.configFile, { providers: [weather], audit });
  chmodSync(home.configFile, 0o600);
  await home.run(['set', 'weather'], { input: key });
  return key;
}

describe('doctor', () => {
  it('of a machine where all is well ends with 0 and shows no value (L3)', async () => {
    const key = await wellSetUp();
    const { code, stdout, answer, named } = await checks();
    expect(answer.checks.filter(({ status }: any) => status === 'fail')).toEqual([]);
    expect(code).toBe(0);
    for (const name of ['node', 'config', 'permissions', 'credential:weather', 'audit']) {
      expect(named(name)).toMatchObject({ status: 'ok' });
    }
    expect(named('store:default').message).toMatch(/^1 key; .*protects a copy of the store/);
    const text = await here(['doctor']);
    expect(text.stdout).toMatch(/^ok +config +~\/config\/claviger/m);
    expectNoLeak(stdout + text.stdout + text.stderr, Secret.from(key));
  });

  it('of a new machine says what to do first', async () => {
    const { code, named } = await checks();
    expect(code).toBe(0);
    expect(named('config')).toMatchObject({ status: 'warn', fix: 'claviger init' });
    expect(named('store:default')).toMatchObject({ status: 'warn', fix: 'claviger init' });
  });

  it('gives a remedy in one line for everything that is not well', async () => {
    home.write(home.configFile, { providers: [weather, { name: 'other', baseUrl: 'https://o.test' }] });
    const { answer } = await checks();
    for (const { status, fix } of answer.checks) {
      if (status !== 'ok') expect(fix).toMatch(/^[^\n]+$/);
    }
  });

  it("does not trust a project's file, nor with --fix, and opens none of its stores (L8)", async () => {
    const witness = home.path('witness');
    const command = { kind: 'command', command: 'touch', args: [witness] };
    const cwd = home.project('cloned', { providers: [weather], stores: { default: command } });
    for (const args of [[], ['--fix']]) {
      const { code, named } = await checks(args, { cwd });
      expect(code).toBe(1);
      expect(named('config')).toMatchObject({ status: 'fail', fix: 'read it, then run: claviger trust' });
    }
    expect(existsSync(witness)).toBe(false);
  });

  it('tells what is wrong with a config file, and looks at the rest all the same', async () => {
    home.write(home.configFile, '{ "providers": [], "storse": {} }');
    const { code, named } = await checks();
    expect(code).toBe(1);
    expect(named('config')).toMatchObject({ status: 'fail', message: expect.stringContaining('storse') });
    expect(named('node')).toMatchObject({ status: 'ok' });
  });
});

describe.skipIf(process.platform === 'win32')('doctor --fix', () => {
  it('mends the modes of files, and the store is well again', async () => {
    await wellSetUp();
    const store = join(home.state, 'secrets.claviger');
    const key = `${store}.key`;
    chmodSync(store, 0o644);
    chmodSync(key, 0o640);
    chmodSync(home.configFile, 0o666);
    const before = await checks();
    expect(before.code).toBe(1);
    expect(before.answer.checks.filter(({ name }: any) => name === 'permissions')).toHaveLength(3);
    expect(before.named('store:default').status).toBe('fail');
    expect(statSync(store).mode & 0o777).toBe(0o644);

    const after = await checks(['--fix']);
    expect(after.answer.mended).toHaveLength(3);
    expect(after.code).toBe(0);
    expect(after.named('store:default').status).toBe('ok');
    expect([store, key, home.configFile].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o644]);
  });

  it('removes the lock of a dead process and what was left half-written, not what is in use', async () => {
    await wellSetUp();
    const { start, realm } = ownIdentity();
    const dead = join(home.state, 'trust.json.lock');
    const held = join(home.state, 'tests.json.lock');
    writeFileSync(dead, `0123456789abcdef-4194304-1-${realm}`);
    writeFileSync(held, `0123456789abcdef-${process.pid}-${start}-${realm}`);
    const old = join(home.state, 'trust.json.0123456789abcdef.tmp');
    const fresh = join(home.state, 'trust.json.fedcba9876543210.tmp');
    for (const path of [old, fresh]) writeFileSync(path, 'x', { mode: 0o600 });
    utimesSync(old, new Date(0), new Date(0));
    const before = await checks();
    expect(before.code).toBe(0);
    expect(before.answer.checks.filter(({ name }: any) => name === 'leftovers')).toHaveLength(2);
    const { answer } = await checks(['--fix']);
    expect(answer.mended).toHaveLength(2);
    expect([dead, old, held, fresh].map((path) => existsSync(path))).toEqual([false, false, true, true]);
  });

  it('changes nothing where nothing is wrong', async () => {
    await wellSetUp();
    expect((await checks(['--fix'])).answer.mended).toEqual([]);
  });
});

describe('doctor, of keys', () => {
  it('tells their age, what their provider said last, and when they end', async () => {
    await wellSetUp();
    const { version } = (await home.json(['show', 'weather'])).credential;
    const result = { time: Date.parse('2026-11-01'), outcome: 'ok', status: 200, version } as const;
    await recordResults(home.env, new Map([['weather', result]]));
    expect((await checks()).named('credential:weather').message).toBe('stored today, last test: ok on 2026-11-01');

    await recordResults(home.env, new Map([['weather', { ...result, outcome: 'rejected', status: 401 }]]));
    const rejected = await checks();
    expect(rejected.code).toBe(1);
    expect(rejected.named('credential:weather')).toMatchObject({ status: 'fail', fix: 'claviger set weather' });

    // A newer key has not been refused yet.
    await home.run(['set', 'weather'], { input: githubKey() });
    expect((await checks()).named('credential:weather').message).toBe('stored today, not tested yet');

    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    await home.run(['set', 'weather', '--expires', soon], { input: githubKey() });
    expect((await checks()).named('credential:weather')).toMatchObject({ status: 'warn' });

    await home.run(['revoke', 'weather']);
    expect((await checks()).named('credential:weather')).toMatchObject({
      status: 'fail',
      message: 'its key is revoked',
    });
  });

  it('says that one is missing, and not so of a store that can not answer', async () => {
    const stores = { down: { kind: 'command', command: 'false' } };
    home.write(home.configFile, { providers: [weather, { ...weather, name: 'b', store: 'down' }], stores });
    await home.run(['init']);
    const { code, named } = await checks();
    expect(named('credential:weather')).toMatchObject({ status: 'warn', message: 'there is no key for it' });
    expect(named('store:down')).toMatchObject({ status: 'fail' });
    expect(named('credential:b')).toBeUndefined();
    expect(code).toBe(1);
  });
});

describe('doctor, of plaintext keys', () => {
  it('tells in which settings of which client one stands, as scan does, and never what', async () => {
    const key = githubKey();
    const entry = { command: 'npx', args: ['-y', 'server'], env: { GITHUB_TOKEN: key } };
    home.write(home.path('.cursor', 'mcp.json'), { mcpServers: { github: entry } });
    const { stdout, code, named } = await checks();
    expect(named('plaintext:cursor')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('1 key stands'),
    });
    expect(code).toBe(0);
    expectNoLeak(stdout, Secret.from(key));
    expect((await here(['scan'])).code).toBe(7);
  });

  it('says so where there is none', async () => {
    expect((await checks()).named('plaintext')).toMatchObject({ status: 'ok' });
  });
});

describe('doctor, with a store that hangs', () => {
  it('tells so after its time and ends, with everything else told', async () => {
    const stores = { slow: { kind: 'command', command: 'sleep', args: ['60'], timeoutMs: 60_000 } };
    home.write(home.configFile, { providers: [{ ...weather, store: 'slow' }], stores });
    const { code, stdout } = await home.run(['doctor', '--json'], { killAfterMs: 40_000 });
    expect(code).toBe(1);
    const named = Object.fromEntries(JSON.parse(stdout).checks.map((check: any) => [check.name, check]));
    expect(named['store:slow']).toMatchObject({ status: 'fail', message: expect.stringContaining('did not answer') });
    expect(named['node'].status).toBe('ok');
  }, 60_000);

  it('hears nothing of what comes too late', async () => {
    expect(await within(5, new Promise(() => undefined))).toBe(LATE);
    expect(await within(5000, Promise.resolve(1))).toBe(1);
  });
});

describe('doctor, of programs in forward mode', () => {
  /** A PATH with nothing but these. */
  const only = (...names: string[]) => {
    const folder = home.path('bin');
    mkdirSync(folder);
    for (const name of names) chmodSync(home.write(join(folder, name), '#!/bin/sh\n'), 0o755);
    return { PATH: folder };
  };

  it('tells of those on the PATH which variable they honour, and which go round the broker', async () => {
    const { named } = await checks([], { env: only('curl', 'java') });
    expect(named('forward:curl')).toEqual({
      name: 'forward:curl',
      status: 'ok',
      message: 'honours HTTPS_PROXY and CURL_CA_BUNDLE',
    });
    expect(named('forward:java')).toMatchObject({
      status: 'warn',
      message: expect.stringContaining('round the broker'),
    });
    expect(named('forward:git')).toBeUndefined();
  });

  it('knows no variable that a session does not set', () => {
    const files = { preload: '/p.cjs', certificate: '/c.pem', bundle: '/b.pem' };
    const set = Object.keys(forwardEnvironment({ grantees: [] } as never, 'http://p', files as never));
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      for (const { trust, proxy, but } of Object.values(forwardPrograms(platform))) {
        for (const name of [trust, proxy]) if (name !== undefined) expect(set).toContain(name);
        // Whoever lacks one of the two is told why.
        if (trust === undefined || proxy === undefined) expect(but).toEqual(expect.any(String));
      }
    }
  });

  it('starts none of them', async () => {
    const witness = home.path('witness');
    const env = only('curl');
    home.write(join(env.PATH, 'curl'), `#!/bin/sh\necho started > ${witness}\n`);
    await checks([], { env });
    expect(existsSync(witness)).toBe(false);
  });
});
