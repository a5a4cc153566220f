import { describe, expect, it } from 'vitest';
import { createAccess, memoryState } from '../../src/access/index.js';
import { createFetch } from '../../src/http/index.js';
import { createRegistry, header, withCredential } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { accessRig, faultOf, product, sha256 } from '../access/rules.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { echo, serve } from '../support/serve.js';
import { within } from '../support/within.js';

const noProduct = 'oauth.v2.InvalidApiKeyForGivenResource';

describe('a path that means to pass a product', () => {
  const { verify } = accessRig({ product: { resources: ['/v1/public/**'] } });
  it.each([
    ['C16', '/v1/public/../admin'],
    ['C17', '/v1/public/%2e%2e/admin'],
    ['C17', '/v1/public/.%2E/admin'],
    ['C18', '/v1/public/..%2fadmin'],
    ['C18', '/v1/public/x%2f..%2f..%2fadmin'],
    ['C19', '/v1/public/%252e%252e/admin'],
    ['C19', '/v1/public/%252e%252e%252fadmin'],
    ['C20', '/V1/public/x'],
    ['C21', '/v1/public/%00'],
    ['C21', '/v1/public/%c0%ae%c0%ae/admin'],
    ['C21', '/v1/public/%zz'],
    ['C22', '/v1%2Fpublic/x'],
    ['C24', '/v1/public /x'],
    ['C24', '/v1/public/\tx'],
    ['', '/v1/public/..;/admin'],
    ['', '/v1/public/..%3b/admin'],
    ['', '/v1/public/..%5cadmin'],
    ['', '//v1/public/x'],
    ['', '/v1/public//../../admin'],
    ['', 'https://api.example.com/v1/public/x'],
    ['', '/v1/public/x#/../..'],
  ])('does not (%s): %s', async (_case, path) => {
    expect(await faultOf(verify({ path }))).toBe(noProduct);
  });

  it('goes on the wire as it was judged, and as nothing else (C28)', async () => {
    const server = await serve(echo);
    const consumerKey = canary();
    const access = createAccess({
      products: [product({ resources: ['/v1/public/**'] })],
      apps: [{ name: 'a', keys: [{ id: 'k', sha256: sha256(consumerKey), products: [{ name: 'read' }] }] }],
    });
    const registry = createRegistry({
      providers: [{ name: 'api', source: () => canary(), baseUrl: server.origin }],
      access,
    });
    const auth = registry.auth('api', { consumer: { consumerKey } });
    const wrapped = withCredential(fetch, { auth, into: header('x-key') });
    for (const path of [
      '/v1/public/a',
      '/v1/x/../public/%7Ea',
      '/v1/public/a%2fb',
      '/v1/public/../admin',
      '/v1/admin',
    ]) {
      for (const client of [createFetch({ auth }), createFetch({ registry, consumer: { consumerKey } }), wrapped]) {
        await client(`${server.origin}${path}`).catch(() => undefined);
      }
    }
    expect([...new Set(server.received.map(({ url }) => url))].sort()).toEqual([
      '/v1/public/a',
      '/v1/public/a%2Fb',
      '/v1/public/~a',
    ]);
  });
});

describe('a product', () => {
  it('with an empty list allows nothing, whatever the others say (C27)', async () => {
    for (const empty of [{ providers: [] }, { resources: [] }, { methods: [] }]) {
      const { verify } = accessRig({ product: { resources: ['/**'], ...empty } });
      expect(await faultOf(verify())).toBe(noProduct);
      expect(await faultOf(verify({ path: undefined, method: undefined }))).toBe(noProduct);
    }
    expect(await faultOf(accessRig({ key: { products: [] } }).verify())).toBe(noProduct);
  });

  it('takes only "*" for more than it is (C25)', async () => {
    const { verify } = accessRig({ product: { resources: ['/v1/a.b', '/v1/(x|y)', '/v1/[ab]', '/v1/c+'] } });
    for (const path of ['/v1/aXb', '/v1/x', '/v1/a', '/v1/cc']) expect(await faultOf(verify({ path }))).toBe(noProduct);
    for (const path of ['/v1/a.b', '/v1/(x|y)', '/v1/[ab]', '/v1/c+'])
      expect(await faultOf(verify({ path }))).toBe('ok');
  });

  it('answers for long paths and many stars in no time (C29)', { retry: 2 }, async () => {
    const { verify } = accessRig({ product: { resources: [`/${'*a'.repeat(500)}b`] } });
    const start = performance.now();
    expect(await faultOf(verify({ path: `/${'a'.repeat(100_000)}` }))).toBe(noProduct);
    expect(performance.now() - start).toBeLessThan(within(500));
  });
});

describe('two consumers', () => {
  it('at the same time, with quotas, never use what is the other’s (F18, H19)', async () => {
    const server = await serve(echo);
    const keys = [canary(), canary()];
    const access = createAccess({
      products: [0, 1].map((index) => ({
        name: `p${index}`,
        providers: ['api'],
        resources: [`/${index}/**`],
        quota: { limit: 10, interval: 1, unit: 'hour' as const },
      })),
      apps: keys.map((key, index) => ({
        name: `app${index}`,
        keys: [{ id: `k${index}`, sha256: sha256(key), products: [{ name: `p${index}` }] }],
      })),
    });
    const registry = createRegistry({
      providers: [{ name: 'api', source: () => canary(), baseUrl: server.origin }],
      access,
    });
    const clients = keys.map((consumerKey) =>
      createFetch({ auth: registry.auth('api', { consumer: { consumerKey } }) }),
    );
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const [who, where] = [index % 2, (index >> 1) % 2];
        const outcome = await clients[who]!(`/${where}/x`).then(
          ({ status }) => String(status),
          (error: unknown) => String((error as { fault?: string }).fault),
        );
        return `${who === where ? 'own' : 'other'} ${outcome}`;
      }),
    );
    expect(outcomes.filter((each) => each === 'own 200')).toHaveLength(20);
    expect(outcomes.filter((each) => each === `other ${noProduct}`)).toHaveLength(20);
    expect(server.text()).not.toContain(keys[0]);
  });
});

describe('whoever has no key', () => {
  it('gets none through names that JavaScript knows', async () => {
    const { verify, access } = accessRig();
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(await faultOf(verify({ consumerKey: name }))).toBe('oauth.v2.InvalidApiKey');
      expect(await faultOf(verify({ provider: name }))).toBe(noProduct);
      await rejects(access.setStatus({ app: name }, 'revoked'), 'ERR_CONFIG_INVALID');
      await rejects(access.issueKey({ app: name, products: [] }), 'ERR_CONFIG_INVALID');
    }
    const odd = { name: '__proto__', providers: ['api'], resources: ['/**'] };
    const key = canary();
    const own = createAccess({
      products: [odd],
      apps: [{ name: 'constructor', keys: [{ id: 'k', sha256: sha256(key), products: [{ name: '__proto__' }] }] }],
    });
    expect(await own.verifyApiKey({ consumerKey: key, provider: 'api' })).toMatchObject({
      ok: true,
      app: 'constructor',
    });
    expect(({} as Record<string, unknown>)['providers']).toBeUndefined();
  });

  it('learns from no refusal, error or event whether a key exists, nor anything of the rules', async () => {
    const { access, verify } = accessRig();
    const [one, two] = [await verify({ consumerKey: canary() }), await verify({ consumerKey: 'x' })];
    expect(one).toEqual(two);
    expect(JSON.stringify(one)).not.toMatch(/agent|ada|read|k1/);
    const errors = await Promise.all(
      [canary(), 'x'].map((consumerKey) =>
        rejects(access.issueAccessToken({ consumerKey, consumerSecret: canary() }), 'ERR_ACCESS_DENIED'),
      ),
    );
    expect(errors[0]?.message).toBe(errors[1]?.message);
  });

  it('finds no key in the state, not even that of a key that was just made', async () => {
    const state = memoryState();
    const { access, consumerKey, consumerSecret } = accessRig({ state });
    const issued = await access.issueKey({ app: 'agent', products: ['read'] });
    const { access_token } = await access.issueAccessToken({ consumerKey, consumerSecret });
    const held = [[...(await state.read())], await access.describe()];
    for (const value of [consumerKey, consumerSecret, issued.consumerKey, issued.consumerSecret, access_token]) {
      expectNoLeak(held, value);
    }
  });
});

it('10 000 apps are as quick to tell apart as ten', async () => {
  const keys = Array.from({ length: 10_000 }, () => canary());
  const access = createAccess({
    products: [product()],
    apps: keys.map((key, index) => ({
      name: `app-${index}`,
      keys: [{ id: `k${index}`, sha256: sha256(key), products: [{ name: 'read' }] }],
    })),
  });
  for (const index of [0, 5000, 9999]) {
    expect(
      await access.verifyApiKey({ consumerKey: keys[index]!, provider: 'api', method: 'GET', path: '/v1' }),
    ).toMatchObject({ ok: true, app: `app-${index}` });
  }
});
