import { describe, expect, it } from 'vitest';
import { cookie, header, query } from '../../src/index.js';
import { until } from '../process/living.js';
import { eventStore, httpToolset, mcpOverHttp } from './http-servers.js';
import { textOf } from './toolsets.js';

describe('a toolset over HTTP', () => {
  it('connects at the first call, once for all that ask at once, and ends the session', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    expect(server.seen).toEqual([]);
    await Promise.all([tools.listTools(), tools.callTool('echo', { q: 'x' }), tools.callTool('echo')]);
    await until(() => server.words().includes('GET'));
    await tools.close();
    await tools.close();
    expect(server.words().filter((word) => word === 'initialize')).toHaveLength(1);
    expect(server.words().at(-1)).toBe('DELETE');
  });

  it.each([
    ['header', header('X-API-Key'), (seen: any, key: string) => seen.headers['x-api-key'] === key],
    ['query', query('api_key'), (seen: any, key: string) => seen.url === `/mcp?api_key=${key}`],
    ['cookie', cookie('key'), (seen: any, key: string) => seen.headers.cookie === `key=${key}`],
  ])('puts the key into the %s of every request', async (_name, placement, holds) => {
    const server = await mcpOverHttp({ transport: { eventStore: eventStore(), retryInterval: 10 } });
    const { tools, key } = httpToolset(server, { placement });
    await tools.listTools();
    expect(textOf(await tools.callTool('resumed'))).toContain('after the break');
    await until(() => server.words().filter((word) => word === 'GET').length >= 2);
    await tools.close();
    expect(new Set(server.words())).toEqual(
      new Set(['initialize', 'notifications/initialized', 'GET', 'tools/list', 'tools/call', 'DELETE']),
    );
    expect(server.seen.some(({ headers }) => headers['last-event-id'] !== undefined)).toBe(true);
    for (const seen of server.seen) expect(holds(seen, key), seen.method).toBe(true);
  });
});
