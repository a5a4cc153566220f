import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { basic, bearer, cookie, header, query } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { until } from '../process/living.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { serve } from '../support/serve.js';
import { eventStore, httpToolset, mcpOverHttp, type McpOverHttp, type ServerSettings } from './http-servers.js';
import { textOf } from './toolsets.js';

function redirect(response: ServerResponse, status: number, location: string): true {
  response.writeHead(status, { location }).end('moved');
  return true;
}

/** A server that sends the requests that match somewhere else. */
function redirecting(
  matches: (word: string) => boolean,
  to: (server: { origin: string }) => string,
  status = 307,
  more: ServerSettings = {},
): Promise<McpOverHttp> {
  return mcpOverHttp({
    ...more,
    before: (request, response, { method, message }) => {
      if (!matches(message ?? method)) return false;
      return redirect(response, status, to({ origin: `http://${request.headers.host}` }));
    },
  });
}

const statuses = [301, 302, 303, 307, 308];

describe('a toolset over HTTP whose server redirects to another origin', () => {
  it.each(statuses)('fails to start on a %i, and sends nothing there (M8, R1, R2)', async (status) => {
    const outside = await serve();
    const server = await redirecting(
      () => true,
      () => `${outside.origin}/mcp`,
      status,
    );
    const { tools, key } = httpToolset(server);
    const error = await rejects(tools.listTools(), 'ERR_DESTINATION_DENIED');
    expect(error.host).toBe(new URL(outside.origin).host);
    expect(outside.received).toEqual([]);
    expectNoLeak([error, server.seen[0]?.body], key);
    expect(server.words()).toEqual(['initialize']);
  });

  it.each(statuses)('fails the call on a %i, once, and goes on with the next (M8)', async (status) => {
    const outside = await serve();
    let isAway = true;
    const server = await redirecting(
      (word) => word === 'tools/call' && isAway,
      () => `${outside.origin}/mcp?q=1`,
      status,
    );
    const { tools, key } = httpToolset(server);
    const error = await rejects(tools.callTool('echo', { q: 'x' }), 'ERR_DESTINATION_DENIED');
    expectNoLeak(error, key);
    expect(server.words().filter((word) => word === 'tools/call')).toHaveLength(1);
    isAway = false;
    expect(textOf(await tools.callTool('echo', { q: 'y' }))).toBe('y');
    expect(outside.received).toEqual([]);
  });

  it.each(statuses)(
    'does without the stream of the server’s own messages on a %i, and says why (M8)',
    async (status) => {
      const outside = await serve();
      const server = await redirecting(
        (word) => word === 'GET',
        () => `${outside.origin}/mcp`,
        status,
      );
      const { tools, key } = httpToolset(server);
      const errors: Error[] = [];
      tools.client.onerror = (error) => errors.push(error);
      expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
      await until(() => errors.length > 0);
      expect(errors[0]).toMatchObject({ code: 'ERR_DESTINATION_DENIED' });
      expectNoLeak(errors, key);
      expect(outside.received).toEqual([]);
    },
  );

  it.each(statuses)('still closes when the end of the session meets a %i (M8)', async (status) => {
    const outside = await serve();
    const server = await redirecting(
      (word) => word === 'DELETE',
      () => `${outside.origin}/mcp`,
      status,
    );
    const { tools } = httpToolset(server);
    await tools.listTools();
    await tools.close();
    expect(server.words().at(-1)).toBe('DELETE');
    expect(outside.received).toEqual([]);
  });

  it('does not resume a stream there (M8)', async () => {
    const outside = await serve();
    const server = await mcpOverHttp({
      transport: { eventStore: eventStore(), retryInterval: 1 },
      before: ({ headers }, response) =>
        headers['last-event-id'] !== undefined && redirect(response, 307, `${outside.origin}/mcp`),
    });
    const { tools, key } = httpToolset(server);
    expectNoLeak(await rejects(tools.callTool('resumed'), 'ERR_DESTINATION_DENIED'), key);
    expect(outside.received).toEqual([]);
  });

  it.each([
    ['bearer', bearer()],
    ['header', header('x-goog-something')],
    ['basic', basic({ username: 'me' })],
    ['query', query('api_key')],
    ['cookie', cookie('session')],
  ])('sends no %s there, nor the message or the id of the session (R1, R2, R3)', async (_name, placement) => {
    const outside = await serve();
    const server = await redirecting(
      (word) => word === 'tools/call' || word === 'DELETE',
      () => `${outside.origin}/mcp`,
    );
    const { tools, key } = httpToolset(server, { placement });
    await tools.listTools();
    expectNoLeak(await rejects(tools.callTool('echo', { q: 'private' }), 'ERR_DESTINATION_DENIED'), key);
    await tools.close();
    expect(outside.received).toEqual([]);
  });

  it.each<[string, (host: string, port: string) => string]>([
    ['without a scheme', (host) => `//${host}/mcp`],
    ['with backslashes', (host) => `/\\${host}/mcp`],
    ['with the allowed host as a user name', (host, port) => `http://127.0.0.1:${port}@${host}/mcp`],
    ['to another name of the same machine', (_host, port) => `http://localhost:${port}/mcp`],
    ['to a metadata service', () => 'http://169.254.169.254/latest'],
    ['to a metadata service in IPv6', () => 'http://[::ffff:a9fe:a9fe]/latest'],
    ['to plain http elsewhere', () => 'http://mcp.example.com/mcp'],
    ['to what is no http', () => 'file:///etc/passwd'],
  ])('judges a location %s as the URL that it is (R10, R11, R12)', async (_name, location) => {
    const outside = await serve();
    const { host } = new URL(outside.origin);
    const server = await redirecting(
      (word) => word === 'tools/call',
      ({ origin }) => location(host, new URL(origin).port),
    );
    const { tools, key } = httpToolset(server);
    const error = await tools.callTool('echo').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_DESTINATION_(DENIED|INSECURE|AMBIGUOUS)$/) });
    expectNoLeak(error, key);
    expect(outside.received).toEqual([]);
    expect(server.words().filter((word) => word === 'tools/call')).toHaveLength(1);
  });
});

describe('a toolset over HTTP whose server redirects', () => {
  it.each(statuses)('to a host that has the key in its name does not tell it, on a %i', async (status) => {
    const key = canary('').toLowerCase();
    const server = await redirecting(
      (word) => word === 'tools/call',
      () => `https://${key}.example.com/mcp`,
      status,
    );
    const { tools } = httpToolset(server, { key });
    const error = await rejects(tools.callTool('echo', { q: 'x' }), 'ERR_DESTINATION_DENIED');
    expect(error.host).toBe('[secret].example.com');
    expectNoLeak(error, key);
  });

  it.each([307, 308])(
    'follows a %i inside the destinations, with the key from its placement (R6, R9)',
    async (status) => {
      const server = await mcpOverHttp({
        before: (_request, response, { url }) =>
          url.startsWith('/mcp/old') && redirect(response, status, `/mcp/new${url.slice('/mcp/old'.length)}`),
      });
      const { tools, key } = httpToolset(
        { origin: server.origin, url: `${server.url}/old?page=2&api_key=mine` },
        { placement: query('api_key'), destinations: [`${server.origin}/mcp/**`] },
      );
      expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
      await until(() => server.words().filter((word) => word === 'GET').length >= 2);
      await tools.close();
      const paths = server.seen.map(({ url }) => url);
      expect(new Set(paths)).toEqual(new Set([`/mcp/old?page=2&api_key=${key}`, `/mcp/new?page=2&api_key=${key}`]));
      expect(server.seen.at(-1)).toMatchObject({ method: 'DELETE', url: `/mcp/new?page=2&api_key=${key}` });
    },
  );

  it('follows to another destination of its provider, where the key is placed anew (R6)', async () => {
    const other = await mcpOverHttp();
    const server = await redirecting(
      () => true,
      () => other.url,
    );
    const { tools, key } = httpToolset(server, { destinations: [server.url, other.url] });
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
    expect(other.seen.map(({ headers }) => headers['x-api-key'])).toEqual(other.seen.map(() => key));
  });

  it('refuses a path outside the destinations on the same origin (R7)', async () => {
    const server = await redirecting(
      (word) => word === 'tools/call',
      () => '/admin',
    );
    const { tools } = httpToolset(server);
    await rejects(tools.callTool('echo'), 'ERR_DESTINATION_DENIED');
    expect(server.seen.map(({ url }) => url)).not.toContain('/admin');
  });

  it('refuses the second of two hops, out and back again (R4)', async () => {
    const outside = await serve((_received, response) => void redirect(response, 307, server.url));
    const server = await redirecting(
      (word) => word === 'tools/call',
      () => `${outside.origin}/mcp`,
    );
    const { tools } = httpToolset(server);
    await rejects(tools.callTool('echo'), 'ERR_DESTINATION_DENIED');
    expect(outside.received).toEqual([]);
  });

  it('leaves a message alone that a redirect would turn into a GET (R2)', async () => {
    const server = await redirecting(
      (word) => word === 'tools/call',
      () => '/mcp/elsewhere',
      302,
    );
    const { tools } = httpToolset(server, { destinations: [`${server.origin}/mcp/**`] });
    await expect(tools.callTool('echo')).rejects.toMatchObject({ code: 302 });
    expect(server.seen.map(({ url }) => url)).not.toContain('/mcp/elsewhere');
  });

  it('comes out of a loop (R13)', async () => {
    const server = await redirecting(
      (word) => word === 'tools/call',
      () => '/mcp',
    );
    const { tools, key } = httpToolset(server);
    const error = await rejects(tools.callTool('echo'), 'ERR_BROKER_UPSTREAM');
    expectNoLeak(error, key);
    expect(server.words().filter((word) => word === 'tools/call').length).toBeLessThan(10);
  });
});

describe('a toolset over HTTP', () => {
  it.each([
    ['another origin', (origin: string) => `${origin}/mcp`, 'ERR_DESTINATION_DENIED'],
    ['another path', (_origin: string, inside: string) => `${inside}/admin`, 'ERR_DESTINATION_DENIED'],
    ['plain http elsewhere', () => 'http://mcp.example.com/mcp', 'ERR_DESTINATION_INSECURE'],
  ] as const)('refuses a URL at %s before a byte is sent or the store is read (H1)', async (_name, url, code) => {
    const outside = await serve();
    const server = await mcpOverHttp();
    const { tools, reads } = httpToolset({ origin: server.origin, url: url(outside.origin, server.origin) });
    await rejects(tools.callTool('echo'), code);
    await rejects(tools.listTools(), code);
    expect([outside.received, server.seen, reads()]).toEqual([[], [], 0]);
  });

  it('refuses a URL with two readings, and one that is none, when it is made', async () => {
    const server = await mcpOverHttp();
    for (const url of [`${server.origin}/mcp/..%2fadmin`, server.url.replace('//', '//me@')])
      expect(() => httpToolset({ origin: server.origin, url })).toThrow(
        expect.objectContaining({ code: 'ERR_DESTINATION_AMBIGUOUS' }),
      );
    for (const url of ['/mcp', '', undefined as unknown as string])
      expect(() => httpToolset({ origin: server.origin, url })).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
      );
  });
});
