import { AsyncLocalStorage } from 'node:async_hooks';
import { request } from 'undici';
import { onTestFinished, describe, expect, it } from 'vitest';
import { createAccess, type Consumer } from '../../src/access/index.js';
import { createAgent, createFetch } from '../../src/http/index.js';
import { createRegistry, header, withCredential, type AuditEvent } from '../../src/index.js';
import { runProcess } from '../../src/process/index.js';
import { env } from '../../src/placement/placement.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { echo, serve } from '../support/serve.js';
import { sha256 } from '../access/rules.js';

const violation = 'policies.ratelimit.QuotaViolation';
const noProduct = 'oauth.v2.InvalidApiKeyForGivenResource';

/** A registry with access rules: one app with one key for the whole of `api`, in a product with this quota and these resources. */
function setUp(
  origin = 'https://api.example.com',
  { limit = 100, resources = ['/**'], methods = undefined as string[] | undefined } = {},
) {
  const consumerKey = canary();
  const secret = canary();
  const key = canary();
  const events: AuditEvent[] = [];
  let asked = 0;
  const access = createAccess({
    products: [
      {
        name: 'all',
        providers: ['api', 'beside'],
        resources,
        ...(methods && { methods }),
        quota: { limit, interval: 1, unit: 'hour' },
      },
    ],
    developers: [{ name: 'ada' }],
    apps: [
      {
        name: 'agent',
        developer: 'ada',
        keys: [{ id: 'k1', sha256: sha256(consumerKey), secretSha256: sha256(secret), products: [{ name: 'all' }] }],
      },
    ],
  });
  const source = () => {
    asked += 1;
    return key;
  };
  const registry = createRegistry({
    providers: [
      { name: 'api', source, baseUrl: origin },
      { name: 'both', source, baseUrl: `${origin}/both`, with: ['beside'] },
      { name: 'beside', source, placement: header('x-beside') },
    ],
    access,
    audit: (event) => void events.push(event),
  });
  const consumer = { consumerKey };
  const left = async () => {
    const seen = await access.verifyApiKey({ consumerKey, provider: 'api', path: '/', method: 'GET', peek: true });
    return seen.ok ? seen.quota?.remaining : 0;
  };
  return { access, registry, consumer, secret, key, events, left, asked: () => asked };
}

const denied = async (use: Promise<unknown> | (() => unknown), fault: string) => {
  const error = await rejects(use, 'ERR_ACCESS_DENIED');
  expect(error.fault).toBe(fault);
  expect(error.message.endsWith(fault)).toBe(true);
  return error;
};

describe('a registry with access rules', () => {
  it('refuses every use without a consumer, before a secret is fetched', async () => {
    const server = await serve(echo);
    const { registry, events, asked } = setUp(server.origin);
    const none = 'oauth.v2.FailedToResolveAPIKey';
    const auth = registry.auth('api');
    const url = `${server.origin}/v1`;
    await denied(registry.resolve('api'), none);
    await denied(registry.resolve('api', { destination: { method: 'GET', url } }), none);
    await denied(withCredential((_: { key: string }) => 1, { auth, into: 'key' })({}), none);
    await denied(withCredential(fetch, { auth, into: header('x-key') })(url), none);
    await denied(createFetch({ auth })(url), none);
    await denied(createFetch({ registry })(url), none);
    await denied(fetch(url, { dispatcher: createAgent({ registry }) }), none);
    await denied(runProcess({ command: 'true', inject: [{ auth, into: env('K') }] }), none);
    await denied(registry.refresh({ provider: 'api', version: 'x', secret: undefined as never }), none);
    for (const consumer of [() => undefined, {}, { consumerKey: 'a', accessToken: 'b' }] as never[]) {
      await denied(registry.resolve('api', { consumer }), none);
    }
    expect(asked()).toBe(0);
    expect(server.received).toEqual([]);
    expect(events).toHaveLength(12);
    for (const event of events)
      expect(event).toMatchObject({ type: 'refuse', outcome: 'ERR_ACCESS_DENIED', fault: none });
  });

  it('admits a consumer by key or token, on every surface, and writes down whose it was', async () => {
    const server = await serve(echo);
    const { access, registry, consumer, secret, key, events } = setUp(server.origin);
    const { access_token: accessToken } = await access.issueAccessToken({ ...consumer, consumerSecret: secret });
    for (const who of [consumer, { accessToken }, () => consumer]) {
      const auth = registry.auth('api', { consumer: who });
      expect((await registry.resolve('api', { consumer: who })).secret.reveal()).toBe(key);
      await withCredential(({ apiKey }: { apiKey: string }) => void expect(apiKey).toBe(key), { auth, into: 'apiKey' })(
        {},
      );
      expect((await createFetch({ auth })('/v1')).status).toBe(200);
      expect((await createFetch({ registry, consumer: who })(`${server.origin}/v1`)).status).toBe(200);
      expect(await runProcess({ command: 'true', inject: [{ auth, into: env('K') }] })).toMatchObject({ exitCode: 0 });
      expect(
        await registry.refresh(await registry.resolve('api', { consumer: who }), { consumer: who }),
      ).toBeUndefined();
    }
    const uses = events.filter(({ type }) => type === 'use');
    expect(uses.length).toBe(18);
    for (const event of uses) expect(event).toMatchObject({ consumer: 'k1', app: 'agent', outcome: 'ok' });
  });

  it('decides by method and path of the one canonical URL, and by nothing less', async () => {
    const server = await serve(echo);
    const { registry, consumer, asked } = setUp(server.origin, { resources: ['/v1/**'], methods: ['GET'] });
    const client = createFetch({ auth: registry.auth('api', { consumer }) });
    expect((await client('/v1/a')).status).toBe(200);
    expect((await client('/v1/a', { method: 'HEAD' })).status).toBe(200);
    await denied(client('/v2'), noProduct);
    await denied(client('/V1/a'), noProduct);
    await denied(client('/v1/../v2'), noProduct);
    await denied(client('/v1/a', { method: 'POST' }), noProduct);
    await rejects(client('/v1/..%2fv2'), 'ERR_DESTINATION_AMBIGUOUS');
    await denied(registry.resolve('api', { consumer }), noProduct);
    await denied(
      runProcess({ command: 'true', inject: [{ auth: registry.auth('api', { consumer }), into: env('K') }] }),
      noProduct,
    );
    await denied(withCredential(() => 1, { auth: registry.auth('api', { consumer }), into: 0 })(), noProduct);
    expect(asked()).toBe(1);
    expect(server.received.length).toBe(2);
  });

  it('refuses at once what was revoked, though the credential is cached', async () => {
    const { access, registry, consumer, secret } = setUp();
    const { access_token: accessToken } = await access.issueAccessToken({ ...consumer, consumerSecret: secret });
    const call = withCredential((_: { key: string }) => 'called', {
      auth: registry.auth('api', { consumer }),
      into: 'key',
    });
    expect(await call({})).toBe('called');
    await access.setStatus({ developer: 'ada' }, 'inactive');
    await denied(call({}), 'keymanagement.service.DeveloperStatusNotActive');
    await denied(
      registry.resolve('api', { consumer: { accessToken } }),
      'keymanagement.service.DeveloperStatusNotActive',
    );
  });

  it('judges access before destinations, and both have to agree', async () => {
    const { registry, consumer } = setUp();
    const outside = { method: 'GET', url: 'https://evil.example/' };
    await denied(registry.resolve('api', { destination: outside }), 'oauth.v2.FailedToResolveAPIKey');
    await rejects(registry.resolve('api', { consumer, destination: outside }), 'ERR_DESTINATION_DENIED');
  });

  it('asks for whom at each call, and mixes up nobody', async () => {
    const { access, registry, consumer, key } = setUp();
    const storage = new AsyncLocalStorage<Consumer>();
    const other = await access.issueKey({ app: 'agent', products: ['all'] });
    await access.setStatus({ key: other.id }, 'revoked');
    const call = withCredential(async ({ apiKey }: { apiKey: string }) => apiKey === key, {
      auth: registry.auth('api', { consumer: () => storage.getStore() }),
      into: 'apiKey',
    });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        storage.run(index % 2 === 0 ? consumer : { consumerKey: other.consumerKey }, async () => {
          await new Promise(setImmediate);
          return call({}).then(String, (error: unknown) => (error as { fault?: string }).fault);
        }),
      ),
    );
    expect(outcomes.filter((_, index) => index % 2 === 0)).toEqual(Array(10).fill('true'));
    expect(outcomes.filter((_, index) => index % 2 === 1)).toEqual(Array(10).fill('oauth.v2.ApiKeyNotApproved'));
  });

  it('keeps the consumer of a request on its hops, which run in another async context (F18)', async () => {
    const server = await serve(({ url }, response) => {
      if (url.endsWith('/hop')) response.writeHead(302, { location: url.replace('hop', 'next') });
      setImmediate(() => response.end('done'));
    });
    const storage = new AsyncLocalStorage<string>();
    const keys: Record<string, string> = { a: canary(), b: canary() };
    const names = Object.keys(keys);
    const access = createAccess({
      products: names.map((name) => ({ name, providers: ['api'], resources: [`/${name}/*`] })),
      apps: names.map((name) => ({
        name,
        keys: [{ id: name, sha256: sha256(keys[name]!), products: [{ name }] }],
      })),
    });
    const accounts: (string | undefined)[] = [];
    const registry = createRegistry({
      providers: [
        {
          name: 'api',
          source: ({ account }) => {
            accounts.push(account);
            return canary();
          },
          baseUrl: server.origin,
        },
      ],
      access,
    });
    const auth = registry.auth('api', {
      consumer: () => {
        const consumerKey = keys[storage.getStore() ?? ''];
        return consumerKey === undefined ? undefined : { consumerKey };
      },
      account: () => storage.getStore(),
    });
    const dispatcher = createAgent({ auth }, { maxRedirections: 3, connections: 1 }) as never;
    const client = createFetch({ auth });
    const statuses = await Promise.all(
      Array.from({ length: 12 }, (_, index) => names[index % 2]!).map((name, index) =>
        storage.run(name, async () => {
          const url = `${server.origin}/${name}/hop`;
          if (index % 4 < 2) return (await client(url)).status;
          const { statusCode, body } = await request(url, { dispatcher });
          await body.dump();
          return statusCode;
        }),
      ),
    );
    expect(statuses).toEqual(Array(12).fill(200));
    expect([...new Set(accounts)].sort()).toEqual(names);
  });

  it('wants the consumer admitted for the companion of a provider too', async () => {
    const server = await serve(echo);
    const { registry, consumer } = setUp(server.origin);
    await denied(createFetch({ auth: registry.auth('both', { consumer }) })('/x'), noProduct);
    const bothOnly = createAccess({
      products: [{ name: 'p', providers: ['both'], resources: ['/**'] }],
      apps: [{ name: 'a', keys: [{ id: 'k', sha256: sha256(consumer.consumerKey), products: [{ name: 'p' }] }] }],
    });
    const narrow = createRegistry({
      providers: [
        { name: 'both', source: () => canary(), baseUrl: server.origin, with: ['beside'] },
        { name: 'beside', source: () => canary(), placement: header('x-beside') },
      ],
      access: bothOnly,
    });
    const error = await denied(createFetch({ auth: narrow.auth('both', { consumer }) })('/x'), noProduct);
    expect(error.provider).toBe('beside');
    expect(server.received).toEqual([]);
  });

  it('takes only rules that createAccess made', () => {
    for (const access of [{}, { verifyApiKey: async () => ({ ok: true }) }, 'rules', null]) {
      expect(() => createRegistry({ providers: [], access: access as never })).toThrow(
        expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
      );
    }
  });
});

describe('one unit of quota', () => {
  it('is one call of a function, one request, one start of a child; what is refused later has been counted', async () => {
    const server = await serve(echo);
    const { registry, consumer, left } = setUp(server.origin, { limit: 10 });
    const auth = registry.auth('api', { consumer });
    await withCredential(() => 1, { auth, into: 0 })();
    expect(await left()).toBe(9);
    await createFetch({ auth })('/v1');
    expect(await left()).toBe(8);
    await runProcess({
      command: 'true',
      inject: [
        { auth, into: env('A') },
        { auth, into: env('B') },
      ],
    });
    expect(await left()).toBe(7);
    await registry.resolve('api', { consumer });
    expect(await left()).toBe(6);
  });

  it('holds a request with its hops, the repeat after a 401 and its companions', async () => {
    let first = true;
    const server = await serve(({ url }, response) => {
      if (url === '/hop') response.writeHead(302, { location: '/next' });
      else if (url === '/next' && first) {
        first = false;
        response.writeHead(401);
      }
      response.end('done');
    });
    let version = 0;
    const consumerKey = canary();
    const access = createAccess({
      products: [
        {
          name: 'all',
          providers: ['api', 'beside'],
          resources: ['/**'],
          quota: { limit: 1, interval: 1, unit: 'hour' },
        },
      ],
      apps: [{ name: 'a', keys: [{ id: 'k', sha256: sha256(consumerKey), products: [{ name: 'all' }] }] }],
    });
    const source = () => ({ secret: canary(), version: String((version += 1)) });
    const registry = createRegistry({
      providers: [
        { name: 'api', source, baseUrl: server.origin, with: ['beside'] },
        { name: 'beside', source, placement: header('x-beside') },
      ],
      access,
    });
    const client = createFetch({ auth: registry.auth('api', { consumer: { consumerKey } }) });
    const response = await client('/hop');
    expect([response.status, server.received.map(({ url }) => url)]).toEqual([200, ['/hop', '/next', '/next']]);
    await denied(client('/hop'), violation);
    expect(server.received).toHaveLength(3);
  });

  it('is judged on each hop, where the product may end', async () => {
    const server = await serve(({ url }, response) => {
      if (url === '/v1/hop') response.writeHead(302, { location: '/v2' });
      response.end('done');
    });
    const { registry, consumer } = setUp(server.origin, { resources: ['/v1/**'] });
    await denied(createFetch({ auth: registry.auth('api', { consumer }) })('/v1/hop'), noProduct);
    expect(server.received.map(({ url }) => url)).toEqual(['/v1/hop']);
  });

  it('is exact for calls at the same time', async () => {
    const { registry, consumer } = setUp(undefined, { limit: 7 });
    const call = withCredential(() => 1, { auth: registry.auth('api', { consumer }), into: 0 });
    const all = await Promise.allSettled(Array.from({ length: 30 }, () => call()));
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
  });
});

describe('keys, secrets and tokens of consumers', () => {
  it('are redacted in whatever comes back, everyone’s, and stand in no error, no event and not in the auth', async () => {
    const { access, registry, consumer, secret, events } = setUp();
    const issued = await access.issueKey({ app: 'agent', products: ['all'] });
    const token = await access.issueAccessToken({ ...consumer, consumerSecret: secret });
    const all = [issued.consumerKey, issued.consumerSecret, token.access_token, consumer.consumerKey];
    const say = withCredential((_key: string) => ({ all: [...all] }), {
      auth: registry.auth('api', { consumer }),
      into: 0,
    });
    const result = await say();
    expect(result.all).toEqual(Array(4).fill('[secret]'));
    const fail = withCredential(() => Promise.reject(new Error(all.join())), {
      auth: registry.auth('api', { consumer: { consumerKey: issued.consumerKey } }),
      into: 0,
    });
    const errors: unknown[] = [await fail().catch((error: unknown) => error)];
    await access.setStatus({ app: 'agent' }, 'revoked');
    for (const who of [consumer, { consumerKey: issued.consumerKey }, { accessToken: token.access_token }]) {
      errors.push(await registry.resolve('api', { consumer: who }).catch((error: unknown) => error));
      errors.push(await access.verifyApiKey({ ...who, provider: 'api' }));
    }
    for (const value of all) expectNoLeak([errors, events, result], value);
  });

  it('that are nobody’s are not remembered, however many come', async () => {
    const { registry } = setUp();
    for (let index = 0; index < 50; index++) {
      await registry.resolve('api', { consumer: { consumerKey: canary() } }).catch(() => undefined);
      await registry.resolve('api', { consumer: { accessToken: canary() } }).catch(() => undefined);
    }
    expect(registry.redactor.size).toBe(0);
  });

  it('are forgotten by nobody when the registry closes, which hears of no more', async () => {
    const { access, registry } = setUp();
    onTestFinished(() => registry.close());
    const before = registry.redactor.size;
    await registry.close();
    await access.issueKey({ app: 'agent', products: ['all'] });
    expect(registry.redactor.size).toBe(before);
  });
});
