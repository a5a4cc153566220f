import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { CliHome, type CliOptions, type CliResult } from '../support/cli.js';
import { startServer } from '../support/http-server.js';
import { needs } from '../support/needs.js';

let home: CliHome;
let key: string;
let newer: string;
beforeEach(() => {
  home = new CliHome();
  key = canary();
  newer = canary();
});
afterEach(() => home[Symbol.dispose]());

describe('a key that the command line was given', () => {
  it('stands in no output and no file, whatever is done with it (L3)', async () => {
    await using server = await startServer(({ headers, url }, response) => {
      response.setHeader('x-echo', String(headers.authorization));
      response.statusCode = url.includes('fail') ? 401 : 200;
      response.end(JSON.stringify(headers));
    });
    const results: CliResult[] = [];
    const run = async (args: string[], options?: CliOptions) => {
      const result = await home.run(args, options);
      results.push(result);
      return result;
    };
    await run(['init']);
    const flags = ['--base-url', server.origin, '--env', 'API_KEY', '--username', 'me'];
    expect((await run(['add', 'api', ...flags], { input: `${key}\n` })).code).toBe(0);
    await run(['add', 'api', ...flags], { input: `${key}\n` });
    await run(['add', 'github', '--json'], { input: key });
    await run(['set', 'api'], { input: `${newer}\n` });
    for (const verb of [
      ['ls'],
      ['show', 'api'],
      ['config', 'path'],
      ['providers'],
      ['rm', 'nothing'],
      ['revoke', 'nothing'],
    ]) {
      await run(verb);
      await run([...verb, '--json']);
    }
    await run(['fetch', '/', '--as', 'api', '-i']);
    await run(['fetch', '/fail', '--as', 'api', '--fail']);
    await run(['fetch', `${server.origin}/`, '-i']);
    expect(server.text()).toContain(newer);
    const show = 'env; cat "$F"; echo "$API_KEY" | base64; echo "$0" >&2';
    expect((await run(['run', '--env', 'api', '--file', 'F=api', '--', 'sh', '-c', show])).stdout).toContain(
      '[secret]',
    );
    await run(['run', '--env', 'api', '--', 'no-such-command']);
    await run(['revoke', 'api']);
    await run(['run', '--env', 'api', '--', 'env']);
    await run(['rm', 'api', '--yes', '--definition']);
    for (const value of [key, newer]) expectNoLeak([results, { file: home.directory }], value);
  });

  it('stands in neither argv nor environment of our own processes while one of them runs', async () => {
    await home.run(['add', 'github'], { input: key });
    const own: unknown[] = [];
    await home.run(['run', '--env', 'github', '--', 'sh', '-c', 'echo ready; sleep 5 & wait'], {
      onOutput: (_, { pid }) => {
        own.push(readFileSync(`/proc/${pid}/cmdline`), readFileSync(`/proc/${pid}/environ`));
        process.kill(pid ?? 0, 'SIGTERM');
      },
    });
    expect(own).toHaveLength(2);
    expectNoLeak(own, key);
  });

  it.skipIf(process.platform !== 'linux' || !needs('script'))(
    'is not shown by the terminal that it was typed on (L2)',
    async () => {
      const shown = [
        await home.terminal('claviger add github', [['(not shown): ', `${key}\r`]]),
        await home.terminal('claviger set github', [['(not shown): ', `${newer}\u0003`]]),
      ];
      expect(shown.map(({ code }) => code)).toEqual([0, 130]);
      expectNoLeak([shown[0]?.stdout, shown[1]?.stdout], key);
      expectNoLeak([shown[0]?.stdout, shown[1]?.stdout], newer);
    },
  );
});

function withJson(args: string[]): string[] {
  const end = args.indexOf('--');
  return end === -1 ? [...args, '--json'] : [...args.slice(0, end), '--json', ...args.slice(end)];
}

describe('a key in the wrong place', () => {
  it.each<[string, (value: string) => string[]]>([
    ['after the name', (value) => ['set', 'github', value]],
    ['after both names', (value) => ['add', 'github', 'github', value]],
    ['as the name', (value) => ['set', value]],
    ['as the name of a provider', (value) => ['add', 'github', value]],
    ['as the provider', (value) => ['add', value]],
    ['as the provider with flags', (value) => ['add', value, '--base-url', 'https://x.test']],
    ['as a command', (value) => [value]],
    ['as a long option', (value) => ['set', 'github', `--${value}`]],
    ['as the value of an unknown option', (value) => ['set', 'github', `--key=${value}`]],
    ['as the value of another unknown option', (value) => ['set', 'github', '--value', value]],
    ['as short options', (value) => ['set', 'github', `-${value}`]],
    ['as the value of a flag that takes none', (value) => ['ls', `--json=${value}`]],
    ['as a date', (value) => ['set', 'github', '--expires', value]],
    ['as a name to show', (value) => ['show', value]],
    ['as a name to remove', (value) => ['rm', value, '--yes']],
    ['as a name to revoke', (value) => ['revoke', value]],
    ['as a word to search', (value) => ['providers', value]],
    ['as what fills in a name', (value) => ['add', 'jira', '--set', value]],
    ['as a filled-in value', (value) => ['add', 'jira', '--set', `site=${value}_`]],
    ['as an injection', (value) => ['run', '--env', `X=${value}=`, '--', 'true']],
    ['as a provider of an injection', (value) => ['run', '--env', `X=${value}`, '--', 'true']],
    ['before the command of a run', (value) => ['run', '--env', 'X=y', value, '--', 'true']],
    ['as the provider of a fetch', (value) => ['fetch', 'https://x.test/', '--as', value]],
    ['as a header', (value) => ['fetch', 'https://x.test/', '-H', value]],
    ['as a header with a line break', (value) => ['fetch', 'https://x.test/', '-H', `X: a\n${value}`]],
    ['as the method', (value) => ['fetch', value, 'https://x.test/']],
    ['in the user information of a URL', (value) => ['fetch', `https://me:${value}@x.test/`, '--as', 'api']],
    ['in the query of a refused URL', (value) => ['fetch', `https://elsewhere.test/?key=${value}`, '--as', 'api']],
    ['in the base URL', (value) => ['add', 'x', '--base-url', `https://me:${value}@x.test`]],
    ['in the query of the base URL', (value) => ['add', 'x', '--base-url', `https://x.test/?key=${value}`]],
    ['in a destination', (value) => ['add', 'x', '--destination', `https://me:${value}@x.test/**`]],
  ])('%s ends with an error that does not repeat it, and stores nothing', async (_, line) => {
    const config = home.write(home.configFile, { providers: [{ name: 'api', baseUrl: 'https://x.test' }] });
    const before = readFileSync(config, 'utf8');
    const known = [`sk-ant-api03-${'aB3'.repeat(30)}`, 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'];
    const tries = [
      ...[key, ...known].map((value) => [value, line(value)] as const),
      [key, withJson(line(key))] as const,
    ];
    const results = await Promise.all(tries.map(([, args]) => home.run(args, { input: canary() })));
    for (const [index, [value]] of tries.entries()) {
      expect(results[index]?.code, JSON.stringify(results[index])).not.toBe(0);
      expectNoLeak(results[index], value);
    }
    expect(readFileSync(config, 'utf8')).toBe(before);
    expectNoLeak({ file: home.directory }, key);
  });

  it('in the config file is refused and not printed (L6)', async () => {
    const places = [
      { name: 'api', key },
      { name: 'api', secret: key },
      { name: 'api', headers: { Authorization: `Bearer ${key}` } },
      { name: 'api', baseUrl: `https://me:${key}@x.test` },
      { name: 'api', placement: { in: 'header', name: 'X', value: key } },
      { name: key },
      { name: 'api', placement: { in: 'basic', username: `a:${key}` } },
    ];
    for (const provider of places) {
      home.write(home.configFile, { providers: [provider] });
      const result = await home.run(['ls']);
      expect(result.code, JSON.stringify(provider)).toBe(1);
      expectNoLeak(result, key);
    }
    home.write(home.configFile, `{ "providers": [ ${key} ] }`);
    expectNoLeak(await home.run(['ls']), key);
    home.write(home.configFile, { stores: { default: { kind: 'file', masterKey: key } }, providers: [] });
    const result = await home.run(['ls']);
    expect(result.code).toBe(1);
    expectNoLeak(result, key);
  });
});
