import { gzipSync } from 'node:zlib';
import { request, Agent as UndiciAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { createAgent, createFetch } from '../../src/http/index.js';
import { createRegistry } from '../../src/registry/registry.js';
import { apiKeyAuth, setDefaultRegistry } from '../../src/registry/default-registry.js';
import { header } from '../../src/placement/placement.js';
import { startServer } from '../support/http-server.js';
import { rejects } from '../support/rejects.js';
import { echo, rig, serve } from '../support/serve.js';

describe('createFetch', () => {
  it.each(['TRACE', 'track', 'CONNECT'])('refuses %s with its code, before anything is sent (C26)', async (method) => {
    const server = await serve();
    const { registry, asked } = rig({ baseUrl: server.origin });
    await rejects(createFetch({ auth: registry.auth('api') })('/x', { method }), 'ERR_DESTINATION_DENIED');
    expect(server.received).toEqual([]);
    expect(asked()).toBe(0);
  });

  it('refuses a Host header for another host than that of the URL (C13)', async () => {
    const server = await serve();
    const { registry } = rig({ baseUrl: server.origin });
    const fetch = createFetch({ auth: registry.auth('api') });
    await rejects(fetch('/x', { headers: { host: 'evil.example' } }), 'ERR_DESTINATION_AMBIGUOUS');
    expect(server.received).toEqual([]);
    expect((await fetch('/x', { headers: { host: `127.0.0.1:${server.port}` } })).status).toBe(200);
  });

  it('ends a loop of redirects with one code, whatever the limit (R13)', async () => {
    const server = await serve(({ url }, response) => void response.writeHead(302, { location: url }).end());
    const { registry } = rig({ baseUrl: server.origin });
    for (const options of [{}, { maxRedirections: 3 }, { maxRedirections: 50 }]) {
      await rejects(createFetch({ auth: registry.auth('api') }, options)('/x'), 'ERR_BROKER_UPSTREAM');
    }
  });

  it('gives no name of a header that holds the key, however it is written (X2)', async () => {
    const server = await serve(({ headers }, response) => {
      const key = String(headers.authorization).slice(7);
      response.writeHead(200, { [`X-${key}`]: '1', 'x-other': '2' }).end('ok');
    });
    const key = 'sk-live-AbCdEf0123456789ZyX';
    const { registry } = rig({ baseUrl: server.origin, source: () => key });
    const response = await createFetch({ auth: registry.auth('api') })('/x');
    expect(JSON.stringify([...response.headers]).toLowerCase()).not.toContain(key.toLowerCase());
    expect(response.headers.get('x-other')).toBe('2');
    const dispatcher = createAgent({ auth: registry.auth('api') });
    const { headers } = await request(`${server.origin}/x`, { dispatcher, responseHeaders: 'raw' });
    expect(JSON.stringify(headers).toLowerCase()).not.toContain(key.toLowerCase());
  });

  it('fails closed for a transfer coding under which a body can not be searched (X11)', async () => {
    const server = await serve(({ headers }, response) => {
      const body = gzipSync(`you sent ${headers.authorization}`);
      const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n';
      response.socket?.end(
        Buffer.concat([Buffer.from(`${head}${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
      );
    });
    const { registry } = rig({ baseUrl: server.origin });
    await rejects(createFetch({ auth: registry.auth('api') })('/x'), 'ERR_BROKER_UPSTREAM');
  });

  it('appends a path to the base URL of its provider', async () => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: `${server.origin}/v1/` });
    const fetch = createFetch({ auth: registry.auth('api') });
    const response = await fetch('/users/1?x=1#part');
    expect(response.url).toBe(`${server.origin}/v1/users/1?x=1`);
    await fetch('/');
    expect(server.received.map(({ url }) => url)).toEqual(['/v1/users/1?x=1', '/v1/']);
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });

  it('refuses paths that leave the base URL, and paths without one', async () => {
    const { registry, asked } = rig({ baseUrl: 'https://api.example.com/v1' });
    const fetch = createFetch({ auth: registry.auth('api') });
    for (const path of ['//evil.example/', '/../admin', '/\\evil.example']) {
      await rejects(fetch(path), 'ERR_DESTINATION_AMBIGUOUS');
    }
    const bare = rig({ destinations: ['https://api.example.com/**'] });
    await rejects(createFetch({ auth: bare.registry.auth('api') })('/x'), 'ERR_CONFIG_INVALID');
    await expect(createFetch({ registry })('/x')).rejects.toThrow(TypeError);
    expect(asked()).toBe(0);
  });

  it('takes and gives what fetch takes and gives', async () => {
    const server = await serve(echo);
    const { registry, key } = rig({ baseUrl: server.origin });
    const fetch = createFetch({ auth: registry.auth('api') });
    const form = new FormData();
    form.set('name', 'value');
    const inputs: [Parameters<typeof fetch>[0], Parameters<typeof fetch>[1]][] = [
      [new URL('/a', server.origin), { method: 'PUT', body: 'text' }],
      [new Request(`${server.origin}/a`, { method: 'PUT', body: 'text' }), undefined],
      [new Request(`${server.origin}/a`), { method: 'PUT', body: new TextEncoder().encode('text') }],
      [`${server.origin}/a`, new Request('https://unused.example', { method: 'PUT', body: 'text' })],
      [`${server.origin}/a`, { method: 'PUT', body: new Blob(['text']) }],
      [`${server.origin}/a`, { method: 'PUT', body: new Response('text').body, duplex: 'half' }],
      [`${server.origin}/a`, { method: 'PUT', body: new URLSearchParams('text'), headers: new Headers({ x: 'y' }) }],
    ];
    for (const [input, init] of inputs) {
      const response = await fetch(input, init);
      expect(response).toBeInstanceOf(Response);
      const got = (await response.json()) as { method: string; url: string; body: string };
      expect([got.method, got.url, got.body.replace('=', '')]).toEqual(['PUT', '/a', 'text']);
    }
    await fetch('/form', { method: 'POST', body: form });
    expect(server.received.at(-1)?.body.toString()).toContain('name="name"');
    expect(new Set(server.received.map(({ headers }) => headers.authorization))).toEqual(new Set([`Bearer ${key}`]));
  });

  it('leaves the objects of its caller as they were', async () => {
    const server = await serve();
    const { registry } = rig({ baseUrl: server.origin, placement: header('x-api-key') });
    const init = Object.freeze({ headers: Object.freeze({ 'x-api-key': 'mine' }), method: 'GET' });
    await createFetch({ auth: registry.auth('api') })('/', init);
    expect(init).toEqual({ headers: { 'x-api-key': 'mine' }, method: 'GET' });
  });

  it('may stand in the place of the global fetch', async () => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin });
    const before = globalThis.fetch;
    globalThis.fetch = createFetch({ registry });
    try {
      await fetch(server.origin);
    } finally {
      globalThis.fetch = before;
    }
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });

  it('throws a ClavigerError itself, not wrapped', async () => {
    const { registry } = rig({ baseUrl: 'https://api.example.com', source: () => undefined });
    const error: unknown = await createFetch({ auth: registry.auth('api') })('/').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'ClavigerError', code: 'ERR_CREDENTIAL_NOT_FOUND', provider: 'api' });
  });

  it('keeps what fetch throws for a network error', async () => {
    const server = await startServer();
    const { registry } = rig({ baseUrl: server.origin });
    await server[Symbol.asyncDispose]();
    const error: unknown = await createFetch({ auth: registry.auth('api') })('/').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it('refuses what is no http or https URL with { auth }', async () => {
    const { registry } = rig({ baseUrl: 'https://api.example.com' });
    for (const url of ['data:text/plain,x', 'blob:https://api.example.com/x', 'file:///etc/passwd']) {
      await rejects(createFetch({ auth: registry.auth('api') })(new URL(url)), 'ERR_DESTINATION_DENIED');
    }
    expect(await (await createFetch({ registry })('data:text/plain,x')).text()).toBe('x');
  });

  it('is refused without auth and registry, and with both', async () => {
    const { registry } = rig({ baseUrl: 'https://api.example.com' });
    const auth = registry.auth('api');
    await rejects(() => createFetch({} as { auth: typeof auth }), 'ERR_CONFIG_INVALID');
    await rejects(() => createFetch({ auth, registry } as never), 'ERR_CONFIG_INVALID');
    await rejects(() => createFetch({ auth: 'api' as never }), 'ERR_CONFIG_INVALID');
    await rejects(() => createFetch({ auth }, { maxRedirections: -1 }), 'ERR_CONFIG_INVALID');
  });

  it('goes through a dispatcher of the user’s', async () => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin });
    let dispatched = 0;
    const dispatcher = new UndiciAgent().compose((dispatch) => (options, handler) => {
      dispatched++;
      return dispatch(options, handler);
    });
    await createFetch({ auth: registry.auth('api') }, { dispatcher })('/');
    expect(dispatched).toBe(1);
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });

  it('uses the default registry', async () => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin });
    const fetch = createFetch({ auth: apiKeyAuth({ providerName: 'api' }) });
    setDefaultRegistry(registry);
    try {
      await fetch('/');
    } finally {
      setDefaultRegistry(undefined);
    }
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
  });
});

describe('an agent of ours as the dispatcher of Node’s fetch', () => {
  it('carries the credential to its destinations and refuses other hops', async () => {
    const outside = await serve();
    const server = await serve(({ url }, response) => {
      if (url === '/away') response.writeHead(302, { location: outside.origin });
      response.end('ok');
    });
    const { registry, key } = rig({ baseUrl: server.origin });
    const dispatcher = createAgent({ auth: registry.auth('api') });
    expect(await (await fetch(server.origin, { dispatcher })).text()).toBe('ok');
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
    await rejects(fetch(`${server.origin}/away`, { dispatcher }), 'ERR_DESTINATION_DENIED');
    expect(outside.received).toEqual([]);
  });
});

it('tells audit what was used, where, and how it ended', async () => {
  const server = await serve((_request, response) => response.writeHead(404).end());
  const { registry, events } = rig({ baseUrl: server.origin });
  await createFetch({ auth: registry.auth('api') })('/users/1?token=x', { method: 'DELETE' });
  expect(events).toEqual([
    expect.objectContaining({
      type: 'use',
      provider: 'api',
      surface: 'http',
      method: 'DELETE',
      host: `127.0.0.1:${server.port}`,
      path: '/users/1',
      outcome: 'ok',
      status: 404,
    }),
  ]);
  expect(JSON.stringify(events)).not.toContain('token');
});

it('serves several providers by their destinations', async () => {
  const [a, b] = [await serve(), await serve()];
  const registry = createRegistry({
    providers: [
      { name: 'a', baseUrl: a.origin, source: () => 'key-of-a-0123456' },
      { name: 'b', baseUrl: b.origin, placement: header('x-b'), source: () => 'key-of-b-0123456' },
    ],
  });
  const fetch = createFetch({ registry });
  await Promise.all([fetch(a.origin), fetch(b.origin)]);
  expect(a.received[0]?.headers).toMatchObject({ authorization: 'Bearer key-of-a-0123456' });
  expect(b.received[0]?.headers).toMatchObject({ 'x-b': 'key-of-b-0123456' });
});
