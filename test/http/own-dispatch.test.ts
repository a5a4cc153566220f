import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAgent, credentialInterceptor } from '../../src/http/index.js';
import { createRegistry, header } from '../../src/index.js';
import { canary } from '../support/canary.js';
import { selfSigned } from '../support/certificate.js';
import { needs } from '../support/needs.js';

/** A server that answers each request with the pieces given, one after the other, and an agent for it. */
async function answering(key: string, pieces: (key: string) => (string | Buffer)[]) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      void (async () => {
        for (const piece of pieces(key)) {
          socket.write(piece);
          await turn();
          await turn();
        }
      })();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry = createRegistry({
    providers: [{ name: 'api', baseUrl: origin, placement: header('x-api-key'), source: () => key }],
  });
  const dispatcher = createAgent({ auth: registry.auth('api') });
  onTestFinished(async () => {
    await dispatcher.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { dispatcher, origin };
}

/** What a handler of today's interface is given: undici's `request` has the older one. */
function modern(dispatcher: Dispatcher, origin: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const got: Record<string, unknown> = {};
    dispatcher.dispatch(
      { origin, path: '/', method: 'GET' },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, statusCode, headers, statusMessage) =>
          void Object.assign(got, { statusCode, headers, statusMessage }),
        onResponseData: () => undefined,
        onResponseEnd: ({ rawTrailers }, trailers) => resolve({ ...got, trailers, rawTrailers }),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

const head = (key: string) =>
  [
    'HTTP/1.1 200 Here it is',
    `X-Echo: before ${key} after`,
    `X-${key}: named`,
    'X-Plain: as it was',
    'Set-Cookie: a=1',
    `Set-Cookie: b=${key}`,
    'Content-Length: 2',
    '',
    'ok',
  ].join('\r\n');

const ways: [string, (key: string) => (string | Buffer)[]][] = [
  ['in one piece', (key) => [head(key)]],
  ['byte by byte', (key) => [...head(key)]],
  [
    'cut in the middle of the key',
    (key) =>
      head(key)
        .split(key.slice(0, 8))
        .flatMap((part, index) => (index === 0 ? [part] : [key.slice(0, 8), part])),
  ],
];

describe('a head that comes', () => {
  test.each(ways)('%s has no key in it, for either kind of handler', async (_way, pieces) => {
    const key = canary();
    const { dispatcher, origin } = await answering(key, pieces);
    const answer = await request(origin, { dispatcher });
    expect(await answer.body.text()).toBe('ok');
    const { headers } = await modern(dispatcher, origin);
    for (const seen of [answer.headers, headers as typeof answer.headers]) {
      expect(JSON.stringify(seen).toLowerCase()).not.toContain(key.toLowerCase());
      expect(seen).toMatchObject({
        'x-echo': 'before [secret] after',
        'x-plain': 'as it was',
        'cache-control': 'no-store',
      });
      expect(seen['set-cookie']).toEqual(['a=1', 'b=[secret]']);
    }
  });

  test('with other than ASCII in it is searched as text and as bytes', async () => {
    const key = 'schlüssel-geheim-0123456789';
    const { dispatcher, origin } = await answering(key, (secret) => [
      Buffer.from('HTTP/1.1 200 OK\r\nX-Utf8: '),
      Buffer.from(secret, 'utf8'),
      Buffer.from('\r\nX-Latin1: '),
      Buffer.from(secret, 'latin1'),
      Buffer.from('\r\nContent-Length: 0\r\n\r\n'),
    ]);
    const whole = await request(origin, { dispatcher });
    expect(whole.headers).toMatchObject({ 'x-utf8': '[secret]', 'x-latin1': '[secret]' });
  });

  test('clean and unread by anybody leaves as the bytes that came', async () => {
    const { dispatcher, origin } = await answering(canary(), () => [
      'HTTP/1.1 200 OK\r\nX-Mixed-Case: Value\r\nCONTENT-LENGTH: 2\r\n\r\nok',
    ]);
    const { headers } = await request(origin, { dispatcher, responseHeaders: 'raw' } as object);
    expect((headers as unknown as Buffer[]).map(String)).toEqual([
      'X-Mixed-Case',
      'Value',
      'CONTENT-LENGTH',
      '2',
      'cache-control',
      'no-store',
    ]);
  });
});

test('trailers have no key in them, for either kind of handler', async () => {
  const key = canary();
  const { dispatcher, origin } = await answering(key, (secret) => [
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: ${secret}\r\n\r\n`,
  ]);
  const { body, trailers } = await request(origin, { dispatcher });
  expect(await body.text()).toBe('ok');
  expect(trailers).toEqual({ 'x-sum': '[secret]' });
  expect(await modern(dispatcher, origin)).toMatchObject({ statusCode: 200, trailers: { 'x-sum': '[secret]' } });
});

test.skipIf(!needs('openssl'))('trailers over HTTP/2 have no key in them either', async () => {
  const key = canary();
  const { cert, ...secret } = selfSigned();
  const server = createSecureServer({ cert, ...secret });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': key, 'x-plain': 'as it was' }));
    stream.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
  const registry = createRegistry({
    providers: [{ name: 'api', baseUrl, placement: header('x-api-key'), source: () => key }],
  });
  const http2 = { allowH2: true, connect: { ca: cert } };
  const interceptor = credentialInterceptor({ auth: registry.auth('api') });
  const dispatchers: Dispatcher[] = [
    createAgent({ auth: registry.auth('api') }, http2),
    new Agent(http2).compose(interceptor),
  ];
  for (const dispatcher of dispatchers) {
    const { trailers, rawTrailers } = await modern(dispatcher, baseUrl);
    expect(trailers).toEqual({ 'x-sum': '[secret]', 'x-plain': 'as it was' });
    expect((rawTrailers as Buffer[]).map(String)).toEqual(['x-sum', '[secret]', 'x-plain', 'as it was']);
    await dispatcher.destroy();
  }
  server.close();
});

test('a handler that pauses gets no more until it resumes', async () => {
  const { dispatcher, origin } = await answering(canary(), () => [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    '5\r\nfirst\r\n',
    '6\r\nsecond\r\n',
    '0\r\n\r\n',
  ]);
  const { body } = await request(origin, { dispatcher, highWaterMark: 1 });
  body.pause();
  for (let step = 0; step < 20; step++) await turn();
  let text = '';
  for await (const chunk of body) text += String(chunk);
  expect(text).toBe('firstsecond');
});
