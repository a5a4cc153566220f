import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { basic, bearer, cookie, header, query, Secret, type SourceRequest } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { until } from '../process/living.js';
import { canary } from '../support/canary.js';
import { countingSource } from '../support/counting-source.js';
import { rejects } from '../support/rejects.js';
import { eventStore, httpToolset, mcpOverHttp, type McpOverHttp } from './http-servers.js';
import { textOf } from './toolsets.js';

const count = (server: McpOverHttp, word: string) => server.words().filter((each) => each === word).length;

/** A server that takes one key only, which can be changed. */
async function keyed(first: string) {
  const accepted = { key: first };
  const server = await mcpOverHttp({
    before: ({ headers }, response) => {
      if (headers['x-api-key'] === accepted.key) return false;
      response.writeHead(401, { 'content-type': 'text/plain' }).end(`not ${headers['x-api-key']}`);
      return true;
    },
  });
  return { server, accepted };
}

describe('a toolset over HTTP', () => {
  it.each([
    ['a bearer token', bearer(), (key: string) => ({ authorization: `Bearer ${key}` })],
    ['a prefix', header('Authorization', { prefix: 'Token ' }), (key: string) => ({ authorization: `Token ${key}` })],
    [
      'Basic',
      basic({ username: 'me' }),
      (key: string) => ({ authorization: `Basic ${Buffer.from(`me:${key}`).toString('base64')}` }),
    ],
    ['a cookie', cookie('session'), (key: string) => ({ cookie: `session=${key}` })],
  ])('carries %s on every request (M8)', async (_name, placement, expected) => {
    const server = await mcpOverHttp({ transport: { eventStore: eventStore(), retryInterval: 5 } });
    const { tools, key } = httpToolset(server, { placement });
    await tools.callTool('resumed');
    await until(() => server.words().filter((word) => word === 'GET').length >= 2);
    await tools.close();
    for (const word of ['initialize', 'notifications/initialized', 'tools/call', 'GET', 'DELETE'])
      expect(server.words()).toContain(word);
    for (const { headers } of server.seen) expect(headers).toMatchObject(expected(key));
  });

  it('carries the keys of companions, and constant headers, on every request', async () => {
    const server = await mcpOverHttp();
    const second = canary();
    const { tools, key } = httpToolset(server, {
      headers: { 'x-tenant': 'seven', 'x-api-key': 'mine' },
      definition: { with: ['app'], headers: { 'x-version': '3' } },
      more: { providers: [{ name: 'app', placement: query('app_key'), source: () => second }] },
    });
    expectNoLeak(await tools.callTool('whoami'), key);
    await until(() => count(server, 'GET') === 1);
    await tools.close();
    expect(server.seen.length).toBeGreaterThan(4);
    for (const { url, headers } of server.seen) {
      expect(url).toBe(`/mcp?app_key=${second}`);
      expect(headers).toMatchObject({ 'x-api-key': key, 'x-version': '3', 'x-tenant': 'seven' });
    }
  });

  it('asks its functions for account and consumer at each request (F18)', async () => {
    const server = await mcpOverHttp();
    const who = new AsyncLocalStorage<string>();
    const source = ({ account = 'nobody' }: SourceRequest) => `the key of ${account} with enough letters`;
    const { registry } = httpToolset(server, { definition: { source } });
    const auth = registry.auth('weather', { account: () => who.getStore() });
    const { tools } = httpToolset(server, { auth });
    await tools.listTools();
    await Promise.all(
      ['ada', 'ben', 'eva'].map((name) => who.run(name, () => tools.callTool('echo', { q: `from ${name}` }))),
    );
    for (const name of ['ada', 'ben', 'eva']) {
      const [seen] = server.seen.filter(({ body }) => body.includes(`from ${name}`));
      expect(seen?.headers['x-api-key']).toBe(`the key of ${name} with enough letters`);
    }
  });

  it('writes each use down, and no value (D23)', async () => {
    const server = await mcpOverHttp();
    const events: unknown[] = [];
    const { tools, key } = httpToolset(server, { more: { audit: (event) => void events.push(event) } });
    await tools.callTool('echo', { q: 'x' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'use', provider: 'weather', method: 'POST', path: '/mcp', outcome: 'ok' }),
    );
    expectNoLeak(events, key);
  });
});

describe('a toolset over HTTP whose key changes', () => {
  it('uses the new key from the next request on, in the same session (D11)', async () => {
    const server = await mcpOverHttp();
    const { tools, key, rotate } = httpToolset(server, { more: { cache: false } });
    await tools.listTools();
    const next = canary();
    await rotate(next);
    const result = await tools.callTool('whoami');
    expectNoLeak(result, key);
    expectNoLeak(result, next);
    expect(server.seen.at(-1)?.headers['x-api-key']).toBe(next);
    expect(count(server, 'initialize')).toBe(1);
  });

  it('asks for a newer key on a 401 and repeats the request once with that (F16)', async () => {
    const { server, accepted } = await keyed('first-key-0123456789');
    const { tools, rotate } = httpToolset(server, { key: accepted.key });
    await tools.listTools();
    await until(() => count(server, 'GET') === 1);
    accepted.key = canary();
    await rotate(accepted.key);
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
    const calls = server.seen.filter(({ message }) => message === 'tools/call');
    expect(calls.map(({ headers }) => headers['x-api-key'])).toEqual(['first-key-0123456789', accepted.key]);
    expect(count(server, 'initialize')).toBe(1);
  });

  it('does so at the handshake, and at the end of the session', async () => {
    const { server, accepted } = await keyed(canary());
    const stale = httpToolset(server, { key: 'stale-key-0123456789' });
    const error = await rejects(stale.tools.listTools(), 'ERR_TOOLSET_START');
    expect(error.message).toContain('not [secret]');
    const { tools, registry, rotate } = httpToolset(server, { key: 'stale-key-0123456789' });
    await registry.resolve('weather');
    await rotate(accepted.key);
    await tools.listTools();
    accepted.key = canary();
    await rotate(accepted.key);
    await tools.close();
    expect(server.sessions()).toBe(0);
  });

  it('passes a 401 on when the newer key is refused too, without a third try (F17)', async () => {
    const { server, accepted } = await keyed('first-key-0123456789');
    const { tools, rotate } = httpToolset(server, { key: accepted.key });
    await tools.listTools();
    accepted.key = canary();
    const wrong = canary();
    await rotate(wrong);
    const error = await tools.callTool('echo').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 401, message: expect.stringContaining('not [secret]') });
    expectNoLeak(error, wrong);
    expect(count(server, 'tools/call')).toBe(2);
  });

  it('does not repeat, nor ask the store again within ten seconds, when there is no newer key', async () => {
    const key = canary();
    const { server, accepted } = await keyed(key);
    const source = countingSource({ secret: Secret.from(key), version: '1' });
    let now = 1_700_000_000_000;
    const { tools } = httpToolset(server, { key, definition: { source }, more: { now: () => now } });
    await tools.listTools();
    accepted.key = canary();
    for (let attempt = 0; attempt < 4; attempt += 1)
      await expect(tools.callTool('echo')).rejects.toMatchObject({ code: 401 });
    expect(count(server, 'tools/call')).toBe(4);
    expect(source.asked).toHaveLength(2);
    now += 11_000;
    await expect(tools.callTool('echo')).rejects.toMatchObject({ code: 401 });
    expect(source.asked).toHaveLength(3);
  });

  it('sends nothing while there is no key to be had, and goes on later', async () => {
    const server = await mcpOverHttp();
    const source = countingSource(undefined);
    const { tools } = httpToolset(server, { definition: { source }, more: { cache: false } });
    await rejects(tools.listTools(), 'ERR_CREDENTIAL_NOT_FOUND');
    expect(server.seen).toEqual([]);
    source.answer = canary();
    await tools.listTools();
    source.answer = undefined;
    await rejects(tools.callTool('echo'), 'ERR_CREDENTIAL_NOT_FOUND');
    expect(count(server, 'tools/call')).toBe(0);
  });
});
