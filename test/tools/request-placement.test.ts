import { describe, expect, test } from 'vitest';
import {
  basic,
  bearer,
  cookie,
  createRegistry,
  header,
  query,
  withCredential,
  type RequestPlacement,
} from '../../src/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';

const key = canary();
const registry = createRegistry({
  providers: [
    {
      name: 'p',
      source: () => ({ secret: key, username: 'anna' }),
      baseUrl: 'https://api.example.com/v1',
      headers: { 'X-Version': '7' },
    },
    { name: 'nowhere', source: () => key },
  ],
});
const auth = registry.auth('p');
const url = 'https://api.example.com/v1/users';

interface Init {
  method?: string;
  headers?: Record<string, string> | Headers | [string, string][];
  redirect?: string;
}

/** A function like fetch that shows what it was called with. */
function spy(into: RequestPlacement, provider = auth) {
  const calls: [string | URL | Request, Init | undefined][] = [];
  const call = withCredential(
    (input: string | URL | Request, init?: Init) => {
      calls.push([input, init]);
      return Promise.resolve('done');
    },
    { auth: provider, into },
  );
  return { call, calls };
}

describe('a function called like fetch', () => {
  test('gets the header on a copy of its options, beside the constant headers', async () => {
    const { call, calls } = spy(bearer());
    const init = { headers: { authorization: 'mine', Accept: 'a/b' } };
    await call(url, init);
    expect(calls).toEqual([
      [
        url,
        {
          headers: { Accept: 'a/b', 'X-Version': '7', Authorization: `Bearer ${key}` },
          redirect: 'error',
          maxRedirects: 0,
        },
      ],
    ]);
    expect(init).toEqual({ headers: { authorization: 'mine', Accept: 'a/b' } });
  });

  test('gets headers in the shape in which it was given them', async () => {
    const { call, calls } = spy(header('X-Api-Key'));
    await call(url, { headers: new Headers({ 'x-api-key': 'mine' }) });
    await call(url, { headers: [['X-API-KEY', 'mine']] });
    expect((calls[0]?.[1]?.headers as Headers).get('x-api-key')).toBe(key);
    expect(calls[1]?.[1]?.headers).toEqual([
      ['X-Version', '7'],
      ['X-Api-Key', key],
    ]);
  });

  test('gets the query parameter once, and keeps order, other parameters and the fragment (Q8, Q9)', async () => {
    const { call, calls } = spy(query('key'));
    await call(`${url}?a=1&key=mine&%6Bey=2&b=%20&key#part`);
    expect(calls[0]?.[0]).toBe(`${url}?a=1&key=${key}&b=%20#part`);
  });

  test('gets a URL where it was called with one', async () => {
    const { call, calls } = spy(query('key'));
    const mine = new URL(url);
    await call(mine);
    expect(calls[0]?.[0]).toBeInstanceOf(URL);
    expect(String(calls[0]?.[0])).toBe(`${url}?key=${key}`);
    expect(String(mine)).toBe(url);
  });

  test('gets a Request with the credential, its body kept', async () => {
    const bodies: string[] = [];
    const call = withCredential(
      async (input: Request, init?: RequestInit) => {
        const request = new Request(input, init);
        bodies.push(`${request.method} ${request.headers.get('x-api-key') === key} ${await request.text()}`);
      },
      { auth, into: header('x-api-key') },
    );
    await call(new Request(url, { method: 'POST', body: 'payload' }));
    expect(bodies).toEqual(['POST true payload']);
  });

  test('gets one cookie among others (Q6)', async () => {
    const { call, calls } = spy(cookie('session'));
    await call(url, { headers: { Cookie: 'a=1; session=mine; b=2' } });
    expect(calls[0]?.[1]?.headers).toMatchObject({ Cookie: `a=1; b=2; session=${key}` });
  });

  test('gets Basic with the user name of the option, else of the credential', async () => {
    const { call, calls } = spy(basic());
    await call(url);
    const other = spy(basic({ username: 'bob' }));
    await other.call(url);
    const sent = [calls, other.calls].map(
      ([first]) => (first?.[1]?.headers as Record<string, string>)['Authorization'],
    );
    expect(sent).toEqual(['anna', 'bob'].map((user) => `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`));
  });

  test('does not follow redirects unless told to', async () => {
    const { call, calls } = spy(bearer());
    await call(url, { redirect: 'follow' });
    await call(url);
    expect(calls.map(([, init]) => init?.redirect)).toEqual(['follow', 'error']);
  });

  test.each([
    ['outside the destinations', 'https://evil.example/v1/users', 'ERR_DESTINATION_DENIED'],
    ['beside the base path', 'https://api.example.com/v2/users', 'ERR_DESTINATION_DENIED'],
    ['over plain http', 'http://api.example.com/v1/users', 'ERR_DESTINATION_INSECURE'],
    ['that can be read two ways', 'https://api.example.com/v1/..%2fadmin', 'ERR_DESTINATION_AMBIGUOUS'],
    ['with user info (C5)', `https://user:${key}@api.example.com/v1/`, 'ERR_DESTINATION_AMBIGUOUS'],
  ] as const)('is not called for a URL %s', async (_, target, code) => {
    const { call, calls } = spy(bearer());
    const error = await rejects(call(target), code);
    expect(error.message + JSON.stringify(error)).not.toContain(key);
    expect(calls).toEqual([]);
  });

  test('is not called for a provider that lists no destinations', async () => {
    const { call, calls } = spy(bearer(), registry.auth('nowhere'));
    await rejects(call(url), 'ERR_DESTINATION_DENIED');
    expect(calls).toEqual([]);
  });
});

describe('a function called with one object', () => {
  test('gets a copy with the credential on it, its other properties kept', async () => {
    const calls: unknown[] = [];
    const call = withCredential(
      (options: { url: string; data?: unknown; headers?: Record<string, string> }) => void calls.push(options),
      {
        auth,
        into: query('key'),
      },
    );
    const mine = Object.freeze({ url, data: { a: 1 } });
    await call(mine);
    expect(calls).toEqual([
      { url: `${url}?key=${key}`, data: { a: 1 }, headers: { 'X-Version': '7' }, redirect: 'error', maxRedirects: 0 },
    ]);
  });

  test('without a url is refused', async () => {
    const call = withCredential((options: { path: string }) => options, { auth, into: bearer() });
    await rejects(call({ path: '/' }), 'ERR_PLACEMENT_INVALID');
  });
});

describe('a secret that may not stand where it is to go', () => {
  test.each([
    ['a header', bearer(), 'päss-wörd-€'],
    ['a header', header('X-Key'), 'trailing-blank '],
    ['a cookie', cookie('c'), 'has;semicolon'],
    ['a cookie', cookie('c'), 'has blank inside'],
    ['Basic', basic(), 'control\u0007character'],
  ] as const)('is refused for %s', async (_, into, secret) => {
    const odd = createRegistry({
      providers: [{ name: 'p', source: () => secret, baseUrl: 'https://api.example.com' }],
    });
    const { call, calls } = spy(into, odd.auth('p'));
    const error = await rejects(call(url), 'ERR_PLACEMENT_INVALID');
    expect(error.message).not.toContain(secret.trim());
    expect(calls).toEqual([]);
  });

  test('is encoded exactly once in a query (Q11, Q12)', async () => {
    const odd = createRegistry({
      providers: [{ name: 'p', source: () => 's3 cr&t+/=', baseUrl: 'https://api.example.com' }],
    });
    const { call, calls } = spy(query('key[a]&b'), odd.auth('p'));
    await call(url);
    expect(calls[0]?.[0]).toBe(`${url}?key%5Ba%5D%26b=s3%20cr%26t%2B%2F%3D`);
  });
});
