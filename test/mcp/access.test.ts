import { AsyncLocalStorage } from 'node:async_hooks';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAccess, type Consumer } from '../../src/access/index.js';
import { createRegistry, header, parameter, type AuditEvent } from '../../src/index.js';
import { createHttpToolset } from '../../src/mcp/index.js';
import { sha256 } from '../access/rules.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { mcpOverHttp } from './http-servers.js';
import { launch } from './launchers.js';
import { journal, rawConnection, textOf, toolset } from './toolsets.js';

const connection = {
  command: process.execPath,
  args: [fileURLToPath(new URL('servers/sdk-server.mjs', import.meta.url))],
};
const revoked = 'oauth.v2.ApiKeyNotApproved';

/** Rules with one app that may use everything of `api`, this often. */
function setUp(limit: number, origin?: string) {
  const consumerKey = canary();
  const events: AuditEvent[] = [];
  const access = createAccess({
    products: [{ name: 'all', providers: ['api'], resources: ['/**'], quota: { limit, interval: 1, unit: 'hour' } }],
    apps: [{ name: 'agent', keys: [{ id: 'k1', sha256: sha256(consumerKey), products: [{ name: 'all' }] }] }],
  });
  const registry = createRegistry({
    providers: [
      {
        name: 'api',
        source: () => canary(),
        environmentVariable: 'API_KEY',
        placement: header('x-api-key'),
        ...(origin !== undefined && { baseUrl: origin }),
      },
    ],
    access,
    audit: (event) => void events.push(event),
  });
  onTestFinished(() => registry.close());
  const consumer = { consumerKey };
  const left = async () => {
    const seen = await access.verifyApiKey({ ...consumer, provider: 'api', path: '/', method: 'GET', peek: true });
    return seen.ok ? seen.quota?.remaining : 0;
  };
  return { access, registry, consumer, events, left, auth: registry.auth('api', { consumer }) };
}

describe('a toolset under access rules', () => {
  it('takes one unit for each tool call with the key in a parameter, and refuses the next', async () => {
    const { auth, left, access, events } = setUp(2);
    const tools = toolset({ auth, into: parameter('api_key'), connection });
    await tools.listTools();
    expect(await left()).toBe(2);
    expect(textOf(await tools.callTool('keyed', { q: 'x' }))).toBe('x with [secret]');
    expect(await left()).toBe(1);
    await tools.callTool('keyed', { q: 'x' });
    const error = await rejects(tools.callTool('keyed', { q: 'x' }), 'ERR_ACCESS_DENIED');
    expect(error.message).toMatch(/policies\.ratelimit\.QuotaViolation$/);
    await access.setStatus({ key: 'k1' }, 'revoked');
    expect((await rejects(tools.callTool('keyed', { q: 'x' }), 'ERR_ACCESS_DENIED')).fault).toBe(revoked);
    expect(events.at(-1)).toMatchObject({
      type: 'refuse',
      tool: 'keyed',
      consumer: 'k1',
      app: 'agent',
      fault: revoked,
    });
  });

  it.each([true, false])(
    'takes one for the start of a child, and refuses every call once its consumer is (respawn: %s)',
    async (respawn) => {
      const { auth, left, access, events } = setUp(1);
      const tools = toolset({ auth, connection, respawn });
      await tools.callTool('structured');
      await tools.callTool('structured');
      expect(await left()).toBe(0);
      await access.setStatus({ app: 'agent' }, 'revoked');
      const error = await rejects(tools.callTool('structured'), 'ERR_ACCESS_DENIED');
      expect(error.fault).toBe('keymanagement.service.invalid_client-app_not_approved');
      expect(events.at(-1)).toMatchObject({ type: 'refuse', surface: 'mcp', app: 'agent' });
      await access.setStatus({ app: 'agent' }, 'approved');
      await tools.callTool('structured');
    },
  );

  it('starts no child for who is refused, and one for who comes after', async () => {
    const { registry, consumer, access } = setUp(10);
    const storage = new AsyncLocalStorage<Consumer>();
    const other = await access.issueKey({ app: 'agent', products: ['all'] });
    await access.setStatus({ key: other.id }, 'revoked');
    const auth = registry.auth('api', { consumer: () => storage.getStore() });
    const tools = toolset({ auth, connection });
    const [denied, granted, none] = await Promise.allSettled([
      storage.run({ consumerKey: other.consumerKey }, () => tools.callTool('structured')),
      storage.run(consumer, () => tools.callTool('structured')),
      tools.callTool('structured'),
    ]);
    expect(granted).toMatchObject({ status: 'fulfilled' });
    expect(denied).toMatchObject({ status: 'rejected', reason: { fault: revoked } });
    expect(none).toMatchObject({ status: 'rejected', reason: { fault: 'oauth.v2.FailedToResolveAPIKey' } });
  });

  it('over HTTP takes one for each tool call and none for the upkeep of the session, which is judged all the same', async () => {
    const server = await mcpOverHttp();
    const { auth, left, access } = setUp(2, server.origin);
    const tools = createHttpToolset({ auth, url: server.url });
    onTestFinished(() => tools.close());
    await tools.listTools();
    expect(await left()).toBe(2);
    await tools.callTool('echo', { q: 'x' });
    expect(await left()).toBe(1);
    await tools.callTool('echo', { q: 'x' });
    const error = await rejects(tools.callTool('echo', { q: 'x' }), 'ERR_ACCESS_DENIED');
    expect(error.fault).toBe('policies.ratelimit.QuotaViolation');
    await tools.listTools();
    await access.setStatus({ key: 'k1' }, 'revoked');
    expect((await rejects(tools.listTools(), 'ERR_ACCESS_DENIED')).fault).toBe(revoked);
  });

  it('over HTTP does not connect for who is nobody', async () => {
    const server = await mcpOverHttp();
    const { registry } = setUp(2, server.origin);
    const tools = createHttpToolset({ auth: registry.auth('api'), url: server.url });
    onTestFinished(() => tools.close());
    await rejects(tools.callTool('echo'), 'ERR_ACCESS_DENIED');
    expect(server.seen).toEqual([]);
  });
});

describe('the launcher under access rules', () => {
  it('passes on no message at all of who is refused, not even one that wants no answer', async () => {
    const written = journal();
    const { auth, access } = setUp(5);
    const client = await launch({ inject: [{ auth }], connection: rawConnection({ journal: written.path }) });
    await client.initialize();
    await access.setStatus({ key: 'k1' }, 'revoked');
    client.send({ jsonrpc: '2.0', method: 'tools/call', params: { name: 'sneaked', arguments: {} } });
    await client.request('tools/call', { name: 'asked', arguments: {} });
    await access.setStatus({ key: 'k1' }, 'approved');
    await client.request('tools/call', { name: 'later', arguments: {} });
    const names = written.lines().map(({ message }) => message['params']?.name);
    expect(names).toContain('later');
    expect(names).not.toContain('asked');
    expect(names).not.toContain('sneaked');
  });

  it('tells the client why it is refused, at its start and later', async () => {
    const { auth, access, registry } = setUp(5);
    const denied = await launch({ inject: [{ auth: registry.auth('api') }], connection });
    const answer = await denied.initialize();
    expect(answer.error.message).toMatch(/oauth\.v2\.FailedToResolveAPIKey$/);
    const { initialize, request } = await launch({ inject: [{ auth }], connection });
    await initialize();
    expect((await request('tools/call', { name: 'structured', arguments: {} })).result.isError).toBeUndefined();
    await access.setStatus({ key: 'k1' }, 'revoked');
    const refused = await request('tools/call', { name: 'structured', arguments: {} });
    expect(refused.error).toMatchObject({ data: { code: 'ERR_ACCESS_DENIED', fault: revoked } });
  });
});
