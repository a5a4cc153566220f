import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { bearer, createRegistry, header, isClavigerError, withCredential, type Into } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';

const key = canary();
const registry = createRegistry({ providers: [{ name: 'p', source: () => key }] });
const auth = registry.auth('p');

/** What a promise rejects with. */
async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: unknown) => error,
  );
}

describe('code that looks at an outcome and fails', () => {
  it('shows no key when isRejected throws what it saw', async () => {
    const call = withCredential(({ apiKey }: { apiKey: string }) => ({ echo: apiKey }), {
      auth,
      into: 'apiKey',
      isRejected: ({ result }) => {
        throw new Error(`can't judge ${JSON.stringify(result)}`);
      },
    });
    const error = await thrownBy(call({}));
    expect(String(error)).toContain('[secret]');
    expectNoLeak(error, key);
  });

  it('shows no key when isRejected throws over an error that was thrown at once', async () => {
    const fails = ({ apiKey }: { apiKey: string }): never => {
      throw new Error(apiKey);
    };
    const isRejected = ({ error }: { error?: unknown }): never => {
      throw new Error(`can't judge ${String(error)}`);
    };
    expectNoLeak(await thrownBy(withCredential(fails, { auth, into: 'apiKey', isRejected })({})), key);
  });

  it.each(['status', 'cause'])('shows no key through an error whose %s can not be read (S11)', async (name) => {
    for (const audit of [undefined, () => undefined]) {
      const audited = createRegistry({ providers: [{ name: 'p', source: () => key }], ...(audit && { audit }) });
      const fails = ({ apiKey }: { apiKey: string }): never => {
        throw Object.defineProperty(new Error('failed'), name, {
          get() {
            throw new Error(apiKey);
          },
          configurable: true,
        });
      };
      const error = await thrownBy(withCredential(fails, { auth: audited.auth('p'), into: 'apiKey' })({}));
      expect((error as Error).message).toBe('failed');
      expectNoLeak(error, key);
    }
  });

  it('gives the result whose status can not be read, as it is none of ours', async () => {
    const result = {
      get status(): number {
        throw new Error('not yet');
      },
    };
    const call = withCredential(({ apiKey: _ }: { apiKey: string }) => result, { auth, into: 'apiKey' });
    expect(await call({})).toBe(result);
  });
});

describe('asking whether something is an error of ours', () => {
  it('never throws and always ends', () => {
    const endless = (): object => ({
      get cause() {
        return endless();
      },
    });
    const hostile = new Proxy(new Error('x'), {
      has() {
        throw new Error('no');
      },
    });
    expect([endless(), hostile].map(isClavigerError)).toEqual([false, false]);
  });
});

describe('arguments that are not what they seem', () => {
  const seesKey = withCredential((args: { apiKey: string }) => args.apiKey === key, { auth, into: 'apiKey' });

  it('have no setter called with the key, also beside an own "__proto__" (F4)', async () => {
    const heard: unknown[] = [];
    const mine = JSON.parse('{"__proto__":{"a":1}}') as object;
    Object.defineProperty(mine, 'apiKey', { set: (value) => void heard.push(value), enumerable: true });
    expect(await seesKey(mine)).toBe(true);
    expect(heard).toEqual([]);
  });

  it('may be frozen with a value of their own in the place of the key (F4)', async () => {
    const mine = Object.freeze(JSON.parse('{"__proto__":{"a":1},"apiKey":"mine"}') as object);
    expect(await seesKey(mine)).toBe(true);
  });

  it.each([undefined, null, Symbol('apiKey'), true])('can not be left unnamed: into %s (F8)', (into) => {
    const wrap = () => withCredential(() => 1, { auth, into: into as unknown as Into });
    expect(wrap).toThrow(expect.objectContaining({ code: 'ERR_PLACEMENT_INVALID' }));
  });
});

describe('a generator', () => {
  it('gets the credential of who called it, not of who reads it (F18)', async () => {
    const user = new AsyncLocalStorage<string>();
    const perUser = createRegistry({ providers: [{ name: 'p', source: ({ account }) => `key-of-${account}` }] });
    const whose = withCredential(
      async function* ({ apiKey }: { apiKey: string }) {
        yield await Promise.resolve(apiKey.slice('key-of-'.length));
      },
      { auth: perUser.auth('p', { account: () => user.getStore() }), into: 'apiKey' },
    );
    const calls = ['alice', 'bob'].map((name) => user.run(name, () => whose()));
    const read = [];
    for (const call of calls) for await (const name of call) read.push(name);
    expect(read).toEqual(['alice', 'bob']);
  });
});

describe('a request', () => {
  let version = 1;
  const source = ({ rejectedVersion }: { rejectedVersion?: string }) => ({
    secret: key,
    version: String(rejectedVersion === undefined ? version : ++version),
  });
  const http = createRegistry({
    providers: [{ name: 'p', source, destinations: ['GET,PATCH https://api.example.com/v1/**'] }],
  });
  const url = 'https://api.example.com/v1/users';

  /** A function like fetch that shows what it was called with, and what fetch would send. */
  function spy(status = 200) {
    const calls: { input: unknown; init: Record<string, unknown>; method: string }[] = [];
    const call = withCredential(
      async (input: unknown, init?: unknown) => {
        const given = init as Record<string, unknown>;
        calls.push({ input, init: given, method: new Request(input as string, given).method });
        return Promise.resolve({ status });
      },
      { auth: http.auth('p'), into: header('X-Api-Key') },
    );
    return { call, calls };
  }

  it.each([[['DELETE']], [{ toString: () => 'DELETE' }], [null], [1]])(
    'is refused with a method that a client would read otherwise: %j',
    async (method) => {
      const { call, calls } = spy();
      await rejects(call(url, { method }), 'ERR_PLACEMENT_INVALID');
      expect(calls).toEqual([]);
    },
  );

  it('goes with the method that was judged, however it was spelled or read again (C28)', async () => {
    const { call, calls } = spy();
    let reads = 0;
    await call(url, { method: 'patch', body: 'x' });
    await call(new Request(url, { method: 'patch', body: 'x' }));
    await call(url, {
      get method() {
        return reads++ === 0 ? 'GET' : 'DELETE';
      },
    });
    expect(calls.map(({ method }) => method)).toEqual(['PATCH', 'PATCH', 'GET']);
  });

  it('is refused with a Host header for another place (C13)', async () => {
    const { call, calls } = spy();
    await call(url, { headers: { host: 'API.example.com:443' } });
    for (const headers of [
      { host: 'evil.example' },
      [['Host', 'evil.example']],
      new Headers({ host: 'evil.example' }),
    ]) {
      await rejects(call(url, { headers }), 'ERR_DESTINATION_AMBIGUOUS');
    }
    expect(calls).toHaveLength(1);
  });

  it('goes without headers that override method, host or path (C15)', async () => {
    const { call, calls } = spy();
    await call(url, { headers: { 'X-HTTP-Method-Override': 'DELETE', 'x-original-url': '/admin', accept: 'a/b' } });
    expect(calls[0]?.init['headers']).toEqual({ accept: 'a/b', 'X-Api-Key': key });
  });

  it('takes headers in every form that clients take', async () => {
    const { call, calls } = spy();
    const bags: unknown[] = [
      { a: '1', b: undefined, c: null },
      { a: 1 },
      { a: ['1'] },
      Object.assign(Object.create(null) as object, { a: '1' }),
      new Map([['a', '1']]),
      [['a', '1']],
      (function* () {
        yield ['a', '1'];
      })(),
    ];
    for (const headers of bags) await call(url, { headers });
    await call(url, { headers: null });
    await call(url, null);
    const sent = calls.map(({ init }) => Object.fromEntries(new Headers(init['headers'] as Record<string, string>)));
    expect(sent).toEqual([
      ...bags.map(() => ({ a: '1', 'x-api-key': key })),
      { 'x-api-key': key },
      { 'x-api-key': key },
    ]);
  });

  it.each([[['x-api-key', 'mine']], [[['a', '1', '2']]], [['ab']], [{ a: { b: 1 } }], [{ a: Symbol('b') }], ['a: b']])(
    'is refused with headers that could be read two ways: %o',
    async (headers) => {
      const { call, calls } = spy();
      await rejects(call(url, { headers }), 'ERR_PLACEMENT_INVALID');
      expect(calls).toEqual([]);
    },
  );

  it.each([
    ['a Request with a body', () => [new Request(url, { method: 'PATCH', body: 'x' })]],
    ['a stream', () => [url, { method: 'PATCH', duplex: 'half', body: new Blob(['x']).stream() }]],
  ] as const)('that was refused is not repeated when %s is gone (H16)', async (_, args) => {
    const { call, calls } = spy(401);
    const [input, init] = args();
    expect(await call(input, init)).toEqual({ status: 401 });
    expect(calls).toHaveLength(1);
  });

  it('that was refused is repeated with the very same headers, also if they came from an iterator', async () => {
    const { call, calls } = spy(401);
    const headers = new Map([['a', '1']]).entries();
    await call(url, { headers, method: 'PATCH', body: 'x' });
    expect(calls.map(({ init }) => new Headers(init['headers'] as Headers).get('a'))).toEqual(['1', '1']);
  });

  it.each([
    { hostname: 'evil.example' },
    { path: '/admin' },
    { socketPath: '/run/x' },
    { proxy: { host: 'evil.example' } },
  ])('is refused with options that lead a client away from its URL: %o (H6)', async (init) => {
    const { call, calls } = spy();
    await rejects(call(url, init), 'ERR_PLACEMENT_INVALID');
    expect(calls).toEqual([]);
  });

  it('of one object is led away as little, and may say what it likes otherwise (H6)', async () => {
    const calls: unknown[] = [];
    const call = withCredential((options: unknown) => void calls.push(options), {
      auth: http.auth('p'),
      into: bearer(),
    });
    for (const options of [{ baseURL: 'https://evil.example' }, { socketPath: '/run/x' }, { proxy: { port: 1 } }]) {
      await rejects(call({ url, ...options }), 'ERR_PLACEMENT_INVALID');
    }
    const withContext = call as (options: unknown, context: unknown) => Promise<unknown>;
    await withContext({ url, path: '$.users', port: 'fast', proxy: false }, { host: 'a client' });
    expect(calls).toHaveLength(1);
  });

  it('of one object goes with what was judged as well', async () => {
    const calls: unknown[] = [];
    const call = withCredential((options: unknown) => void calls.push(options), {
      auth: http.auth('p'),
      into: bearer(),
    });
    await call({ url, method: 'patch', headers: { 'X-Method-Override': 'DELETE' } });
    await rejects(call({ url, method: ['DELETE'] }), 'ERR_PLACEMENT_INVALID');
    await rejects(call({ url, headers: { HOST: 'evil.example' } }), 'ERR_DESTINATION_AMBIGUOUS');
    expect(calls).toEqual([
      { url, method: 'PATCH', headers: { Authorization: `Bearer ${key}` }, redirect: 'error', maxRedirects: 0 },
    ]);
  });
});
