import { Agent as HttpAgent, get, type RequestOptions } from 'node:http';
import axios from 'axios';
import got from 'got';
import { Agent, buildConnector, request } from 'undici';
import { describe, expect, it } from 'vitest';
import { header, query, withCredential, type RequestPlacement } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { rejects } from '../support/rejects.js';
import { rig, serve } from '../support/serve.js';

const into = header('x-api-key');

/** Node's own client, called like fetch. */
const nodeGet = (url: string, options: RequestOptions = {}) =>
  new Promise<number | undefined>((resolve, reject) => {
    get(url, options, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode);
      });
    }).on('error', reject);
  });

type Call = (...args: unknown[]) => Promise<unknown>;

/** An allowed origin A that answers with a redirect to E, and each client around a provider of A. */
async function place(placement: RequestPlacement = into) {
  const evil = await serve();
  const allowed = await serve(({ url }, response) => {
    if (url.startsWith('/away')) response.writeHead(302, { location: `${evil.origin}/taken` });
    response.end('ok');
  });
  const { registry, key, asked } = rig({ baseUrl: allowed.origin });
  const wrap = (fn: (...args: never[]) => unknown) =>
    withCredential(fn as Call, { auth: registry.auth('api'), into: placement }) as Call;
  return { evil, allowed, key, asked, wrap };
}

describe('a client that follows redirects', () => {
  it.each<[string, (...args: never[]) => unknown, (url: string) => unknown[]]>([
    ['fetch', fetch, (url) => [url]],
    ['fetch with a Request', fetch, (url) => [new Request(url)]],
    ['fetch with a Request beside the URL', fetch, (url) => [url, new Request(url)]],
    ['undici’s request', request, (url) => [url]],
    ['Node’s http', nodeGet, (url) => [url]],
    ['axios, one object', axios, (url) => [{ url }]],
    ['axios, a URL and options', axios, (url) => [url, { timeout: 5000 }]],
    ['axios.get', axios.get, (url) => [url]],
    ['axios over fetch', axios.create({ adapter: 'fetch' }), (url) => [{ url }]],
    ['got', got, (url) => [url]],
    ['got, one object', got, (url) => [{ url }]],
    [
      'got behind a function',
      (url: string, { redirect: _, ...init }: { redirect?: unknown }) => got(url, init),
      (url) => [url],
    ],
  ])('gives the key to its URL, and takes it nowhere else: %s (R1)', async (_, client, args) => {
    const { allowed, evil, key, wrap } = await place();
    const call = wrap(client);
    await call(...args(`${allowed.origin}/here`)).catch((error: unknown) => {
      throw new Error('it should have been called', { cause: error });
    });
    await call(...args(`${allowed.origin}/away`)).catch(() => undefined);
    expect(allowed.received.map(({ url, headers }) => [url, headers['x-api-key'] === key])).toEqual([
      ['/here', true],
      ['/away', true],
    ]);
    expect(evil.received).toEqual([]);
  });

  it('follows them where its caller says so', async () => {
    const { allowed, evil, key, wrap } = await place();
    await wrap(axios)({ url: `${allowed.origin}/away`, maxRedirects: 3 });
    await wrap(got)(`${allowed.origin}/away`, { followRedirect: true });
    expect(evil.received).toHaveLength(2);
    expectNoLeak(evil.received[0]?.headers.authorization, key);
  });
});

describe('an option with which a caller leads a client away (H6)', () => {
  it('is refused beside a URL, each by its name', async () => {
    const { allowed, evil, key, asked, wrap } = await place();
    const to = { port: evil.port, hostname: '127.0.0.1' };
    class Elsewhere extends HttpAgent {
      override createConnection(...[options, done]: Parameters<HttpAgent['createConnection']>) {
        return super.createConnection({ ...options, ...to }, done);
      }
    }
    const connect = buildConnector({});
    const dispatcher = new Agent({
      connect: (options, done) => connect({ ...options, ...to, port: String(to.port) }, done),
    });
    const url = `${allowed.origin}/x`;
    const cases: [(...args: never[]) => unknown, Record<string, unknown>][] = [
      [fetch, { dispatcher }],
      [request, { dispatcher }],
      [nodeGet, { agent: new Elsewhere() }],
      [nodeGet, { _defaultAgent: new Elsewhere() }],
      [nodeGet, { createConnection: () => undefined }],
      [nodeGet, { lookup: () => undefined }],
      [nodeGet, { defaultPort: evil.port }],
      [nodeGet, { rejectUnauthorized: false }],
      [nodeGet, { ca: 'mine' }],
      [axios, { httpAgent: new Elsewhere() }],
      [axios, { httpsAgent: new Elsewhere() }],
      [axios, { transport: {} }],
      [axios, { adapter: () => undefined }],
      [axios, { transformRequest: [() => undefined] }],
      [axios, { beforeRedirect: () => undefined }],
      [axios, { allowAbsoluteUrls: false }],
      [got, { prefixUrl: evil.origin }],
      [got, { agent: { http: new Elsewhere() } }],
      [got, { hooks: {} }],
      [got, { request: () => undefined }],
      [got, { https: { rejectUnauthorized: false } }],
    ];
    for (const [client, options] of cases) {
      const error = await rejects(wrap(client)(url, options), 'ERR_PLACEMENT_INVALID');
      expect(error.message).toContain(`"${Object.keys(options)[0]}"`);
    }
    await wrap(fetch)(Object.assign(new Request(url), { dispatcher }));
    expect(asked()).toBe(1);
    expect(evil.received).toEqual([]);
    expect(allowed.received[0]?.headers['x-api-key']).toBe(key);
  });

  it('is refused in one object, where words that mean something else may stand', async () => {
    const { allowed, wrap } = await place();
    const calls: unknown[] = [];
    const call = wrap((options: never) => void calls.push(options));
    const url = `${allowed.origin}/x`;
    for (const options of [
      { baseURL: 'x' },
      { uri: 'x' },
      { httpAgent: {} },
      { dispatcher: {} },
      { adapter: () => 1 },
    ]) {
      await rejects(call({ url, ...options }), 'ERR_PLACEMENT_INVALID');
    }
    await call({ url, agent: 'smith', transport: 'train', host: 'Ada', cache: true, port: 1, proxy: false });
    expect(calls).toHaveLength(1);
  });

  it('of port 80 goes to no other port', async () => {
    const evil = await serve();
    const { registry } = rig({ baseUrl: 'http://127.0.0.1' });
    const call = withCredential(nodeGet as Call, { auth: registry.auth('api'), into }) as Call;
    await rejects(call('http://127.0.0.1/x', { defaultPort: evil.port }), 'ERR_PLACEMENT_INVALID');
    expect(evil.received).toEqual([]);
  });
});

describe('a query parameter of the key’s name (Q8)', () => {
  it.each<[string, (...args: never[]) => unknown, Record<string, unknown>]>([
    ['axios', axios, { params: { key: 'mine', page: 2 } }],
    ['axios', axios, { params: new URLSearchParams({ key: 'mine', page: '2' }) }],
    ['got', got, { searchParams: { key: 'mine', page: 2 } }],
    ['got', got, { searchParams: '?page=2&%6Bey=mine' }],
  ])('in what %s adds to the URL does not reach the server, the others do', async (_, client, options) => {
    const { allowed, key, wrap } = await place(query('key'));
    const mine = structuredClone({ ...options, ...(options['params'] instanceof URLSearchParams && { params: {} }) });
    await wrap(client)({ url: `${allowed.origin}/x`, ...options });
    const { search, searchParams } = new URL(allowed.received[0]?.url ?? '', allowed.origin);
    expect(searchParams.getAll('key')).toEqual([key]);
    expect(searchParams.get('page')).toBe('2');
    expect(search).not.toContain('mine');
    expect(options).toMatchObject(mine);
  });

  it('leaves alone what only looks like one', async () => {
    const { allowed, wrap } = await place(query('key'));
    const calls: unknown[] = [];
    const options = {
      query: 'query { key }',
      params: [
        ['a', 1],
        ['key', 2],
      ],
      qs: new Map([
        ['key', 1],
        ['b', 2],
      ]),
    };
    await wrap((given: never) => void calls.push(given))({ url: `${allowed.origin}/x`, ...options });
    expect(calls).toMatchObject([{ query: 'query { key }', params: [['a', 1]], qs: new Map([['b', 2]]) }]);
  });
});

describe('an option that says something else each time it is read (F4)', () => {
  const fickle = (name: string, ...values: unknown[]) => {
    let reads = 0;
    return Object.defineProperty({}, name, {
      get: () => values[Math.min(reads++, values.length - 1)],
      enumerable: true,
    });
  };

  it('is read once: what was judged is what is sent', async () => {
    const { allowed, evil, wrap } = await place();
    const url = `${allowed.origin}/x`;
    const calls: Record<string, unknown>[] = [];
    const call = wrap((...args: unknown[]) => void calls.push(args.at(-1) as Record<string, unknown>));
    for (const name of ['baseURL', 'prefixUrl', 'dispatcher', 'socketPath']) {
      const away = [undefined, evil.origin];
      await call(Object.defineProperties({ url }, Object.getOwnPropertyDescriptors(fickle(name, ...away))));
      await call(url, fickle(name, ...away));
      await call(new Request(url), fickle(name, ...away));
    }
    await call(fickle('url', url, evil.origin));
    expect(calls).toHaveLength(13);
    expectNoLeak(calls, evil.origin);
  });

  it('runs no getter twice, of a class and of a proxy neither', async () => {
    const { allowed, wrap } = await place();
    const reads: string[] = [];
    const call = wrap(() => ({ status: 401 }));
    const init = new Proxy(
      { method: 'GET', headers: { a: '1' }, redirect: 'manual' },
      {
        get: (target, key) => {
          if (typeof key === 'string') reads.push(key);
          return Reflect.get(target, key) as unknown;
        },
      },
    );
    await call(`${allowed.origin}/x`, init);
    class Init {
      get headers() {
        reads.push('inherited');
        return { a: '1' };
      }
    }
    await call(`${allowed.origin}/x`, new Init());
    expect(reads).toEqual([...new Set(reads)]);
    expect(reads).toContain('inherited');
  });
});
