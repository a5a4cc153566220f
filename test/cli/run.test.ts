import type { createServer as createPlainServer, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { selfSigned } from '../support/certificate.js';
import { CliHome, githubKey } from '../support/cli.js';
import { startServer } from '../support/http-server.js';
import { needs } from '../support/needs.js';
import { echo } from '../support/serve.js';

let home: CliHome;
let key: string;
beforeEach(async () => {
  home = new CliHome();
  key = githubKey();
  await home.run(['add', 'github'], { input: key });
});
afterEach(() => home[Symbol.dispose]());

const print = (...names: string[]) => [
  process.execPath,
  '-e',
  `console.log(${names.map((name) => `process.env.${name}`).join(',')})`,
];

describe('run', () => {
  it("gives a command the key in its provider's usual variable, and redacts what it prints", async () => {
    const check = `process.exit(process.env.GITHUB_TOKEN === ${JSON.stringify(key)} ? 9 : 1)`;
    const { code, stdout } = await home.run([
      'run',
      '--env',
      'github',
      '--',
      process.execPath,
      '-e',
      `console.log(process.env.GITHUB_TOKEN); ${check}`,
    ]);
    expect(code).toBe(9);
    expect(stdout).toBe('[secret]\n');
  });

  it.each([
    [['--env', 'TOKEN=github'], 'TOKEN', (value: string) => value],
    [['--env', 'API_HEADERS=X-API-Key:{}=github'], 'API_HEADERS', (value: string) => `X-API-Key:${value}`],
    [['--env', 'PAIR=a=b&key={}=github'], 'PAIR', (value: string) => `a=b&key=${value}`],
  ])('%j fills the variable', async (flags, name, expected) => {
    const { stdout } = await home.run(['run', ...flags, '--no-redact', '--', ...print(name)]);
    expect(stdout).toBe(`${expected(key)}\n`);
  });

  it('gives it in a private file, or in an argument', async () => {
    const code = `const fs=require('fs'); console.log(fs.readFileSync(process.env.F,'utf8'), (fs.statSync(process.env.F).mode & 0o777).toString(8), process.argv[1])`;
    const args = [
      'run',
      '--file',
      'F=github',
      '--arg',
      '--key={}=github',
      '--no-redact',
      '--',
      process.execPath,
      '-e',
      code,
      '--',
    ];
    const { stdout } = await home.run(args);
    expect(stdout.split(/\s+/)).toEqual([key, '600', `--key=${key}`, '']);
  });

  it('lets nothing of its own settings through', async () => {
    const { stdout } = await home.run(['run', '--env', 'github', '--', 'env'], {
      env: { OTHER: 'kept', CLAVIGER_PHRASE_FILE: '/x' },
    });
    expect(stdout).toContain('OTHER=kept');
    expect(stdout).not.toContain('CLAVIGER_');
  });

  it.each([
    [['sh', '-c', 'exit 0'], 0],
    [['sh', '-c', 'exit 42'], 42],
    [['sh', '-c', 'kill -TERM $$'], 143],
    [['sh', '-c', 'kill -KILL $$'], 137],
    [['no-such-command-anywhere'], 127],
    [['./not-executable'], 126],
    [['/'], 126],
  ])('%j ends with %d', async (command, expected) => {
    home.write(home.path('work', 'not-executable'), 'text');
    const { code } = await home.run(['run', '--env', 'github', '--', ...command]);
    expect(code).toBe(expected);
  });

  it('passes stdin and both outputs on', async () => {
    const { stdout, stderr } = await home.run(['run', '--env', 'github', '--', 'sh', '-c', 'cat; echo err >&2'], {
      input: 'in',
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'in', stderr: 'err\n' });
  });

  it('passes a signal on and reports it', async () => {
    const line = 'trap "echo got; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
    const { code, stdout } = await home.run(['run', '--env', 'github', '--', 'sh', '-c', line], {
      onOutput: (text, child) => text.includes('ready') && child.kill('SIGTERM'),
    });
    expect(stdout).toBe('ready\ngot\n');
    expect(code).toBe(3);
  });

  it.each([
    [['--', 'true'], 2, /which key goes where/],
    [['--env', 'github'], 2, /no command/],
    [['--env', 'github', 'true'], 2, /put -- before the command/],
    [['--env', 'X=', '--', 'true'], 2, /--env VAR=NAME/],
    [['--env', '=github', '--', 'true'], 2, /--env VAR=NAME/],
    [['--env', 'X=no-braces=github', '--', 'true'], 2, /needs \{\}/],
    [['--file', 'github', '--', 'true'], 2, /--file VAR=NAME/],
    [['--arg', 'x=github', '--', 'true'], 2, /needs \{\}/],
    [['--param', 'p=github', '--', 'true'], 2, /unknown option --param/],
    [['--env', 'X=nobody', '--', 'true'], 3, /no provider is named "nobody"/],
    [['--env', 'X=githbu', '--', 'true'], 3, /did you mean "github"/],
  ])('%j ends with %d and starts nothing', async (args, code, message) => {
    const result = await home.run(['run', ...args]);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
  });

  it('starts nothing when one of several credentials is not to be had', async () => {
    await home.run(['add', 'gitlab', '--no-value']);
    const { code } = await home.run(['run', '--env', 'github', '--env', 'gitlab', '--', 'touch', 'ran']);
    expect(code).toBe(3);
    const { existsSync } = await import('node:fs');
    expect(existsSync(home.path('work', 'ran'))).toBe(false);
  });
});

describe('run with a broker', () => {
  it('gives a shell a placeholder and a base URL, so that its requests carry the key and it never does', async () => {
    const api = await startServer(echo);
    onTestFinished(() => api[Symbol.asyncDispose]());
    await home.run(['add', 'local', '--header', 'X-Key', '--base-url', `${api.origin}/v1`], { input: key });
    const script = `fetch(process.env.API_URL, { headers: { 'x-key': process.env.TOKEN } }).then((r) => r.text())
      .then((answer) => console.log(JSON.stringify({ answer, env: process.env })));`;
    const flags = ['--reverse', 'TOKEN=local', '--base-url', 'API_URL=local/v1/users', '--no-redact'];
    const { code, stdout, stderr } = await home.run(['run', ...flags, '--', process.execPath, '-e', script]);
    expect([code, stderr]).toEqual([0, '']);
    expect(api.received[0]).toMatchObject({ url: '/v1/users', headers: { 'x-key': key } });
    expectNoLeak(stdout, key);
  });

  const programs = ['curl', 'git', 'openssl'].map(needs);
  it.skipIf(programs.includes(false))(
    'gives a shell a proxy, so that its curl, its git and its Node reach an https host with a placeholder only',
    async () => {
      const { cert, key: certificateKey } = selfSigned();
      const secure = (handler: RequestListener) =>
        createServer({ cert, key: certificateKey }, handler) as unknown as ReturnType<typeof createPlainServer>;
      const api = await startServer(echo, secure);
      onTestFinished(() => api[Symbol.asyncDispose]());
      const url = `https://localhost:${api.port}`;
      await home.run(['add', 'local', '--bearer', '--base-url', url], { input: key });
      const script = `curl -sS -H "Authorization: Bearer $TOKEN" "$URL/curl"
        git -c http.extraHeader="Authorization: Bearer $TOKEN" ls-remote "$URL/repo.git"
        node -e "fetch(process.env.URL + '/node', { headers: { authorization: 'Bearer ' + process.env.TOKEN } }).then((r) => r.text()).then(console.log)"
        env`;
      const { stdout, stderr } = await home.run(
        ['run', '--forward', 'TOKEN=local', '--no-redact', '--', 'sh', '-c', script],
        { env: { URL: url, NODE_EXTRA_CA_CERTS: home.write(home.path('upstream.pem'), cert.toString()) } },
      );
      const seen = api.received.map((request) => `${request.url} ${request.headers.authorization}`);
      const expected = ['/curl', '/repo.git/info/refs?service=git-upload-pack', '/node'].map(
        (path) => `${path} Bearer ${key}`,
      );
      expect(seen, stdout + stderr).toEqual(expect.arrayContaining(expected));
      expect(stdout).toContain('TOKEN=');
      expectNoLeak([stdout, stderr], key);
    },
  );

  it('gives a command the variables of a proxy', async () => {
    const { stdout } = await home.run([
      'run',
      '--forward',
      'GITHUB_TOKEN=github',
      '--no-redact',
      '--',
      ...print('GITHUB_TOKEN', 'HTTPS_PROXY'),
    ]);
    expect(stdout).toMatch(/^ghp_\w{36} http:\/\/claviger:[\w-]{43}@127\.0\.0\.1:\d+\n$/);
    expectNoLeak(stdout, key);
  });

  it.each([
    ['a base URL without its placeholder', ['--base-url', 'URL=github'], 2],
    ['a base URL that names none', ['--reverse', 'T=github', '--base-url', 'URL'], 2],
    ['a placeholder without a base URL', ['--reverse', 'T=github'], 1],
  ])('refuses %s', async (_what, flags, expected) => {
    const { code } = await home.run(['run', ...flags, '--', 'true']);
    expect(code).toBe(expected);
  });
});
