import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import * as zlib from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { basic, header, query } from '../../src/placement/placement.js';
import { createRegistry, type ProviderDefinition } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { codeOf, head, open, openBroker, raw } from '../broker/brokers.js';
import { canary } from '../support/canary.js';
import { echo, rig, serve } from '../support/serve.js';

/** A broker before an upstream that echoes, and one session whose placeholder goes into `x-api-key`. */
async function world(definition: Partial<ProviderDefinition> = {}) {
  const upstream = await serve(echo);
  const setup = rig({ baseUrl: upstream.origin, placement: header('x-api-key'), ...definition });
  const { session, port, broker } = await openBroker(setup.registry);
  const placeholder = session.placeholder('api');
  const send = (line: string, headers: readonly string[] = [], body = '') =>
    raw(port, head(port, line, [`x-api-key: ${placeholder}`, ...headers]) + body);
  return { ...setup, upstream, session, port, broker, placeholder, send };
}

describe('a caller', () => {
  it('without a placeholder, or with another, is told nothing of providers (B1, B2, B3)', async () => {
    const { port, placeholder, upstream, key } = await world();
    for (const value of ['', 'x', placeholder.slice(0, -1), `${placeholder}x`, placeholder.toUpperCase(), key]) {
      const answer = await raw(port, head(port, 'GET /', value === '' ? [] : [`x-api-key: ${value}`]));
      expect([answer.status, codeOf(answer)]).toEqual([401, 'ERR_BROKER_UNAUTHORIZED']);
      expect(answer.text).not.toMatch(/x-api-key|"api"/);
    }
    expect(upstream.received).toEqual([]);
  });

  it.each([['Origin: null'], ['Origin: http://127.0.0.1'], ['Sec-Fetch-Site: same-origin']])(
    'that is a web page is refused: %s (B4)',
    async (line) => {
      const { send, upstream } = await world();
      expect((await send('GET /', [line])).status).toBe(403);
      expect((await send('OPTIONS /', [line, 'Access-Control-Request-Method: GET'])).text).not.toMatch(
        /access-control/i,
      );
      expect(upstream.received).toEqual([]);
      expect((await send('GET /', ['Sec-Fetch-Mode: cors'])).status).toBe(200);
    },
  );

  it.each(['evil.example', '127.0.0.1', '127.0.0.1:1', 'evil.example:PORT', ''])(
    'that names the host %j is refused (B4)',
    async (host) => {
      const { port, placeholder, upstream } = await world();
      const named = host.replace('PORT', String(port));
      const answer = await raw(
        port,
        `GET / HTTP/1.1\r\nHost: ${named}\r\nConnection: close\r\nx-api-key: ${placeholder}\r\n\r\n`,
      );
      expect(answer.status).toBe(403);
      expect(upstream.received).toEqual([]);
    },
  );

  it.each(['/admin', '/metrics', '/proxy.pac', '/health', '/'])('finds nothing at %s (B5)', async (path) => {
    const { port } = await world();
    expect((await raw(port, head(port, `GET ${path}`))).status).toBe(401);
  });
});

const smuggled: [string, string][] = [
  ['CL with TE', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two CLs', 'Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc'],
  ['a CL list', 'Content-Length: 3, 3\r\n\r\nabc'],
  ['a TE list', 'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['two TEs', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a TE with a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n'],
  ['a bare LF', 'A: b\nC: d\r\n\r\n'],
  ['a bare CR', 'A: b\rC: d\r\n\r\n'],
  ['a space before the colon', 'A : b\r\n\r\n'],
  ['a folded line', 'A: b\r\n c\r\n\r\n'],
  ['NUL', 'A: b\0c\r\n\r\n'],
  ['two Hosts', 'Host: evil.example\r\n\r\n'],
  ['a chunk with a bare LF', 'Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n'],
];

describe('a request that can be read in two ways', () => {
  it.each(smuggled)('is refused with 400: %s (B10)', async (_name, rest) => {
    const { port, placeholder, key, upstream } = await world();
    const answer = await raw(
      port,
      `POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nx-api-key: ${placeholder}\r\nConnection: close\r\n${rest}`,
    );
    expect(answer.status).toBe(400);
    expectNoLeak(answer.text, key);
    expect(upstream.received.filter(({ body }) => body.length > 0)).toEqual([]);
  });

  it.each(['http://127.0.0.1/', 'https://api.example.com/', '*', 'api.example.com:443'])(
    'is refused for its target: %s (C13, C23)',
    async (target) => {
      const { send, upstream } = await world();
      expect((await send(`OPTIONS ${target}`)).status).toBe(400);
      expect(upstream.received).toEqual([]);
    },
  );

  it('does not hide behind a good one: each of several on one connection is judged (B11)', async () => {
    const { port, placeholder, upstream } = await world({ destinations: undefined as never });
    const first = `GET /1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nx-api-key: ${placeholder}\r\n\r\n`;
    const { text } = await raw(port, first + head(port, 'GET /2'));
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '401']);
    expect(upstream.received.map(({ url }) => url)).toEqual(['/1']);
  });

  it('is answered before its body has come when it is refused, and the connection ends', async () => {
    const { port } = await world();
    const answer = await raw(port, head(port, 'POST /', ['Content-Length: 1000000']));
    expect(answer.status).toBe(401);
  });
});

describe('a path', () => {
  const inside = (origin: string) => ({ destinations: [`${origin}/v1/public/**`] });

  it.each([
    ['/v1/public/../admin', 403],
    ['/v1/public/%2e%2e/admin', 400],
    ['/v1/public/..%2fadmin', 400],
    ['/v1/public/%252e%252e/admin', 400],
    ['/V1/public/x', 403],
    ['/v1/public/%00', 400],
    ['/v1/public/%c0%ae', 400],
    ['/v1/public//x', 400],
    ['/v1/public/a\\b', 400],
    ['/v1/public/..;x/admin', 400],
    ['/v1/admin', 403],
  ])('%s does not leave the destinations (B6, C16–C22)', async (path, status) => {
    const upstream = await serve(echo);
    const { registry, key } = rig({
      baseUrl: upstream.origin,
      placement: header('x-api-key'),
      ...inside(upstream.origin),
    });
    const { session, port } = await openBroker(registry);
    const answer = await raw(port, head(port, `GET ${path}`, [`x-api-key: ${session.placeholder('api')}`]));
    expect(answer.status).toBe(status);
    expect(codeOf(answer)).toMatch(/^ERR_DESTINATION_/);
    expect(upstream.received).toEqual([]);
    expectNoLeak(answer.text, key);
  });

  it.each(['TRACE', 'TRACK'])('takes no %s (C26)', async (method) => {
    const { send, upstream } = await world();
    expect((await send(`${method} /`)).status).toBeGreaterThanOrEqual(400);
    expect(upstream.received).toEqual([]);
  });

  it('keeps an encoded slash in its segment (C22)', async () => {
    const { send, upstream } = await world();
    expect((await send('GET /projects/group%2Fname')).status).toBe(200);
    expect(upstream.received[0]?.url).toBe('/projects/group%2Fname');
  });
});

describe('headers', () => {
  it('that override, route or belong to one connection go no further (C15, Q2, Q3)', async () => {
    const { send, upstream, key } = await world();
    const answer = await send('GET /', [
      'X-HTTP-Method-Override: DELETE',
      'X-HTTP-Method: DELETE',
      'X-Method-Override: DELETE',
      'X-Original-URL: /admin',
      'X-Rewrite-URL: /admin',
      'X-Forwarded-Host: evil.example',
      'Proxy-Authorization: Basic eDp5',
      'Proxy-Connection: keep-alive',
      'TE: trailers',
      'Trailer: x',
      'Keep-Alive: 1',
      'Upgrade: h2c',
      'HTTP2-Settings: x',
      'Range: bytes=0-1',
      'X-Keep: me',
    ]);
    expect(answer.status).toBe(200);
    const names = Object.keys(upstream.received[0]?.headers ?? {}).sort();
    expect(names).toEqual(['accept-encoding', 'connection', 'host', 'x-api-key', 'x-keep']);
    expect(upstream.received[0]?.headers['accept-encoding']).toBe('identity');
    expect(upstream.received[0]?.headers['x-api-key']).toBe(key);
  });

  it('that are nominated go before the key comes (Q2)', async () => {
    const { port, placeholder, upstream, key } = await world();
    const lines = [
      `Host: 127.0.0.1:${port}`,
      `x-api-key: ${placeholder}`,
      'X-Other: 1',
      'Connection: close, x-api-key, x-other',
    ];
    await raw(port, `GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    expect(upstream.received[0]?.headers).toMatchObject({ 'x-api-key': key });
    expect(upstream.received[0]?.headers['x-other']).toBeUndefined();
  });

  it('of the same name give way: one is left, ours (Q1, P10)', async () => {
    const { send, upstream, key, placeholder } = await world();
    await send('GET /', ['X-API-KEY: other', `X-Api-Key: ${placeholder}`]);
    const names = upstream.received[0]?.rawHeaders.filter((_name, index) => index % 2 === 0) ?? [];
    expect(names.filter((name) => name.toLowerCase() === 'x-api-key')).toHaveLength(1);
    expect(upstream.received[0]?.headers['x-api-key']).toBe(key);
  });

  it('ask in vain for a websocket (B14, X3)', async () => {
    const { port, placeholder, upstream } = await world();
    const lines = [`Host: 127.0.0.1:${port}`, `x-api-key: ${placeholder}`, 'Connection: Upgrade', 'Upgrade: websocket'];
    const answer = await raw(port, `GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\nSec-WebSocket-Key: x\r\n\r\n`);
    expect(answer.status).toBe(501);
    expect(upstream.received).toEqual([]);
  });
});

describe('a placeholder elsewhere', () => {
  it('is never swapped: other headers, cookies, the path, the body (P7, Q14, Q15, Q19)', async () => {
    const { send, upstream, key, placeholder } = await world();
    const body = `${placeholder} `.repeat(10_000);
    const answer = await send(
      `POST /${placeholder}?q=${placeholder}`,
      [
        `User-Agent: ${placeholder}`,
        `Referer: http://x/${placeholder}`,
        `Cookie: a=${placeholder}`,
        `Content-Length: ${body.length}`,
      ],
      body,
    );
    expect(answer.status).toBe(200);
    const [received] = upstream.received;
    expect(received?.headers['x-api-key']).toBe(key);
    expect(received?.body.toString()).toBe(body);
    const { 'x-api-key': _ours, ...others } = received?.headers ?? {};
    expectNoLeak([received?.url, others, received?.body], key);
    expectNoLeak(answer.text, key);
  });

  it('in its place is found however its bytes arrive (Q15)', async () => {
    const { port, placeholder, upstream, key } = await world();
    const bytes = head(port, 'GET /', [`x-api-key: ${placeholder}`]);
    const at = bytes.indexOf(placeholder) + 5;
    await raw(port, bytes.slice(0, at), bytes.slice(at));
    expect(upstream.received[0]?.headers['x-api-key']).toBe(key);
  });

  it('encoded in its place and raw in another puts the key in its place only (P8, Q8, Q9)', async () => {
    const { port, session, upstream, key } = await world({ placement: query('api_key') });
    const placeholder = session.placeholder('api');
    const encoded = Array.from(placeholder, (c) => `%${c.charCodeAt(0).toString(16)}`).join('');
    await raw(port, head(port, `GET /?leak=${placeholder}&%61pi_key=${encoded}&api_key=2`));
    expect(upstream.received[0]?.url).toBe(`/?leak=${placeholder}&%61pi_key=${key}`);
  });

  it('in a JSON body, encoded or raw, stays what it is (P9)', async () => {
    const { send, upstream, placeholder, key } = await world();
    const escaped = Array.from(placeholder, (c) => `\\u00${c.charCodeAt(0).toString(16)}`).join('');
    const body = `{"client_secret":"${escaped}","note":"${placeholder}"}`;
    await send('POST /', [`Content-Length: ${body.length}`], body);
    expect(upstream.received[0]?.body.toString()).toBe(body);
    expectNoLeak(upstream.received[0]?.body, key);
  });

  it('of another provider, session or time is worth nothing (P5, P6)', async () => {
    const upstream = await serve(echo);
    const keys = [canary(), canary()];
    const registry = createRegistry({
      providers: [
        { name: 'x', source: () => keys[0], baseUrl: upstream.origin, placement: header('x-one') },
        { name: 'y', source: () => keys[1], baseUrl: upstream.origin, placement: header('x-two') },
      ],
    });
    const { session, broker, port } = await openBroker(registry, { providers: ['x', 'y'] });
    const status = async (name: string, value: string) =>
      (await raw(port, head(port, 'GET /', [`${name}: ${value}`]))).status;
    expect(await status('x-two', session.placeholder('x'))).toBe(401);
    const other = await openBroker(registry, { providers: ['x'] });
    expect(await status('x-one', other.session.placeholder('x'))).toBe(401);
    const revoked = await broker.openSession({ providers: ['x'] });
    expect(await status('x-one', revoked.placeholder('x'))).toBe(200);
    await revoked.revoke();
    expect(await status('x-one', revoked.placeholder('x'))).toBe(401);
    expect(upstream.received).toHaveLength(1);
    const both = await raw(
      port,
      head(port, 'GET /', [`x-one: ${session.placeholder('x')}`, `x-two: ${session.placeholder('y')}`]),
    );
    expect(both.status).toBe(400);
  });
});

/** An upstream that answers with exactly these bytes. */
async function rawUpstream(answer: (key: string) => Buffer): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.once('data', (data) => {
      socket.end(answer(/x-api-key: (\S+)/i.exec(data.toString('latin1'))?.[1] ?? ''));
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const encoded = (coding: string, body: Buffer) =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${body.length}\r\n\r\n`),
    body,
  ]);

const reflections: [string, (key: string) => Buffer | string][] = [
  ['an error body (X1)', (key) => `HTTP/1.1 500 x\r\ncontent-length: ${key.length}\r\n\r\n${key}`],
  [
    'the status text and headers (X2)',
    (key) => `HTTP/1.1 200 ${key}\r\nx-a: ${key}\r\nset-cookie: a=${key}\r\nx-${key}: 1\r\ncontent-length: 0\r\n\r\n`,
  ],
  [
    'an interim head (X2)',
    (key) => `HTTP/1.1 103 x\r\nlink: <${key}>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n`,
  ],
  [
    'a trailer (X2)',
    (key) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-sum: ${key}\r\n\r\n`,
  ],
  ['a JSON key (X4)', (key) => `HTTP/1.1 200 OK\r\n\r\n{"${key}":1}`],
  [
    'base64 (X7, X8)',
    (key) =>
      `HTTP/1.1 200 OK\r\n\r\nBasic ${btoa(`user:${key}`)} ${btoa(`ab${key}`)} ${Buffer.from(key).toString('base64url')}`,
  ],
  ['hex (X9)', (key) => `HTTP/1.1 200 OK\r\n\r\n${Buffer.from(key).toString('hex')}`],
  ['gzip (X10)', (key) => encoded('gzip', zlib.gzipSync(key))],
  ['deflate (X10)', (key) => encoded('deflate', zlib.deflateSync(key))],
  ['br (X10)', (key) => encoded('br', zlib.brotliCompressSync(key))],
  ['no content type, no length (X12)', (key) => `HTTP/1.1 200 OK\r\n\r\n\0${key}\0`],
  [
    'a large body (X13)',
    (key) =>
      `HTTP/1.1 200 OK\r\ncontent-length: ${key.length + 200_000}\r\netag: "x"\r\n\r\n${'x'.repeat(100_000)}${key}${'y'.repeat(100_000)}`,
  ],
];

describe('an upstream that gives the key back', () => {
  it.each(reflections)('in %s gives a placeholder at most', async (_name, answer) => {
    let key = '';
    const origin = await rawUpstream((sent) => Buffer.from(answer((key = sent)) as string));
    const { registry } = rig({ baseUrl: origin, placement: header('x-api-key') });
    const { session, port } = await openBroker(registry);
    const got = await raw(port, head(port, 'GET /', [`x-api-key: ${session.placeholder('api')}`]));
    expect(got.status).toBeGreaterThanOrEqual(200);
    expect(got.status).not.toBe(502);
    expect(key).toMatch(/^ck_/);
    expectNoLeak(got.text, key);
  });

  it.each(['gzip, gzip', 'compress', 'x-unknown'])('in the coding %s is not passed on at all (X11)', async (coding) => {
    const origin = await rawUpstream((key) => encoded(coding, zlib.gzipSync(zlib.gzipSync(key))));
    const { registry, key } = rig({ baseUrl: origin, placement: header('x-api-key') });
    const { session, port } = await openBroker(registry);
    const got = await raw(port, head(port, 'GET /', [`x-api-key: ${session.placeholder('api')}`]));
    expect([got.status, codeOf(got)]).toEqual([502, 'ERR_BROKER_UPSTREAM']);
    expectNoLeak(got.text, key);
  });

  it('under another transfer coding is not passed on at all (X11)', async () => {
    const origin = await rawUpstream((key) => {
      const body = zlib.gzipSync(key);
      const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n';
      return Buffer.concat([Buffer.from(`${head}${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
    });
    const { registry } = rig({ baseUrl: origin, placement: header('x-api-key') });
    const { session, port } = await openBroker(registry);
    const got = await raw(port, head(port, 'GET /', [`x-api-key: ${session.placeholder('api')}`]));
    expect([got.status, codeOf(got)]).toEqual([502, 'ERR_BROKER_UPSTREAM']);
  });

  it.each(['HEAD', '204', '304'])('keeps the framing of %s right (X17)', async (kind) => {
    const status = kind === 'HEAD' ? 200 : Number(kind);
    const origin = await rawUpstream(() =>
      Buffer.from(
        `HTTP/1.1 ${status} x\r\nx-a: b\r\netag: "1"\r\n${kind === 'HEAD' ? 'content-length: 5\r\n' : ''}\r\n`,
      ),
    );
    const { registry } = rig({ baseUrl: origin, placement: header('x-api-key') });
    const { session, port } = await openBroker(registry);
    const { text } = await raw(
      port,
      head(port, `${kind === 'HEAD' ? 'HEAD' : 'GET'} /`, [`x-api-key: ${session.placeholder('api')}`]),
    );
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toContain('etag: "1"');
    expect(text.split('\r\n\r\n')[1]).toBe('');
    if (kind === 'HEAD') expect(text).toContain('content-length: 5');
  });

  it('with another length drops what describes its bytes, and only then (X16, X17)', async () => {
    const upstream = await serve((received, response) => {
      const body = received.url === '/echo' ? String(received.headers['x-api-key']) : 'plain';
      response.writeHead(200, { etag: '"1"', 'content-md5': 'x', 'content-length': body.length }).end(body);
    });
    const { registry } = rig({ baseUrl: upstream.origin, placement: header('x-api-key') });
    const { session } = await openBroker(registry);
    const get = (path: string) =>
      fetch(session.baseUrl('api', path), { headers: { 'x-api-key': session.placeholder('api') } });
    const echoed = await get('/echo');
    expect([await echoed.text(), echoed.headers.get('etag'), echoed.headers.get('content-md5')]).toEqual([
      session.placeholder('api'),
      null,
      null,
    ]);
    const plain = await get('/plain');
    expect([await plain.text(), plain.headers.get('etag')]).toEqual(['plain', '"1"']);
  });

  it('on a later request of another provider is seen through too (X18)', async () => {
    const upstream = await serve((_received, response) => response.end(key));
    const { key, registry } = rig(
      { baseUrl: upstream.origin, placement: header('x-api-key') },
      { providers: [{ name: 'other', source: () => canary(), baseUrl: upstream.origin, placement: basic() }] },
    );
    const { session } = await openBroker(registry, { providers: ['api', 'other'] });
    await fetch(session.baseUrl('api'), { headers: { 'x-api-key': session.placeholder('api') } });
    const authorization = `Basic ${btoa(`u:${session.placeholder('other')}`)}`;
    const text = await (await fetch(session.baseUrl('other'), { headers: { authorization } })).text();
    expect(text).toBe(session.placeholder('api'));
  });
});

describe('the listener', () => {
  it('is on loopback only, and let go of slow callers (B7)', async () => {
    const { OpenBroker } = await import('../../src/broker/create-broker.js');
    const upstream = await serve();
    const { registry } = rig({ baseUrl: upstream.origin });
    const broker = await OpenBroker.start({ slowMs: 100 });
    onTestFinished(() => broker.close());
    const session = await broker.openSession([registry.auth('api')]);
    const port = Number(new URL(session.baseUrl('api')).port);
    const socket = open(port);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write('GET / HTTP/1.1\r\nHost: x');
    await once(socket, 'close');
    expect(text).toContain('408');
    const slow = await raw(
      port,
      head(port, 'POST /', [`Authorization: Bearer ${session.placeholder('api')}`, 'Content-Length: 10']),
    );
    expect(slow.text === '' || slow.status === 408).toBe(true);
    expect(upstream.received).toEqual([]);
  });
});
