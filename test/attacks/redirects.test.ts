import { describe, expect, it } from 'vitest';
import { request } from 'undici';
import { createAgent, createFetch } from '../../src/http/index.js';
import { basic, bearer, cookie, header, query, type Placement } from '../../src/placement/placement.js';
import { expectNoLeak } from '../../src/testing/index.js';
import type { Received } from '../support/http-server.js';
import { rejects } from '../support/rejects.js';
import { rig, serve, type Rig } from '../support/serve.js';

/** One way to make a call that follows redirects. */
type Client = (
  { registry }: Rig,
  url: string,
  init?: { method?: string; headers?: Record<string, string>; body?: string },
) => Promise<{ status: number; text: string }>;

const clients: [string, Client][] = [
  [
    'createFetch({ auth })',
    async ({ registry }, url, init) => {
      const response = await createFetch({ auth: registry.auth('api') })(url, init);
      return { status: response.status, text: await response.text() };
    },
  ],
  [
    'createFetch({ registry })',
    async ({ registry }, url, init) => {
      const response = await createFetch({ registry })(url, init);
      return { status: response.status, text: await response.text() };
    },
  ],
  ...(['auth', 'registry'] as const).map((kind): [string, Client] => [
    `createAgent({ ${kind} })`,
    async ({ registry }, url, { method = 'GET', ...init } = {}) => {
      const options = kind === 'auth' ? { auth: registry.auth('api') } : { registry };
      const dispatcher = createAgent(options, { maxRedirections: 5 });
      const response = await request(url, { dispatcher, method: method as 'GET', ...init });
      return { status: response.statusCode, text: await response.body.text() };
    },
  ]),
];

/** A server that redirects by the path, and echoes where it has no redirect. */
const redirecting = (locations: Record<string, { to: string; status?: number }>) =>
  serve((received, response) => {
    const found = locations[received.url.split('?')[0] ?? ''];
    if (found === undefined) {
      response.end('done');
      return;
    }
    response.writeHead(found.status ?? 302, { location: found.to });
    response.end('moved');
  });

const carries = ({ received }: { received: Received[] }, key: string, index = -1) =>
  JSON.stringify(received.at(index)).includes(key) ||
  JSON.stringify(received.at(index)).includes(Buffer.from(`:${key}`).toString('base64').slice(4, -4));

describe.each(clients)('%s', (_name, call) => {
  it.each<[string, Placement]>([
    ['x-api-key', header('x-api-key')],
    ['a custom header', header('x-goog-something')],
    ['Authorization', bearer()],
    ['Basic', basic()],
    ['a query parameter', query('api_key')],
    ['a cookie', cookie('session')],
  ])('leaves %s behind on a 302 to another origin (R1, R3)', async (_placement, placement) => {
    const outside = await serve();
    const inside = await redirecting({ '/start': { to: `${outside.origin}/landing` } });
    const setup = rig({ baseUrl: inside.origin, placement });
    const { status } = await call(setup, `${inside.origin}/start`);
    expect(status).toBe(200);
    expect(carries(inside, setup.key)).toBe(true);
    expect(outside.received).toHaveLength(1);
    expectNoLeak(outside.text(), setup.key);
  });

  it('leaves the caller’s own values of these places behind too', async () => {
    const outside = await serve();
    const inside = await redirecting({ '/start': { to: `${outside.origin}/landing?api_key=mine-4&page=2` } });
    const setup = rig({
      baseUrl: inside.origin,
      placement: [header('x-api-key'), query('api_key'), cookie('session')],
    });
    await call(setup, `${inside.origin}/start`, {
      headers: {
        'x-api-key': 'mine-1',
        authorization: 'mine-2',
        cookie: 'session=mine-3; other=mine-5',
        'proxy-authorization': 'mine-6',
        'x-harmless': 'kept',
      },
    });
    expect(outside.text()).not.toContain('mine-');
    expect(outside.received[0]?.url).toBe('/landing?page=2');
    expect(outside.received[0]?.headers['x-harmless']).toBe('kept');
  });

  it.each([307, 308])('refuses a %i that would send a body to the outside (R2)', async (status) => {
    const outside = await serve();
    const inside = await redirecting({ '/start': { to: `${outside.origin}/`, status } });
    const setup = rig({ baseUrl: inside.origin });
    const init = { method: 'POST', body: 'body-of-the-caller' };
    await rejects(call(setup, `${inside.origin}/start`, init), 'ERR_DESTINATION_DENIED');
    expect(outside.received).toEqual([]);
    const refusal = { type: 'refuse', outcome: 'ERR_DESTINATION_DENIED' };
    expect(setup.events).toContainEqual(expect.objectContaining(refusal));
  });

  it('turns a POST into a GET without body on a 303 to the outside', async () => {
    const outside = await serve();
    const inside = await redirecting({ '/start': { to: `${outside.origin}/`, status: 303 } });
    const setup = rig({ baseUrl: inside.origin });
    await call(setup, `${inside.origin}/start`, { method: 'POST', body: 'body-of-the-caller' });
    expect(outside.received[0]).toMatchObject({ method: 'GET' });
    expect(outside.received[0]?.body.toString()).toBe('');
    expect(outside.received[0]?.headers['content-type']).toBeUndefined();
    expectNoLeak(outside.text(), setup.key);
  });

  it('runs the rules anew on a way back in (R4)', async () => {
    const back: { to: string } = { to: '' };
    const outside = await redirecting({ '/landing': back });
    const inside = await redirecting({ '/start': { to: `${outside.origin}/landing` } });
    back.to = `${inside.origin}/again`;
    const setup = rig({ baseUrl: inside.origin, placement: header('x-api-key') });
    await call(setup, `${inside.origin}/start`);
    expectNoLeak(outside.text(), setup.key);
    expect(inside.received.map(({ url, headers }) => [url, headers['x-api-key']])).toEqual([
      ['/start', setup.key],
      ['/again', setup.key],
    ]);
  });

  it('gives nothing to another port of the same host (R5)', async () => {
    const other = await serve();
    const inside = await redirecting({ '/start': { to: `${other.origin}/start` } });
    const setup = rig({ baseUrl: inside.origin, placement: header('x-api-key') });
    await call(setup, `${inside.origin}/start`);
    expect(other.received).toHaveLength(1);
    expectNoLeak(other.text(), setup.key);
  });

  it('places the credential anew for another destination of the same provider (R6)', async () => {
    const second = await serve();
    const first = await redirecting({ '/start': { to: `${second.origin}/v2/x` } });
    const setup = rig({ destinations: [`${first.origin}/**`, `${second.origin}/v2/**`], placement: query('key') });
    await call(setup, `${first.origin}/start`);
    expect(second.received[0]?.url).toBe(`/v2/x?key=${setup.key}`);
  });

  it('gives nothing to a path outside the allowed one (R7)', async () => {
    const inside = await redirecting({ '/public/start': { to: '/admin' } });
    const setup = rig({ destinations: [`${inside.origin}/public/**`] });
    await call(setup, `${inside.origin}/public/start`);
    expect(inside.received.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/public/start', `Bearer ${setup.key}`],
      ['/admin', undefined],
    ]);
  });

  it('does not refresh or repeat for a 401 from the outside (R8)', async () => {
    const outside = await serve((_request, response) => response.writeHead(401).end('who are you'));
    const inside = await redirecting({ '/start': { to: outside.origin } });
    const setup = rig({ baseUrl: inside.origin });
    expect(await call(setup, `${inside.origin}/start`)).toEqual({ status: 401, text: 'who are you' });
    expect(outside.received).toHaveLength(1);
    expect(setup.asked()).toBe(1);
  });

  it('places a query parameter once on a relative redirect, by the rule (R9)', async () => {
    const inside = await redirecting({ '/start': { to: '/next?page=2' } });
    const setup = rig({ baseUrl: inside.origin, placement: query('api_key') });
    await call(setup, `${inside.origin}/start?page=1`);
    expect(inside.received.map(({ url }) => url)).toEqual([
      `/start?page=1&api_key=${setup.key}`,
      `/next?page=2&api_key=${setup.key}`,
    ]);
  });

  it('does not carry a key that the upstream puts into the Location', async () => {
    const outside = await serve();
    const inside = await serve(({ headers }, response) => {
      response.writeHead(302, { location: `${outside.origin}/?leak=${headers.authorization?.slice(7)}` }).end();
    });
    const setup = rig({ baseUrl: inside.origin });
    await call(setup, `${inside.origin}/start`);
    expect(outside.received).toHaveLength(1);
    expectNoLeak(outside.text(), setup.key);
  });

  it.each(['//HOST/x', '/\\HOST/x', 'http:\\\\HOST/x', '\t//HOST/x'])(
    'judges the Location %j where a URL parser sends it (R10)',
    async (location) => {
      const outside = await serve();
      const to = location.replace('HOST', `127.0.0.1:${outside.port}`);
      const inside = await redirecting({ '/start': { to } });
      const setup = rig({ baseUrl: inside.origin, placement: header('x-api-key') });
      await call(setup, `${inside.origin}/start`).catch(() => undefined);
      expectNoLeak(outside.text(), setup.key);
      expect(carries(inside, setup.key, 0)).toBe(true);
    },
  );

  it('does not take user information for the host (R11)', async () => {
    const outside = await serve();
    const inside = await redirecting({});
    const first = await redirecting({
      '/start': { to: `http://127.0.0.1:${inside.port}@127.0.0.1:${outside.port}/` },
    });
    const setup = rig({ destinations: [first.origin, `${inside.origin}/**`, `${first.origin}/**`] });
    await call(setup, `${first.origin}/start`).catch(() => undefined);
    expectNoLeak(outside.text(), setup.key);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data',
    'https://169.254.169.254/',
    'http://[::ffff:a9fe:a9fe]/',
    'https://[fe80::1]/',
    'http://0.0.0.0/',
    'https://0.0.0.0/',
    'http://metadata.example/',
  ])('does not follow to %s (R12)', { retry: 2 }, async (to) => {
    const inside = await redirecting({ '/start': { to } });
    const setup = rig({ baseUrl: inside.origin });
    const started = performance.now();
    const error = await call(setup, `${inside.origin}/start`).catch((thrown: unknown) => thrown);
    expect(String((error as { code?: unknown }).code)).toMatch(/^ERR_DESTINATION_/);
    expect(performance.now() - started).toBeLessThan(2000);
    expectNoLeak(error, setup.key);
  });

  it('ends a loop with an error that holds no key (R13)', async () => {
    const inside = await redirecting({ '/start': { to: '/start' } });
    const setup = rig({ baseUrl: inside.origin, placement: query('api_key') });
    const error: unknown = await call(setup, `${inside.origin}/start`).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expectNoLeak(error, setup.key);
  });
});

it('keeps to maxRedirections in createFetch', async () => {
  const inside = await redirecting({ '/1': { to: '/2' }, '/2': { to: '/3' } });
  const { registry } = rig({ baseUrl: inside.origin });
  const auth = registry.auth('api');
  expect((await createFetch({ auth }, { maxRedirections: 2 })('/1')).url).toBe(`${inside.origin}/3`);
  await rejects(createFetch({ auth }, { maxRedirections: 1 })('/1'), 'ERR_BROKER_UPSTREAM');
});

it('honours redirect: manual and redirect: error', async () => {
  const inside = await redirecting({ '/1': { to: '/2' } });
  const fetch = createFetch({ auth: rig({ baseUrl: inside.origin }).registry.auth('api') });
  expect((await fetch('/1', { redirect: 'manual' })).status).toBe(302);
  await expect(fetch('/1', { redirect: 'error' })).rejects.toThrow(TypeError);
  expect(inside.received.map(({ url }) => url)).toEqual(['/1', '/1']);
});

it('writes down one use for a call with several hops', async () => {
  const inside = await redirecting({ '/1': { to: '/2' }, '/2': { to: '/3' } });
  const setup = rig({ baseUrl: inside.origin });
  await createFetch({ registry: setup.registry })(`${inside.origin}/1`);
  expect(setup.events.filter(({ type }) => type === 'use')).toHaveLength(1);
});
