import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import * as fc from 'fast-check';
import { Agent, Client, interceptors, request } from 'undici';
import { describe, expect, it, vi } from 'vitest';
import { canonicalTarget } from '../../src/destination/canonical-url.js';
import { createAgent, createFetch, credentialInterceptor } from '../../src/http/index.js';
import { bearer, cookie, header, query, type Placement } from '../../src/placement/placement.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { rejects } from '../support/rejects.js';
import { echo, rig, serve } from '../support/serve.js';

describe('where a credential may go', () => {
  it('is decided before the store is read or a name looked up (H1)', async () => {
    const { registry, asked, events } = rig({ baseUrl: 'https://api.example.com' });
    const lookups = vi.fn();
    const fetch = createFetch({ auth: registry.auth('api') });
    const dispatcher = createAgent({ auth: registry.auth('api') }, { connect: { lookup: lookups } });
    for (const url of [
      'https://evil.example/',
      'https://api.example.com.evil.example/',
      'https://api.example.com:444/',
    ]) {
      await rejects(fetch(url), 'ERR_DESTINATION_DENIED');
      await rejects(request(url, { dispatcher }), 'ERR_DESTINATION_DENIED');
    }
    expect(asked()).toBe(0);
    expect(lookups).not.toHaveBeenCalled();
    expect(events.map(({ type, outcome }) => `${type} ${outcome}`)).toEqual(
      Array(6).fill('refuse ERR_DESTINATION_DENIED'),
    );
  });

  it('leaves a request untouched that no provider of the registry matches (H2)', async () => {
    const server = await serve(echo);
    const { registry, key, asked, events } = rig({ baseUrl: 'https://api.example.com' });
    const headers = { authorization: 'Bearer mine', 'x-api-key': 'mine', range: 'bytes=0-3', cookie: 'a=b' };
    const response = await createFetch({ registry })(`${server.origin}/a%7eb?x=1`, { headers });
    expect(await response.json()).toMatchObject({ url: '/a%7eb?x=1', headers });
    await request(`${server.origin}//odd//path`, { dispatcher: createAgent({ registry }), headers });
    expect(server.received[1]).toMatchObject({ url: '//odd//path', headers });
    expect([asked(), events]).toEqual([0, []]);
    expectNoLeak(server.text(), key);
  });

  it('is that of the most specific provider alone (H3)', async () => {
    const server = await serve();
    const wide = rig({ baseUrl: server.origin, placement: header('x-wide') });
    const { registry } = rig(
      { destinations: [`${server.origin}/v1/users/**`], placement: header('x-narrow') },
      { providers: [{ name: 'wide', baseUrl: server.origin, placement: header('x-wide'), source: () => wide.key }] },
    );
    await createFetch({ registry })(`${server.origin}/v1/users/1`);
    expect(server.received[0]?.headers).toHaveProperty('x-narrow');
    expect(server.received[0]?.headers).not.toHaveProperty('x-wide');
    await createFetch({ registry })(`${server.origin}/v1/teams/1`);
    expect(server.received[1]?.headers).toHaveProperty('x-wide');
    expect(server.received[1]?.headers).not.toHaveProperty('x-narrow');
  });

  it('is nowhere for a provider without destinations (H4)', async () => {
    const server = await serve();
    const { registry, asked } = rig({});
    await rejects(createFetch({ auth: registry.auth('api') })(server.origin), 'ERR_DESTINATION_DENIED');
    expect([asked(), server.received]).toEqual([0, []]);
  });

  it('is never plain http but to loopback (H5)', async () => {
    const { registry, asked } = rig({ baseUrl: 'https://api.example.com' });
    const fetch = createFetch({ auth: registry.auth('api') });
    await rejects(fetch('http://api.example.com/'), 'ERR_DESTINATION_INSECURE');
    await rejects(fetch('http://other.example/'), 'ERR_DESTINATION_INSECURE');
    await rejects(fetch('http://127.0.0.1:9999/'), 'ERR_DESTINATION_DENIED');
    expect(asked()).toBe(0);
  });

  it('can not be led past the policy by a dispatcher, an agent or a socket path of the call (H6)', async () => {
    const server = await serve();
    const other = await serve();
    const { registry, key } = rig({ baseUrl: server.origin });
    const init = {
      dispatcher: new Agent({ connect: { port: other.port } }).compose(
        (dispatch) => (options, handler) => dispatch({ ...options, origin: other.origin }, handler),
      ),
      agent: 'x',
      socketPath: '/tmp/nowhere',
    };
    await createFetch({ auth: registry.auth('api') })('/', init as object);
    expectNoLeak(other.text(), key);
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
    const auth = registry.auth('api');
    const unsafe = [
      { socketPath: '/tmp/nowhere' },
      { factory: () => new Agent() },
      { tls: { rejectUnauthorized: false } },
      { connect: { socketPath: '/tmp/nowhere' } },
      { connect: { rejectUnauthorized: false } },
      { connect: { checkServerIdentity: () => undefined } },
      { connect: () => undefined },
    ];
    for (const options of unsafe) await rejects(() => createAgent({ auth }, options as object), 'ERR_CONFIG_INVALID');
  });

  it('is refused for TRACE, TRACK and CONNECT (C26)', async () => {
    const server = await serve();
    const { registry } = rig({ baseUrl: server.origin });
    const dispatcher = createAgent({ auth: registry.auth('api') });
    for (const method of ['TRACE', 'TRACK', 'trace']) {
      await rejects(dispatcher.request({ origin: server.origin, path: '/', method }), 'ERR_DESTINATION_DENIED');
    }
    await rejects(dispatcher.connect({ origin: server.origin, path: '/' }), 'ERR_DESTINATION_DENIED');
    expect(server.received).toEqual([]);
  });

  it('is the host of the URL, whatever a Host header says (C13, C14)', async () => {
    const server = await serve();
    const { registry, key, asked } = rig({ baseUrl: server.origin });
    const dispatcher = createAgent({ auth: registry.auth('api') });
    const headers = [{ host: 'evil.example' }, ['Host', `127.0.0.1:${server.port}`, 'host', 'evil.example']];
    for (const each of headers) {
      await rejects(request(server.origin, { dispatcher, headers: each as string[] }), 'ERR_DESTINATION_AMBIGUOUS');
    }
    const absolute = { origin: server.origin, path: 'https://evil.example/', method: 'GET' as const };
    await rejects(dispatcher.request(absolute), 'ERR_DESTINATION_AMBIGUOUS');
    expect([asked(), server.received]).toEqual([0, []]);
    await request(server.origin, { dispatcher, headers: { host: `127.0.0.1:${server.port}` } });
    expect(server.received[0]?.headers).toMatchObject({
      host: `127.0.0.1:${server.port}`,
      authorization: `Bearer ${key}`,
    });
  });

  it('widens by no header that overrides method, host or path (C15)', async () => {
    const server = await serve();
    const { registry } = rig({ baseUrl: server.origin });
    const names = [
      'X-Forwarded-Host',
      'X-Original-URL',
      'X-Rewrite-URL',
      'X-HTTP-Method-Override',
      'X-HTTP-Method',
      'X-Method-Override',
    ];
    const headers = Object.fromEntries(names.map((name) => [name, 'evil']));
    await createFetch({ auth: registry.auth('api') })('/', { headers });
    await request(server.origin, { dispatcher: createAgent({ auth: registry.auth('api') }), headers });
    expect(server.received).toHaveLength(2);
    expect(server.text()).not.toContain('evil');
  });

  it.each([
    '/v1/public/..%2fadmin',
    '/v1/public/%252e%252e/admin',
    '/v1/public/..;/admin',
    '/v1//public',
    '/v1/public\\..\\admin',
  ])('is refused for %s, whoever asks', async (path) => {
    const server = await serve();
    const { registry, asked } = rig({ destinations: [`${server.origin}/v1/public/**`] });
    const url = server.origin + path;
    await rejects(createFetch({ auth: registry.auth('api') })(url), 'ERR_DESTINATION_AMBIGUOUS');
    await rejects(createFetch({ registry })(url), 'ERR_DESTINATION_AMBIGUOUS');
    for (const options of [{ auth: registry.auth('api') }, { registry }]) {
      const raw = { origin: server.origin, path, method: 'GET' as const };
      await rejects(createAgent(options).request(raw), 'ERR_DESTINATION_AMBIGUOUS');
    }
    expect([asked(), server.received]).toEqual([0, []]);
  });

  it('is refused for a URL with user information, which is not repeated (C5)', async () => {
    const { registry, key } = rig({ baseUrl: 'https://api.example.com' });
    for (const options of [{ auth: registry.auth('api') }, { registry }]) {
      const error = await rejects(
        createFetch(options)(`https://user:${key}@api.example.com/`),
        'ERR_DESTINATION_AMBIGUOUS',
      );
      expectNoLeak(error, key);
    }
  });

  it('is judged by what goes on the wire, for any path (C28)', async () => {
    const server = await serve();
    const { registry, key } = rig({ destinations: [`${server.origin}/v1/public/**`], placement: header('x-api-key') });
    const dispatcher = createAgent({ auth: registry.auth('api') });
    const piece = fc.constantFrom(
      '.',
      '..',
      '%2e',
      '%2E%2e',
      '%2f',
      '/',
      ';',
      'a',
      'public',
      'v1',
      '~',
      '%7E',
      '%41',
      '*',
    );
    const paths = fc.array(piece, { maxLength: 8 }).map((pieces) => `/v1/public/${pieces.join('')}`);
    await fc.assert(
      fc.asyncProperty(paths, async (path) => {
        server.received.length = 0;
        const error = await dispatcher.request({ origin: server.origin, path, method: 'GET' }).then(
          ({ body }) => body.dump(),
          (thrown: unknown) => thrown as Error,
        );
        const [sent] = server.received;
        if (sent === undefined) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_DESTINATION_/) as string });
          return;
        }
        expect(canonicalTarget(server.origin, sent.url).path).toBe(sent.url);
        expect(sent.url).toMatch(/^\/v1\/public(?:\/|$)/);
        expect(sent.headers['x-api-key']).toBe(key);
      }),
      { numRuns: 150 },
    );
  });
});

describe('interceptors around ours', () => {
  it('see no key when they are further out (H7)', async () => {
    const server = await serve(echo);
    const { registry, key } = rig({ baseUrl: server.origin, placement: query('api_key') });
    const seen: unknown[] = [];
    const dispatcher = new Agent().compose(
      credentialInterceptor({ auth: registry.auth('api') }),
      (dispatch) => (options, handler) => {
        seen.push({ ...options });
        return dispatch(options, handler);
      },
    );
    await (await request(server.origin, { dispatcher })).body.text();
    expect(seen).toHaveLength(1);
    expectNoLeak(seen, key);
  });

  it.each<[string, Placement]>([
    ['header', header('x-api-key')],
    ['query', query('api_key')],
    ['cookie', cookie('k')],
    ['bearer', bearer()],
  ])('do not take the %s along on a redirect when they are further in (H8)', async (_name, placement) => {
    const outside = await serve();
    const inside = await serve((_request, response) => response.writeHead(302, { location: outside.origin }).end());
    const { registry, key } = rig({ baseUrl: inside.origin, placement });
    const wrong = new Agent().compose(
      interceptors.redirect({ maxRedirections: 5 }),
      credentialInterceptor({ auth: registry.auth('api') }),
    );
    const { statusCode } = await request(inside.origin, { dispatcher: wrong });
    expect(statusCode).toBe(302);
    expectNoLeak(outside.text(), key);
  });

  it('are refused when they follow redirects further in by other means (H8)', async () => {
    const outside = await serve();
    const inside = await serve((_request, response) => response.writeHead(302, { location: outside.origin }).end());
    const { registry } = rig({ baseUrl: inside.origin });
    const wrong = new Agent().compose(
      (dispatch) => (options, handler) =>
        interceptors.redirect()(dispatch)({ ...options, maxRedirections: 3 } as never, handler),
      credentialInterceptor({ auth: registry.auth('api') }),
    );
    await rejects(request(inside.origin, { dispatcher: wrong }), 'ERR_CONFIG_INVALID');
    expect([inside.received, outside.received]).toEqual([[], []]);
  });

  it('of one origin only are asked where a request goes', async () => {
    const server = await serve();
    const { registry } = rig({ baseUrl: server.origin });
    const client = new Client(server.origin).compose(credentialInterceptor({ auth: registry.auth('api') }));
    await rejects(client.request({ path: '/', method: 'GET' }), 'ERR_DESTINATION_AMBIGUOUS');
    await client.request({ origin: server.origin, path: '/', method: 'GET' });
    expect(server.received).toHaveLength(1);
  });

  it.each(['outside', 'inside'])(
    'keep no response of an injected request in a shared cache %s (H18)',
    async (where) => {
      let count = 0;
      const server = await serve((_request, response) => {
        response.setHeader('cache-control', 'public, max-age=3600').end(String(++count));
      });
      const { registry } = rig({ baseUrl: server.origin, placement: header('x-api-key') });
      const ours = credentialInterceptor({ auth: registry.auth('api') });
      const cache = interceptors.cache();
      const dispatcher = new Agent().compose(where === 'inside' ? [cache, ours] : [ours, cache]);
      const read = async () => (await request(server.origin, { dispatcher })).body.text();
      expect([await read(), await read()]).toEqual(['1', '2']);
    },
  );
});

describe('a query placement', () => {
  it('warns once when something listens to undici’s diagnostics (H9)', async () => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin, placement: query('api_key') });
    const warnings: Error[] = [];
    const listener = () => undefined;
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    subscribe('undici:request:create', listener);
    try {
      const fetch = createFetch({ auth: registry.auth('api') });
      await fetch('/');
      await fetch('/');
      await new Promise(setImmediate);
    } finally {
      unsubscribe('undici:request:create', listener);
      process.off('warning', onWarning);
    }
    const ours = warnings.filter(({ name }) => name === 'ClavigerWarning');
    expect(ours).toHaveLength(1);
    expect(ours[0]?.message).toContain('diagnostics');
    expectNoLeak(ours, key);
  });
});

describe('the head of a request with a credential', () => {
  const sent = async (placement: Placement | Placement[], headers: unknown, path = '/') => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin, placement });
    const dispatcher = createAgent({ auth: registry.auth('api') });
    const { body } = await dispatcher.request({
      origin: server.origin,
      path,
      method: 'GET',
      headers: headers as string[],
    });
    await body.dump();
    const [received] = server.received;
    if (received === undefined) throw new Error('nothing arrived');
    const lines = received.rawHeaders.flatMap((name, index, all) =>
      index % 2 === 0 ? [`${name.toLowerCase()}: ${all[index + 1]}`] : [],
    );
    return { key, url: received.url, lines, headers: received.headers };
  };

  it.each<[string, unknown]>([
    ['record', { authorization: 'mine', Authorization: 'mine', AUTHORIZATION: 'mine' }],
    ['record of arrays', { Authorization: ['mine', 'mine'] }],
    ['flat array', ['authorization', 'mine', 'AUTHORIZATION', 'mine']],
    [
      'pairs',
      [
        ['authorization', 'mine'],
        ['Authorization', 'mine'],
      ],
    ],
    ['Headers', new Headers({ authorization: 'mine' })],
    ['Map', new Map([['AUTHORIZATION', 'mine']])],
  ])('has Authorization once, ours, instead of the caller’s in a %s (Q1)', async (_form, headers) => {
    const before = JSON.stringify(headers);
    const { lines, key } = await sent(bearer(), headers);
    expect(lines.filter((line) => line.startsWith('authorization'))).toEqual([`authorization: Bearer ${key}`]);
    expect(JSON.stringify(headers)).toBe(before);
  });

  it('has none of the headers that Connection nominates, but ours (Q2)', async () => {
    const { lines, key } = await sent(header('x-api-key'), {
      connection: 'x-api-key, x-other',
      'x-other': 'gone',
      'x-api-key': 'mine',
    });
    expect(lines).toContain(`x-api-key: ${key}`);
    expect(lines.join()).not.toMatch(/gone|mine|x-other/);
  });

  it('has no header of a single connection (Q3)', async () => {
    const { lines } = await sent(bearer(), {
      te: 'trailers',
      trailer: 'x-t',
      'keep-alive': 'timeout=99',
      'proxy-authorization': 'Basic gone',
      'proxy-anything': 'gone',
      'transfer-encoding': 'chunked',
      upgrade: 'h2c',
    });
    expect(lines.join()).not.toMatch(/gone|trailers|x-t|timeout=99|chunked|h2c/);
  });

  it('closes the connection where the caller wants it', async () => {
    expect((await sent(bearer(), { connection: 'close' })).lines).toContain('connection: close');
  });

  it('has the prefix verbatim (Q5)', async () => {
    const token = await sent(header('Authorization', { prefix: 'Token ' }), {});
    expect(token.headers.authorization).toBe(`Token ${token.key}`);
    const bare = await sent(header('Authorization', { prefix: '' }), { authorization: 'Bearer mine' });
    expect(bare.headers.authorization).toBe(bare.key);
  });

  it('has one cookie replaced and the others kept (Q6)', async () => {
    const { headers, key } = await sent(cookie('session'), { cookie: 'a=1; session=mine; b=2' });
    expect(headers.cookie).toBe(`a=1; b=2; session=${key}`);
    expect(headers.authorization).toBeUndefined();
  });

  it('waits for no 100 Continue (Q7)', async () => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin });
    const dispatcher = createAgent({ auth: registry.auth('api') });
    const error = await request(server.origin, { dispatcher, headers: { expect: '100-continue' } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    expectNoLeak(error, key);
    expect(server.received).toEqual([]);
  });

  it.each([
    ['/?key=1&key=2', '/?key=KEY'],
    ['/?a=1&%6Bey=1&b=2', '/?a=1&key=KEY&b=2'],
    ['/?key', '/?key=KEY'],
    ['/?key=', '/?key=KEY'],
    ['/?Key=1', '/?Key=1&key=KEY'],
    ['/?key[]=1;key=2', '/?key[]=1;key=2&key=KEY'],
    ['/?x=%7e+%20', '/?x=%7e+%20&key=KEY'],
  ])('has the key once in the query of %s (Q8, Q9, Q10)', async (path, expected) => {
    const { url, key } = await sent(query('key'), {}, path);
    expect(url).toBe(expected.replace('KEY', key));
  });

  it('has value and name in the query encoded once (Q11, Q12)', async () => {
    const server = await serve();
    const { registry } = rig({ baseUrl: server.origin, placement: query('key[a]&b'), source: () => 's3 cr&t+/=' });
    await createFetch({ auth: registry.auth('api') })('/?page=1#part');
    expect(server.received[0]?.url).toBe('/?page=1&key%5Ba%5D%26b=s3%20cr%26t%2B%2F%3D');
  });

  it('has the query option of undici in the URL that is judged', async () => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin, placement: query('key') });
    const dispatcher = createAgent({ auth: registry.auth('api') });
    await dispatcher.request({ origin: server.origin, path: '/x', method: 'GET', query: { key: 'mine', a: [1, 2] } });
    expect(server.received[0]?.url).toBe(`/x?key=${key}&a=1&a=2`);
  });

  it('is nowhere but on the wire: not in URL, errors, audit or the caller’s objects (Q13)', async () => {
    const server = await serve((_request, response) => response.destroy());
    const { registry, key, events } = rig({ baseUrl: server.origin, placement: query('api_key') });
    const init = { headers: { 'x-mine': '1' } };
    const error = await createFetch({ auth: registry.auth('api') })('/?page=1', init).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TypeError);
    expectNoLeak([error, events, init], key);
    expect(events[0]).toMatchObject({ type: 'use', outcome: 'error', path: '/', method: 'GET' });
  });

  it('has all placements of a provider, its companions and its constant headers', async () => {
    const server = await serve();
    const { registry, key } = rig(
      {
        baseUrl: server.origin,
        placement: [header('x-api-key'), query('key')],
        with: ['app'],
        headers: { 'x-version': '2024', 'x-mode': 'ours' },
      },
      { providers: [{ name: 'app', placement: header('x-app-id'), source: () => 'app-identifier' }] },
    );
    await createFetch({ auth: registry.auth('api') })('/', { headers: { 'x-mode': 'mine' } });
    expect(server.received[0]).toMatchObject({
      url: `/?key=${key}`,
      headers: { 'x-api-key': key, 'x-app-id': 'app-identifier', 'x-version': '2024', 'x-mode': 'mine' },
    });
  });

  it('never crosses between consumers on kept connections (H19)', async () => {
    const server = await serve(({ headers }, response) => response.end(String(headers['x-who'])));
    const { registry } = rig({ baseUrl: server.origin, source: ({ account }) => `key-of-${account}-0123456789` });
    const dispatcher = new Agent({ connections: 2 });
    const clients = ['ann', 'bob', 'cyd'].map((account) => {
      const fetch = createFetch({ auth: registry.auth('api', { account }) }, { dispatcher, redact: false });
      return async (id: number) => {
        const text = await (await fetch('/', { headers: { 'x-who': `${account}-${id}` } })).text();
        expect(text).toBe(`${account}-${id}`);
      };
    });
    await Promise.all(Array.from({ length: 60 }, async (_, id) => clients[id % 3]?.(id)));
    for (const { headers } of server.received) {
      const [account] = String(headers['x-who']).split('-');
      expect(headers.authorization).toBe(`Bearer key-of-${account}-0123456789`);
    }
  });
});

it('refuses an upgrade, whose frames could not be redacted, before a byte is written (X3)', async () => {
  const server = await serve();
  const { registry } = rig({ baseUrl: server.origin });
  const dispatcher = createAgent({ auth: registry.auth('api') });
  const upgrade = dispatcher.upgrade({ origin: server.origin, path: '/', protocol: 'websocket' } as { path: string });
  await rejects(upgrade, 'ERR_DESTINATION_DENIED');
  expect(server.received).toEqual([]);
});
