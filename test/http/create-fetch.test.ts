import { afterEach, describe, expect, it } from 'vitest';
import { createFetch } from '../../src/http/index.js';
import { createRegistry } from '../../src/registry/registry.js';
import { startServer, type TestServer } from '../support/http-server.js';

const key = 'canary-0123456789-abcdef';
const open: TestServer[] = [];
const serve: typeof startServer = async (...args) => {
  const server = await startServer(...args);
  open.push(server);
  return server;
};
afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
});

it('smoke', async () => {
  const a = await serve((r, s) => s.end(JSON.stringify({ got: r.headers.authorization })));
  const registry = createRegistry({ providers: [{ name: 'a', baseUrl: `${a.origin}/v1`, source: () => key }] });
  const f = createFetch({ auth: registry.auth('a') });
  const res = await f('/users/1?x=1');
  expect(res).toBeInstanceOf(Response);
  expect(await res.json()).toEqual({ got: 'Bearer [secret]' });
  expect(a.received[0]!.headers.authorization).toBe(`Bearer ${key}`);
  expect(a.received[0]!.url).toBe('/v1/users/1?x=1');
});
