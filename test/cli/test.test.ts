import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lastResults } from '../../src/cli/last-results.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { CliHome } from '../support/cli.js';
import { freePort } from '../support/free-port.js';
import { startServer, type TestServer } from '../support/http-server.js';

/** Providers of one upstream, each with a path of its own that says how it answers. */
const answers: Record<string, [number, string]> = {
  ok: [200, ''],
  wrong: [401, ''],
  may: [403, ''],
  odd: [404, ''],
  down: [503, ''],
  moved: [302, ''],
};

let home: CliHome;
let server: TestServer;
let key: string;
beforeEach(async () => {
  home = new CliHome();
  key = canary();
  server = await startServer(({ url, headers }, response) => {
    const name = url.split('/').at(-1) ?? '';
    const [status] = answers[name] ?? [200];
    if (name === 'hang') return;
    response.writeHead(status, {
      'content-type': 'application/json',
      location: '/elsewhere',
      'x-echo': String(headers['x-key']),
    });
    response.end(
      JSON.stringify({
        login: name === 'echo' ? headers['x-key'] : 'ada',
        email: 'ada@example.test',
        key: headers['x-key'],
      }),
    );
  });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

/** The config file with these providers; all have the key but those in `without`. */
function define(names: readonly string[], { without = [] as string[], origin = server.origin } = {}): void {
  const base = { baseUrl: `${origin}/api`, placement: { in: 'header', name: 'X-Key' } };
  const providers = names.map((name) => ({ name, ...base, check: { path: `/${name}` } }));
  home.write(home.configFile, { stores: { default: { kind: 'directory', path: home.path('keys') } }, providers });
  for (const name of names) if (!without.includes(name)) home.write(home.path('keys', name), key);
}

/** Adds to the config file. */
function also(...providers: object[]): void {
  const config = JSON.parse(home.config());
  home.write(home.configFile, { ...config, providers: [...config.providers, ...providers] });
}

const results = () => lastResults(home.env);

describe('test', () => {
  it('makes the who-am-I request of each provider, and tells how it went, whose key it is, and nothing else', async () => {
    define(['ok', 'wrong', 'may', 'odd', 'down', 'moved', 'echo']);
    const { code, stdout, stderr } = await home.run(['test']);
    expect([code, stderr]).toEqual([5, '']);
    expect(stdout.split('\n').map((line) => line.split(/\s+/).slice(0, 2).join(' '))).toEqual([
      'NAME RESULT',
      'ok ok',
      'wrong rejected',
      'may rejected',
      'odd unexpected',
      'down unreachable',
      'moved unexpected',
      'echo ok',
      '',
    ]);
    expect(stdout).toContain('HTTP 200, as ada');
    expect(stdout).not.toContain('example.test');
    expect(server.received.map(({ url, headers }) => [url, headers['x-key']])).toContainEqual(['/api/ok', key]);
    expect(server.received.some(({ url }) => url === '/elsewhere')).toBe(false);
    expectNoLeak([stdout, stderr], key);
  });

  it('keeps the last result for others to tell: outcome, status and version, and no name of a person', async () => {
    define(['ok', 'wrong']);
    await home.run(['test', 'wrong']);
    await home.run(['test', 'ok']);
    const kept = await results();
    expect(kept.get('ok')).toMatchObject({
      outcome: 'ok',
      status: 200,
      version: expect.any(String),
      time: expect.any(Number),
    });
    expect(kept.get('wrong')).toMatchObject({ outcome: 'rejected', status: 401 });
    const path = join(home.state, 'tests.json');
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('ada');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expectNoLeak(text, key);
    writeFileSync(path, '{ damaged');
    expect(await results()).toEqual(new Map());
  });

  it('tells a result that it can not keep', async () => {
    define(['ok']);
    home.write(join(home.state, 'other'), '');
    chmodSync(home.state, 0o500);
    const { code, stdout, stderr } = await home.run(['test', 'ok']);
    chmodSync(home.state, 0o700);
    expect(code).toBe(0);
    expect(stdout).toContain('as ada');
    if (process.getuid?.() !== 0) expect(stderr).toContain('could not be kept');
  });

  it('ends with the gravest of several codes', async () => {
    define(['ok', 'odd', 'down', 'wrong', 'absent'], { without: ['absent'] });
    const here = { baseUrl: `${server.origin}/api`, secretName: 'ok', check: { path: '/ok' } };
    also({ name: 'outside', ...here, destinations: ['https://elsewhere.test'] });
    const cases: [string[], number][] = [
      [['ok'], 0],
      [['odd'], 1],
      [['absent', 'down'], 3],
      [['absent', 'wrong', 'down'], 5],
      [['outside', 'absent'], 6],
      [['ok', 'nobody'], 3],
    ];
    const ended = await Promise.all(cases.map(async ([names]) => [names, (await home.run(['test', ...names])).code]));
    expect(ended).toEqual(cases);
  });

  it('tells programs the same', async () => {
    define(['ok', 'wrong', 'absent'], { without: ['absent'] });
    const answer = await home.json(['test', 'ok', 'wrong', 'absent']);
    expect(answer).toMatchObject({
      schema: 1,
      results: [
        { name: 'ok', outcome: 'ok', status: 200, who: 'ada' },
        { name: 'wrong', outcome: 'rejected', status: 401 },
        { name: 'absent', outcome: 'missing', code: 'ERR_CREDENTIAL_NOT_FOUND' },
      ],
    });
    expect(await home.json(['test', 'okk'])).toMatchObject({ error: { code: 'ERR_PROVIDER_NOT_FOUND' } });
    expectNoLeak(answer, key);
  });

  it('says what is missing where no request is known, which fails only if it was asked for by name', async () => {
    home.write(home.configFile, { providers: [{ name: 'plain', baseUrl: server.origin }] });
    const { code, stdout } = await home.run(['test', 'plain']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/plain\s+unchecked\s+.*add "check": \{ "path"/);
    expect((await home.run(['test'])).code).toBe(0);
    expect(server.received).toEqual([]);
  });

  it('tells a server that is not there, and one that does not answer in time', async () => {
    define(['hang']);
    also({ name: 'gone', baseUrl: `http://127.0.0.1:${await freePort()}`, secretName: 'hang', check: { path: '/' } });
    const answer = await home.json(['test', '--timeout', '0.5']);
    expect(answer.results).toMatchObject([
      { name: 'hang', outcome: 'unreachable', code: 'ETIMEDOUT' },
      { name: 'gone', outcome: 'unreachable', code: 'ECONNREFUSED' },
    ]);
    expect((await home.run(['test', 'gone'])).code).toBe(1);
    expect((await results()).get('gone')).toMatchObject({ outcome: 'unreachable' });
  });

  it('asks nobody where the store is locked', async () => {
    const check = { path: '/ok' };
    home.write(home.configFile, { providers: [{ name: 'ok', baseUrl: server.origin, check }] });
    await home.run(['set', 'ok'], { input: key });
    writeFileSync(home.path('not-the-key'), Buffer.alloc(32, 7), { mode: 0o600 });
    const store = { kind: 'file', keyFile: home.path('not-the-key') };
    home.write(home.configFile, { stores: { default: store }, ...JSON.parse(home.config()) });
    const { code, stdout } = await home.run(['test', 'ok']);
    expect(code).toBe(4);
    expect(stdout).toMatch(/ok\s+locked/);
    expect(server.received).toEqual([]);
  });

  it('uses the request of the catalog', async () => {
    define([]);
    also({ name: 'github', uses: 'github', baseUrl: server.origin, destinations: [`${server.origin}/**`] });
    home.write(home.path('keys', 'github'), key);
    expect(await home.json(['test', 'github'])).toMatchObject({ results: [{ outcome: 'ok', who: 'ada' }] });
    expect(server.received[0]?.url).toBe('/user');
  });

  it.each([[['ghp_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5']], [['--timeout', 'soon']]])(
    '%j is a usage error',
    async (args) => {
      const { code, stderr } = await home.run(['test', ...args]);
      expect(code).toBe(2);
      expect(stderr).not.toContain('ghp_aB3');
    },
  );
});
