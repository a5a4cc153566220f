import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:net';
import * as zlib from 'node:zlib';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAgent, createFetch } from '../../src/http/index.js';
import { basic, header } from '../../src/placement/placement.js';
import { expectNoLeak } from '../../src/testing/index.js';
import type { Received } from '../support/http-server.js';
import { rejects } from '../support/rejects.js';
import { echo, rig, serve, type Rig } from '../support/serve.js';

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Record<string, unknown>;
  readonly bytes: Buffer;
}

type Client = (
  setup: Rig,
  url: string,
  init?: { method?: string; headers?: Record<string, string> },
) => Promise<Answer>;

/** Every way to read a response. */
const clients: [string, Client][] = [
  [
    'createFetch',
    async ({ registry }, url, init) => {
      const response = await createFetch({ auth: registry.auth('api') })(url, init);
      const { status, statusText } = response;
      const headers = Object.fromEntries(response.headers);
      return { status, statusText, headers, bytes: Buffer.from(await response.arrayBuffer()) };
    },
  ],
  [
    'undici.request',
    async ({ registry }, url, { method = 'GET', ...init } = {}) => {
      const dispatcher = createAgent({ auth: registry.auth('api') });
      const response = await request(url, { dispatcher, method, ...init });
      const bytes = Buffer.from(await response.body.arrayBuffer());
      const { statusCode: status, statusText, headers, trailers } = response;
      return { status, statusText, headers: { ...headers, ...trailers }, bytes };
    },
  ],
];

/** A server that says exactly these bytes. */
async function serveRaw(answer: (key: string) => string): Promise<{ origin: string }> {
  const server = createServer((socket) => {
    socket.once('data', (data) => {
      const key = /x-api-key: (\S+)/i.exec(data.toString('latin1'))?.[1] ?? '';
      socket.end(Buffer.from(answer(key), 'latin1'));
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { origin: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
}

const keyOf = ({ headers }: Received) => String(headers['x-api-key']);
const inHeader = { placement: header('x-api-key') };

describe.each(clients)('a response by %s', (_name, read) => {
  it.each([200, 404, 500])('of status %i echoes no key (X1)', async (status) => {
    const server = await serve((received, response) => {
      response.statusCode = status;
      echo(received, response);
    });
    const setup = rig({ baseUrl: server.origin, placement: [header('x-api-key'), basic()] });
    const answer = await read(setup, server.origin);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ headers: { 'x-api-key': '[secret]' } });
    expectNoLeak(answer, setup.key);
  });

  it('has no key in its status line, its headers or their names (X2)', async () => {
    const { origin } = await serveRaw(
      (key) =>
        `HTTP/1.1 200 Hello ${key}\r\nx-echo: <${key}>\r\nset-cookie: a=${key}\r\nset-cookie: b=2\r\n` +
        `x-${key}: 1\r\nx-base64: ${Buffer.from(`:${key}`).toString('base64')}\r\ncontent-length: 2\r\n\r\nok`,
    );
    const setup = rig({ baseUrl: origin, ...inHeader });
    const answer = await read(setup, origin);
    expect(answer.statusText).toBe('Hello [secret]');
    expect(answer.headers).toMatchObject({ 'x-echo': '<[secret]>' });
    expect(JSON.stringify(answer.headers)).toContain('b=2');
    expectNoLeak([answer, answer.headers], setup.key);
  });

  it('has no key in a 1xx head or a trailer (X2)', async () => {
    const { origin } = await serveRaw(
      (key) =>
        `HTTP/1.1 103 Early ${key}\r\nlink: <${key}>\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n` +
        `trailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: ${key}\r\n\r\n`,
    );
    const setup = rig({ baseUrl: origin, ...inHeader });
    const answer = await read(setup, origin);
    expect(answer.bytes.toString()).toBe('ok');
    expectNoLeak(answer, setup.key);
  });

  it.each<[string, (key: string) => string]>([
    ['as a JSON object key (X4)', (key) => JSON.stringify({ [key]: 1 })],
    ['inside a longer word (X5)', (key) => `prefix${key}suffix`],
    ['in HTML entities (X6)', (key) => Array.from(key, (c) => `&#${c.charCodeAt(0)};`).join('')],
    ['in hex HTML entities (X6)', (key) => Array.from(key, (c) => `&#x${c.charCodeAt(0).toString(16)};`).join('')],
    ['in base64, aligned (X7)', (key) => Buffer.from(`abc${key}def`).toString('base64')],
    ['in base64, one off (X7)', (key) => Buffer.from(`a${key}def`).toString('base64')],
    ['in base64url, two off (X7)', (key) => Buffer.from(`ab${key}def`).toString('base64url')],
    ['as Basic credentials (X8)', (key) => `Basic ${Buffer.from(`user:${key}`).toString('base64')}`],
    ['in hex (X9)', (key) => Buffer.from(key).toString('hex')],
    ['in upper-case hex (X9)', (key) => Buffer.from(key).toString('hex').toUpperCase()],
  ])('has no key %s', async (_form, write) => {
    const server = await serve((received, response) => response.end(write(keyOf(received))));
    const setup = rig({ baseUrl: server.origin, ...inHeader });
    const answer = await read(setup, server.origin);
    expect(answer.bytes.toString()).toContain('[secret]');
    expectNoLeak(answer, setup.key);
  });

  const codings: [string, (data: string) => Buffer][] = [
    ['gzip', (data) => zlib.gzipSync(data)],
    ['x-gzip', (data) => zlib.gzipSync(data)],
    ['deflate', (data) => zlib.deflateSync(data)],
    ['deflate', (data) => zlib.deflateRawSync(data)],
    ['br', (data) => zlib.brotliCompressSync(data)],
    ['Identity', (data) => Buffer.from(data)],
  ];
  it.each(codings)('coded as %s, though not asked for, is decoded (X10)', async (coding, encode) => {
    const server = await serve((received, response) => {
      response.setHeader('content-encoding', coding);
      response.end(encode(`key: ${keyOf(received)}`.repeat(1000)));
    });
    const setup = rig({ baseUrl: server.origin, ...inHeader });
    const answer = await read(setup, server.origin, { headers: { 'accept-encoding': 'gzip' } });
    expect(answer.bytes.toString()).toBe('key: [secret]'.repeat(1000));
    expect(server.received[0]?.headers['accept-encoding']).toBe('identity');
    expectNoLeak(answer, setup.key);
  });

  it.each(['gzip, gzip', 'compress', 'gzip, br', 'zzz'])('coded as %j fails closed (X11)', async (coding) => {
    const server = await serve((received, response) => {
      response.setHeader('content-encoding', coding);
      response.end(zlib.gzipSync(zlib.gzipSync(keyOf(received))));
    });
    const setup = rig({ baseUrl: server.origin, ...inHeader });
    const error = await rejects(read(setup, server.origin), 'ERR_BROKER_UPSTREAM');
    expectNoLeak(error, setup.key);
  });

  it('with a body that is not what its coding says fails (X11)', async () => {
    const server = await serve((received, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(keyOf(received));
    });
    const setup = rig({ baseUrl: server.origin, ...inHeader });
    const error = await rejects(read(setup, server.origin), 'ERR_BROKER_UPSTREAM');
    expectNoLeak(error, setup.key);
  });

  it('in chunks that cut the key, without length or type, has none (X12, X15)', async () => {
    const server = await serve((received, response) => {
      const key = keyOf(received);
      void (async () => {
        for (const piece of ['a', ...Array.from(key), 'b', key, ...Array.from(key), 'c']) {
          response.write(piece);
          await new Promise(setImmediate);
        }
        response.end();
      })();
    });
    const setup = rig({ baseUrl: server.origin, ...inHeader });
    const answer = await read(setup, server.origin);
    expect(answer.bytes.toString()).toBe('a[secret]b[secret][secret]c');
  });

  it('does not let parts of a body be asked for (X14)', async () => {
    const server = await serve((received, response) => {
      expect(received.headers).not.toHaveProperty('range');
      expect(received.headers).not.toHaveProperty('if-range');
      response.end(keyOf(received));
    });
    const setup = rig({ baseUrl: server.origin, ...inHeader });
    const answer = await read(setup, server.origin, { headers: { range: 'bytes=0-9', 'if-range': '"x"' } });
    expect(answer.bytes.toString()).toBe('[secret]');
  });

  it('without a key is the same byte for byte, and keeps what describes its bytes (X16)', async () => {
    const all = Buffer.from(Array.from({ length: 4096 }, (_, index) => index % 256));
    const server = await serve((_request, response) => {
      response.setHeader('etag', '"v1"');
      response.setHeader('content-length', all.length);
      response.end(all);
    });
    const answer = await read(rig({ baseUrl: server.origin }), server.origin);
    expect(answer.bytes.equals(all)).toBe(true);
    expect(answer.headers).toMatchObject({ etag: '"v1"', 'content-length': '4096' });
  });

  it('that changes loses what described its bytes, and has its true length (X17)', async () => {
    const server = await serve((received, response) => {
      const body = `key: ${keyOf(received)}`;
      for (const name of ['etag', 'content-md5', 'digest', 'content-digest', 'repr-digest'])
        response.setHeader(name, 'x');
      response.setHeader('content-length', body.length);
      response.end(body);
    });
    const answer = await read(rig({ baseUrl: server.origin, ...inHeader }), server.origin);
    expect(answer.bytes.toString()).toBe('key: [secret]');
    expect(answer.headers['content-length']).toBe(String(answer.bytes.length));
    expect(Object.keys(answer.headers).filter((name) => /etag|md5|digest/.test(name))).toEqual([]);
  });

  it.each<[string, number]>([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
    ['GET', 200],
  ])('to %s with status %i and no body ends (X17)', async (method, status) => {
    const server = await serve((_request, response) => {
      response.statusCode = status;
      if (method === 'HEAD') response.setHeader('content-length', 5).setHeader('content-encoding', 'gzip');
      response.end();
    });
    const answer = await read(rig({ baseUrl: server.origin }), server.origin, { method });
    expect([answer.status, answer.bytes.length]).toEqual([status, 0]);
    if (method === 'HEAD') expect(answer.headers['content-length']).toBe('5');
  });

  it('that breaks off gives an error without the key', async () => {
    const server = await serve((received, response) => {
      response.setHeader('content-length', 1_000_000);
      response.write(keyOf(received));
      setTimeout(() => response.destroy(), 20);
    });
    const setup = rig({ baseUrl: server.origin, ...inHeader });
    const error: unknown = await read(setup, server.origin).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expectNoLeak(error, setup.key);
  });

  it('that is no HTTP gives an error without the key', async () => {
    const { origin } = await serveRaw((key) => `SPQR/9 ${key}\r\n\r\n`);
    const setup = rig({ baseUrl: origin, ...inHeader });
    const error: unknown = await read(setup, origin).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expectNoLeak(error, setup.key);
  });
});

it('redacts by session: an echo where nothing was injected, too (X18)', async () => {
  const kept: string[] = [];
  const inside = await serve((received, response) => {
    kept.push(keyOf(received));
    response.end('ok');
  });
  const outside = await serve((_request, response) => {
    response.setHeader('x-echo', kept.join()).setHeader('content-encoding', 'gzip');
    response.end(zlib.gzipSync(`stolen: ${kept.join()}`));
  });
  const { registry, key } = rig({ baseUrl: inside.origin, ...inHeader });
  const fetch = createFetch({ registry });
  await fetch(inside.origin);
  const response = await fetch(outside.origin);
  expect(response.headers.get('x-echo')).toBe('[secret]');
  expect(await response.text()).toBe('stolen: [secret]');
  const raw = await request(outside.origin, { dispatcher: createAgent({ registry }) });
  expectNoLeak([raw.headers, await raw.body.text()], key);
});

it('passes responses as they are with redact: false', async () => {
  const server = await serve((received, response) => {
    response.setHeader('content-encoding', 'zzz').end(keyOf(received));
  });
  const { registry, key } = rig({ baseUrl: server.origin, ...inHeader });
  const auth = registry.auth('api');
  expect(await (await createFetch({ auth }, { redact: false })('/')).text()).toBe(key);
  const { body } = await request(server.origin, { dispatcher: createAgent({ auth }, { redact: false }) });
  expect(await body.text()).toBe(key);
});

it('does not let an event stream wait (X12)', async () => {
  let next: (() => void) | undefined;
  const server = await serve((_request, response) => {
    response.setHeader('content-type', 'text/event-stream');
    let count = 0;
    next = () => response.write(`data: event ${++count}\n\n`);
    next();
  });
  const { registry } = rig({ baseUrl: server.origin, ...inHeader });
  const response = await createFetch({ auth: registry.auth('api') })('/');
  const reader = response.body?.getReader();
  for (let count = 1; count <= 3; count++) {
    const { value } = (await reader?.read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toBe(`data: event ${count}\n\n`);
    next?.();
  }
  await reader?.cancel();
});

it.each(['plain', 'gzip'])('reads 10 MB with a key at every seam, %s, in bounded memory (X13)', async (coding) => {
  const pieces = 160;
  const filler = 'x'.repeat(65_530);
  const server = await serve((received, response) => {
    const sink = coding === 'gzip' ? zlib.createGzip({ level: 1 }) : response;
    if (sink !== response) {
      response.setHeader('content-encoding', 'gzip');
      sink.pipe(response);
    }
    void (async () => {
      for (let piece = 0; piece < pieces; piece++) {
        if (!sink.write(`${filler}${keyOf(received)}`)) await once(sink, 'drain');
      }
      sink.end();
    })();
  });
  const { registry, key } = rig({ baseUrl: server.origin, ...inHeader });
  const response = await createFetch({ auth: registry.auth('api') })('/');
  let size = 0;
  let tail = '';
  for await (const chunk of response.body ?? []) {
    const text = tail + Buffer.from(chunk as Uint8Array).toString('latin1');
    expect(text.includes(key)).toBe(false);
    tail = text.slice(-key.length);
    size += (chunk as Uint8Array).length;
  }
  expect(size).toBe(pieces * (filler.length + '[secret]'.length));
});

it('hands back-pressure on: a reader that stops, stops the upstream', async () => {
  let written = 0;
  const server = await serve((_request, response) => {
    const chunk = Buffer.alloc(65_536, 'x');
    const more = () => {
      while (written < 4000 * chunk.length) {
        written += chunk.length;
        if (!response.write(chunk)) {
          response.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  const { registry } = rig({ baseUrl: server.origin, ...inHeader });
  const response = await createFetch({ auth: registry.auth('api') })('/');
  const reader = response.body?.getReader();
  await reader?.read();
  let before = -1;
  while (before !== written) {
    before = written;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(written).toBeLessThan(40 * 1024 * 1024);
  await reader?.cancel();
});
