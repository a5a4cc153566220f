import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import axios from 'axios';
import got from 'got';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bearer, createRegistry, withCredential } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';

const key = canary();
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer((incoming, response) => {
    const status = Number(/\/status\/(\d+)/.exec(incoming.url ?? '')?.[1] ?? 200);
    response.writeHead(status, {
      'x-echo': incoming.headers.authorization ?? 'none',
      'content-type': 'application/json',
    });
    response.end(JSON.stringify({ echo: incoming.headers, url: incoming.url }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => server.close());

const auth = createRegistry({ providers: [{ name: 'p', source: () => key }] }).auth('p');

/** What a person or a log would see of a value. */
const shown = (value: unknown) => [value, inspect(value, { depth: 8, showHidden: true, getters: true })];

describe('an error of an HTTP client inside a wrapped function', () => {
  const callAxios = withCredential(
    async ({ path, apiKey }: { path: string; apiKey: string }) =>
      (await axios.get(base + path, { headers: { Authorization: `Bearer ${apiKey}` }, params: { key: apiKey } }))
        .data as unknown,
    { auth, into: 'apiKey' },
  );
  const callGot = withCredential(
    ({ path, apiKey }: { path: string; apiKey: string }) =>
      got(base + path, {
        headers: { authorization: `Bearer ${apiKey}` },
        searchParams: { key: apiKey },
        retry: { limit: 0 },
      }).json(),
    { auth, into: 'apiKey' },
  );

  test.each([
    ['axios', callAxios],
    ['got', callGot],
  ])('of %s keeps its kind and status, and loses the secret everywhere', async (name, call) => {
    for (const status of [401, 403, 500]) {
      const error = await call({ path: `/status/${status}` }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect((error as { name: string }).name).toMatch(name === 'axios' ? 'AxiosError' : 'HTTPError');
      expect((error as Error).message).toContain(String(status));
      expectNoLeak(shown(error), key);
    }
  });

  test.each([
    ['axios', callAxios],
    ['got', callGot],
  ])('of %s that found no server loses it too', async (_, call) => {
    const before = base;
    base = 'http://127.0.0.1:1';
    const error = await call({ path: '/' }).catch((thrown: unknown) => thrown);
    base = before;
    expect((error as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
    expectNoLeak(shown(error), key);
  });

  test('is a result when it is returned instead of thrown, and loses the secret as well', async () => {
    const call = withCredential(
      async ({ apiKey }: { apiKey: string }) => axios.get(`${base}/status/200`, { headers: { Authorization: apiKey } }),
      { auth, into: 'apiKey' },
    );
    const response = await call();
    expect(response.status).toBe(200);
    expect(JSON.stringify(response.data)).toContain('[secret]');
    expectNoLeak(shown(response), key);
  });

  test('of a real response loses it in headers and body (F14)', async () => {
    const call = withCredential((url: string, init?: RequestInit) => fetch(url, init), {
      auth: createRegistry({ providers: [{ name: 'p', source: () => key, baseUrl: base }] }).auth('p'),
      into: bearer(),
    });
    const response = await call(`${base}/status/200`);
    expect(response.status).toBe(200);
    expectNoLeak([[...response.headers], await response.text()], key);
    const raw = withCredential(
      async ({ apiKey }: { apiKey: string }) => request(`${base}/status/200`, { headers: { authorization: apiKey } }),
      { auth, into: 'apiKey' },
    );
    const answered = await raw();
    expectNoLeak([answered.headers, await answered.body.text()], key);
  });
});
