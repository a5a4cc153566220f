import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.js';
import { canary } from '../support/canary.js';
import { startServer, type TestServer } from '../support/http-server.js';
import { needs } from '../support/needs.js';

/** Bytes of no text, more than any buffer on their way. */
const big = randomBytes(2 * 1024 * 1024);

let home: CliHome;
let server: TestServer;
let key: string;
beforeEach(async () => {
  home = new CliHome();
  key = canary();
  server = await startServer(({ method, url, headers, body }, response) => {
    const status = /^\/api\/status\/(\d+)/.exec(url)?.[1];
    if (url.startsWith('/api/away')) response.writeHead(302, { location: 'https://elsewhere.invalid/x' }).end();
    else if (status !== undefined) response.writeHead(Number(status)).end('no');
    else if (url === '/api/big') response.end(big);
    else if (url === '/api/bytes') response.end(Buffer.from([0, 255, 254, 10]));
    else if (url.startsWith('/api/escape')) response.end('\u001b]0;title\u0007text');
    else {
      response.setHeader('x-echo', headers['x-api-key'] ?? 'none');
      response.end(
        JSON.stringify({
          method,
          url,
          key: headers['x-api-key'],
          type: headers['content-type'],
          body: body.toString('utf8'),
        }),
      );
    }
  });
  const flags = ['--base-url', `${server.origin}/api`, '--header', 'X-API-Key'];
  await home.run(['add', 'shop', ...flags], { input: key });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

describe('fetch', () => {
  it('calls below the base URL with the key, and redacts what comes back (L5)', async () => {
    const { code, stdout, stderr } = await home.run(['fetch', '/items?page=2', '--as', 'shop', '-i']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(server.received[0]).toMatchObject({
      method: 'GET',
      url: '/api/items?page=2',
      headers: { 'x-api-key': key },
    });
    expect(stdout).toMatch(/^HTTP 200 OK\n/);
    expect(stdout).toContain('x-echo: [secret]');
    expect(stdout).toContain('"key":"[secret]"');
    expect(stdout).not.toContain(key);
  });

  it('finds the provider by the URL', async () => {
    await home.run(['fetch', `${server.origin}/api/items`]);
    expect(server.received[0]?.headers['x-api-key']).toBe(key);
  });

  it('says so when a URL belongs to no provider', async () => {
    const { code, stderr } = await home.run(['fetch', `${server.origin}/other`]);
    expect(code).toBe(0);
    expect(stderr).toContain('no credential was sent');
    expect(server.received[0]?.headers['x-api-key']).toBeUndefined();
  });

  it('sends headers and a body, from the line, a file or stdin', async () => {
    home.write(home.path('work', 'body.txt'), 'a=1&b=2');
    const results = [
      await home.run(['fetch', '/x', '--as', 'shop', '-d', '{"a":1}', '-H', 'X-Extra: yes']),
      await home.run(['fetch', 'put', '/x', '--as', 'shop', '-d', '@body.txt']),
      await home.run(['fetch', 'PATCH', '/x', '--as', 'shop', '--data', '-', '-H', 'content-type: text/plain'], {
        input: 'from stdin\n',
      }),
    ];
    expect(results.map(({ stdout }) => JSON.parse(stdout))).toMatchObject([
      { method: 'POST', type: 'application/json', body: '{"a":1}' },
      { method: 'PUT', type: 'application/x-www-form-urlencoded', body: 'a=1&b=2' },
      { method: 'PATCH', type: 'text/plain', body: 'from stdin\n' },
    ]);
    expect(server.received[0]?.headers['x-extra']).toBe('yes');
  });

  it.each([
    [200, 0],
    [401, 5],
    [403, 1],
    [404, 1],
    [500, 1],
  ])('with --fail a %d ends with %d; without it with 0', async (status, expected) => {
    const failing = await home.run(['fetch', `/status/${status}`, '--as', 'shop', '--fail']);
    expect(failing.code).toBe(expected);
    expect(failing.stdout).toBe('no');
    expect(failing.stderr).toMatch(expected === 0 ? /^$/ : new RegExp(`HTTP ${status}`));
    expect((await home.run(['fetch', `/status/${status}`, '--as', 'shop'])).code).toBe(0);
  });

  it.each([
    [['https://elsewhere.invalid/', '--as', 'shop'], 'ERR_DESTINATION_DENIED'],
    [['http://elsewhere.invalid/', '--as', 'shop'], 'ERR_DESTINATION_INSECURE'],
    [['/..%2fother', '--as', 'shop'], 'ERR_DESTINATION_AMBIGUOUS'],
    [['//elsewhere.invalid/', '--as', 'shop'], 'ERR_DESTINATION_AMBIGUOUS'],
  ])('%j is refused with 6, before a request is made', async (args, code) => {
    const result = await home.run(['fetch', ...args]);
    expect(result.code).toBe(6);
    expect((await home.json(['fetch', ...args])).error.code).toBe(code);
    expect(server.received).toEqual([]);
  });

  it.each([
    [['/x', '--as', 'nobody'], 3],
    [['/x'], 2],
    [['GET', '/x', 'more', '--as', 'shop'], 2],
    [['G=T', '/x', '--as', 'shop'], 2],
    [['/x', '--as', 'shop', '-H', 'no colon'], 2],
    [['/x', '--as', 'shop', '-d', '@nothing.txt'], 1],
    [['http://127.0.0.1:9/x'], 1],
  ])('%j ends with %d', async (args, code) => {
    const result = await home.run(['fetch', ...args]);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(/^(note: .*\n)?claviger: .+\n$/);
    expect(server.received).toEqual([]);
  });

  it('gives programs status, headers and body together, without the key', { timeout: 60_000 }, async () => {
    const answer = await home.json(['fetch', '/items', '--as', 'shop']);
    expect(answer).toMatchObject({ schema: 1, status: 200, statusText: 'OK', headers: { 'x-echo': '[secret]' } });
    expect(JSON.parse(answer.body)).toMatchObject({ url: '/api/items', key: '[secret]' });
    const failed = await home.run(['fetch', '/status/401', '--as', 'shop', '--fail', '--json']);
    expect([failed.code, JSON.parse(failed.stdout).status]).toEqual([5, 401]);
    expect((await home.json(['fetch', '/bytes', '--as', 'shop'])).base64).toBe('AP/+Cg==');
  });

  it('passes a big body of any bytes through a pipe, and a file on as it is', { timeout: 60_000 }, async () => {
    writeFileSync(home.path('work', 'sent.bin'), big);
    const sums = await home.shell(
      `claviger fetch /big --as shop | cmp - sent.bin && claviger fetch PUT /x --as shop -d @sent.bin > answer`,
    );
    expect(sums.code).toBe(0);
    expect(server.received.at(-1)?.body.equals(big)).toBe(true);
  });

  it('leaves quietly when nobody reads on', async () => {
    const { code, stderr } = await home.shell('claviger fetch /big --as shop | head -c 10 > answer');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('passes the bytes of a body on as they are', async () => {
    const { stdout } = await home.run(['fetch', '/escape', '--as', 'shop']);
    expect(stdout).toBe('\u001b]0;title\u0007text');
  });

  it.skipIf(process.platform !== 'linux' || !needs('script'))(
    'shows a terminal nothing that could steer it (L9)',
    async () => {
      const { stdout } = await home.terminal('claviger fetch /escape --as shop', []);
      expect(stdout).toContain('\\x1b]0;title\\x07text');
      expect(stdout).not.toContain('\u001b]0;');
    },
  );
});
