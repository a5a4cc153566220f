import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { basic, cookie, header, query } from '../../src/placement/placement.js';
import { createRegistry } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { countingSource, down } from '../support/counting-source.js';
import { rejects } from '../support/rejects.js';
import { echo, rig, serve } from '../support/serve.js';
import { openBroker } from './brokers.js';

const bearer = (placeholder: string) => ({ authorization: `Bearer ${placeholder}` });

describe('a session in reverse mode', () => {
  it('places the key where the placeholder stood, and shows the placeholder where the key comes back', async () => {
    const server = await serve(echo);
    const { registry, key, asked } = rig({ baseUrl: `${server.origin}/v1` });
    const { session } = await openBroker(registry);
    expect(asked()).toBe(0);
    const placeholder = session.placeholder('api');
    const response = await fetch(`${session.baseUrl('api')}/users?a=1&b=%41`, {
      method: 'POST',
      body: 'body',
      headers: { ...bearer(placeholder), 'x-other': placeholder },
    });
    expect(server.received[0]).toMatchObject({ method: 'POST', url: '/v1/users?a=1&b=%41' });
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expect(server.received[0]?.headers['x-other']).toBe(placeholder);
    expect(server.received[0]?.headers.host).toBe(new URL(server.origin).host);
    const answer = await response.json();
    expect(answer).toMatchObject({ headers: { authorization: `Bearer ${placeholder}` }, body: 'body' });
    expectNoLeak([answer, [...response.headers]], key);
  });

  it('starts at the path of the base URL, or at one that is given', async () => {
    const { registry } = rig({ baseUrl: 'https://api.example.com/v1/' });
    const { session, port } = await openBroker(registry);
    expect(session.baseUrl('api')).toBe(`http://127.0.0.1:${port}/v1`);
    expect(session.baseUrl('api', '/v2/')).toBe(`http://127.0.0.1:${port}/v2/`);
    expect(session.baseUrl('api', '/')).toBe(`http://127.0.0.1:${port}/`);
    await rejects(() => session.baseUrl('other'), 'ERR_PROVIDER_NOT_FOUND');
  });

  it('is not opened for a provider that is not defined', async () => {
    const { registry } = rig({ baseUrl: 'https://api.example.com' });
    const { broker } = await openBroker(registry);
    await rejects(broker.openSession({ providers: ['nope'] }), 'ERR_PROVIDER_NOT_FOUND');
  });

  it.each([
    ['header', { placement: header('X-Api-Key') }, (p: string) => ({ headers: { 'x-api-key': p } })],
    [
      'Basic password',
      { placement: basic() },
      (p: string) => ({ headers: { authorization: `Basic ${btoa(`me:${p}`)}` } }),
    ],
    [
      'Basic user name',
      { placement: basic({ secretAs: 'username' }) },
      (p: string) => ({ headers: { authorization: `basic ${btoa(`${p}:x`)}` } }),
    ],
    ['cookie', { placement: cookie('sid') }, (p: string) => ({ headers: { cookie: `a=1; sid=${p}; b=2` } })],
    [
      'alternative',
      { placement: header('x-key'), alternatives: [header('x-other-key')] },
      (p: string) => ({ headers: { 'x-other-key': p } }),
    ],
  ])('finds a placeholder in a %s', async (_name, definition, init) => {
    const server = await serve(echo);
    const { registry, key } = rig({ baseUrl: server.origin, ...definition });
    const { session } = await openBroker(registry);
    const sent = init(session.placeholder('api'));
    expect((await fetch(`${session.baseUrl('api')}/x`, sent)).status).toBe(200);
    const [received] = server.received;
    const [[name, value]] = Object.entries(sent.headers) as [[string, string]];
    const expected = value.startsWith('asic', 1)
      ? `${value.slice(0, 6)}${btoa(atob(value.slice(6)).replace(session.placeholder('api'), key))}`
      : value.replace(session.placeholder('api'), key);
    expect(received?.headers[name]).toBe(expected);
  });

  it('finds one in the query, and leaves the other parameters their bytes', async () => {
    const server = await serve(echo);
    const { registry, key } = rig({ baseUrl: server.origin, placement: query('api_key') });
    const { session } = await openBroker(registry);
    await fetch(`${session.baseUrl('api')}/x?z=%7E&api_key=${session.placeholder('api')}&a=b+c`);
    expect(server.received[0]?.url).toBe(`/x?z=%7E&api_key=${key}&a=b+c`);
  });

  it('asks git for Basic credentials by a 401 (git’s challenge)', async () => {
    const { registry } = rig({ baseUrl: 'https://git.example.com', placement: basic() });
    const { session } = await openBroker(registry);
    const response = await fetch(`${session.baseUrl('api')}/info/refs`);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="claviger"']);
  });

  it('repeats a request once with a newer key after a 401', async () => {
    const [old, newer] = [canary(), canary()];
    const server = await serve((received, response) => {
      response.statusCode = received.headers.authorization === `Bearer ${newer}` ? 200 : 401;
      response.end(received.body);
    });
    const source = countingSource({ secret: old, version: '1' });
    const { registry } = rig({ baseUrl: server.origin, source });
    const { session } = await openBroker(registry);
    await registry.resolve('api');
    source.answer = { secret: newer, version: '2' };
    const response = await fetch(session.baseUrl('api'), {
      method: 'POST',
      body: 'again',
      headers: bearer(session.placeholder('api')),
    });
    expect([response.status, await response.text()]).toEqual([200, 'again']);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${old}`, `Bearer ${newer}`]);
  });

  it('tells a store that can’t answer from an upstream that can’t be reached', async () => {
    const unavailable = rig({ baseUrl: 'https://api.example.com', source: countingSource(down) });
    const first = await openBroker(unavailable.registry);
    const store = await fetch(first.session.baseUrl('api'), { headers: bearer(first.session.placeholder('api')) });
    expect([store.status, await store.json()]).toMatchObject([503, { error: { code: 'ERR_STORE_UNAVAILABLE' } }]);
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const unreachable = rig({ baseUrl: `http://127.0.0.1:${port}` });
    const second = await openBroker(unreachable.registry);
    const answer = await fetch(second.session.baseUrl('api'), { headers: bearer(second.session.placeholder('api')) });
    expect([answer.status, await answer.json()]).toMatchObject([502, { error: { code: 'ERR_BROKER_UPSTREAM' } }]);
    expect(unreachable.events.at(-1)).toMatchObject({ surface: 'broker', outcome: 'ERR_BROKER_UPSTREAM' });
  });

  it('writes down each use and each refusal', async () => {
    const server = await serve();
    const { registry, events } = rig({ baseUrl: `${server.origin}/v1` });
    const { session, port } = await openBroker(registry);
    const headers = bearer(session.placeholder('api'));
    await fetch(`${session.baseUrl('api')}/a?q=1`, { headers });
    await fetch(`http://127.0.0.1:${port}/v2`, { headers });
    await fetch(`http://127.0.0.1:${port}/v1/x`);
    expect(
      events.map(({ type, surface, outcome, provider, path }) => [type, surface, outcome, provider, path]),
    ).toEqual([
      ['use', 'broker', 'ok', 'api', '/v1/a'],
      ['refuse', 'broker', 'ERR_DESTINATION_DENIED', 'api', '/v2'],
      ['refuse', 'broker', 'ERR_BROKER_UNAUTHORIZED', '', undefined],
    ]);
  });

  it('turns links inside the destinations into its own, follows none, and leaves others', async () => {
    const server = await serve((_received, response) => {
      response.writeHead(302, {
        location: `${server.origin}/v1/next?p=2`,
        'content-location': `${server.origin}/v1/here`,
        link: `<${server.origin}/v1/p3>; rel="next", <https://other.example/x>; rel="help", <${server.origin}/v2>; rel=x`,
      });
      response.end();
    });
    const { registry } = rig({ baseUrl: `${server.origin}/v1` });
    const { session, port } = await openBroker(registry);
    const own = `http://127.0.0.1:${port}`;
    const { headers } = await fetch(session.baseUrl('api'), {
      headers: bearer(session.placeholder('api')),
      redirect: 'manual',
    });
    expect(headers.get('location')).toBe(`${own}/v1/next?p=2`);
    expect(headers.get('content-location')).toBe(`${own}/v1/here`);
    expect(headers.get('link')).toBe(
      `<${own}/v1/p3>; rel="next", <https://other.example/x>; rel="help", <${server.origin}/v2>; rel=x`,
    );
    expect(server.received).toHaveLength(1);
  });

  it('ends with its time, and live connections with its revocation', async () => {
    const server = await serve((received, response) => {
      if (received.url === '/stream') response.write('data: 1\n\n');
      else response.end('ok');
    });
    const { registry } = rig({ baseUrl: server.origin });
    const { session, broker } = await openBroker(registry);
    const headers = bearer(session.placeholder('api'));
    const live = await fetch(`${session.baseUrl('api')}/stream`, { headers });
    const reader = live.body!.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('data: 1\n\n');
    await session.revoke();
    await expect(reader.read()).rejects.toThrow();
    expect((await fetch(session.baseUrl('api'), { headers })).status).toBe(401);
    const brief = await broker.openSession({ providers: ['api'], ttlMs: 20 });
    const url = brief.baseUrl('api');
    const status = async () =>
      (await fetch(url, { headers: bearer(brief.placeholder('api')) }).catch(() => ({ status: 0 }))).status;
    await expect.poll(status, { timeout: 5000 }).toBe(401);
    await broker.close();
    await rejects(broker.openSession({ providers: ['api'] }), 'ERR_BROKER_CLOSED');
  });
});

it('carries a provider’s companions', async () => {
  const server = await serve();
  const [key, second] = [canary(), canary()];
  const registry = createRegistry({
    providers: [
      { name: 'api', source: () => key, baseUrl: server.origin, with: ['app'], headers: { 'x-version': '1' } },
      { name: 'app', source: () => second, placement: header('x-app-key') },
    ],
  });
  const { session } = await openBroker(registry, { providers: ['api', 'app'] });
  const headers = { ...bearer(session.placeholder('api')), 'x-app-key': session.placeholder('app') };
  await fetch(session.baseUrl('api'), { headers });
  expect(server.received[0]?.headers).toMatchObject({
    authorization: `Bearer ${key}`,
    'x-app-key': second,
    'x-version': '1',
  });
});
