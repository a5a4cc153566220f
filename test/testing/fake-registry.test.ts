import { describe, expect, test } from 'vitest';
import { createAccess } from '../../src/access/index.js';
import { createFetch } from '../../src/http/index.js';
import { header, withCredential } from '../../src/index.js';
import { expectNoLeak, fakeRegistry } from '../../src/testing/index.js';
import { rejects } from '../support/rejects.js';
import { serve } from '../support/serve.js';

/** A tool of somebody else's, which tells what key it got. */
const tool = (auth: ReturnType<ReturnType<typeof fakeRegistry>['auth']>) =>
  withCredential(async ({ key }: { key: string }) => ({ keyLength: key.length, status: 200 }), { auth, into: 'key' });

describe('a fake registry', () => {
  test('has secrets that are the same in every run, or those that it is given', () => {
    const registry = fakeRegistry({ github: {}, stripe: 'a-secret-of-mine', crm: { secret: 'another-of-mine' } });
    expect(['github', 'stripe', 'crm'].map((name) => registry.secret(name as 'github'))).toEqual([
      'fake-secret-of-github-v1',
      'a-secret-of-mine',
      'another-of-mine',
    ]);
    expect(registry.secret('github', 'alice')).toBe('fake-secret-of-github@alice-v1');
  });

  test('hands them to what is tested, writes that down, and redacts them', async () => {
    const registry = fakeRegistry({ github: {} });
    const echo = withCredential(async ({ key }: { key: string }) => `got ${key}`, {
      auth: registry.auth('github'),
      into: 'key',
    });
    expect(await echo()).toBe('got [secret]');
    expect(registry.events).toMatchObject([{ type: 'use', provider: 'github', surface: 'function', outcome: 'ok' }]);
    expectNoLeak(registry.events, registry.secret('github'));
  });

  test('places as the real one does, at its destinations and for each account', async () => {
    const server = await serve();
    const registry = fakeRegistry({ api: { baseUrl: server.origin, placement: header('x-api-key') } });
    await createFetch({ auth: registry.auth('api', { account: 'alice' }) })('/users');
    expect(server.received[0]?.headers['x-api-key']).toBe(registry.secret('api', 'alice'));
    await rejects(createFetch({ auth: registry.auth('api') })('https://other.example/users'), 'ERR_DESTINATION_DENIED');
    const { baseUrl } = registry.providers()[0] ?? {};
    expect(baseUrl).toBe(server.origin);
    expect(fakeRegistry({ github: { uses: 'github' } }).providers()[0]?.baseUrl).toBe('https://api.github.com');
  });

  test('rotates, and a cached credential is then found to be refused', async () => {
    const registry = fakeRegistry({ api: {} }, { cache: {} });
    const seen: string[] = [];
    const call = withCredential(
      ({ key }: { key: string }) => {
        seen.push(key);
        return { status: key === registry.secret('api') ? 200 : 401 };
      },
      { auth: registry.auth('api'), into: 'key' },
    );
    await call();
    expect(registry.rotate('api')).toBe('fake-secret-of-api-v2');
    expect(await call()).toEqual({ status: 200 });
    expect(registry.rotate('api', 'chosen-by-the-test')).toBe(registry.secret('api'));
    registry.advance(300_000);
    expect(await call()).toEqual({ status: 200 });
    const [first, second, third] = registry.secrets();
    expect(seen).toEqual([first, first, second, third]);
    expect(third).toBe('chosen-by-the-test');
  });

  test.each([
    'ERR_STORE_UNAVAILABLE',
    'ERR_STORE_LOCKED',
    'ERR_STORE_DENIED',
    'ERR_STORE_CORRUPT',
    'ERR_STORE_PERMISSIONS',
    'ERR_CREDENTIAL_NOT_FOUND',
    'ERR_CREDENTIAL_EXPIRED',
    'ERR_CREDENTIAL_REVOKED',
  ] as const)('fails with %s at once when told to, and recovers, however often it failed', async (code) => {
    const registry = fakeRegistry({ api: {}, other: {} });
    const call = tool(registry.auth('api'));
    await call();
    registry.fail('api', code);
    for (let times = 0; times < 7; times++) await rejects(call(), code);
    expect(await tool(registry.auth('other'))()).toMatchObject({ status: 200 });
    registry.recover('api');
    expect(await call()).toMatchObject({ status: 200 });
  });

  test('shares its clock with access rules and tells every event to a sink of the test too', async () => {
    const told: unknown[] = [];
    const registry = fakeRegistry({ api: {} });
    const access = createAccess({
      products: [{ name: 'all', providers: ['api'], resources: ['/**'] }],
      apps: [{ name: 'agent' }],
      now: registry.now,
    });
    const expiresAt = new Date(registry.now() + 1000);
    const { consumerKey } = await access.issueKey({ app: 'agent', products: ['all'], expiresAt });
    const limited = fakeRegistry({ api: {} }, { access, audit: (event) => void told.push(event) });
    const call = tool(limited.auth('api', { consumer: { consumerKey } }));
    await call();
    registry.advance(1000);
    await rejects(call(), 'ERR_ACCESS_DENIED');
    expect(told).toEqual(limited.events);
    expect(told).toHaveLength(2);
  });

  test('says so when a switch is used for a provider that it does not have', () => {
    const registry = fakeRegistry({ api: {} });
    const wrong = 'apii' as 'api';
    for (const use of [
      () => registry.secret(wrong),
      () => registry.rotate(wrong),
      () => registry.fail(wrong, 'ERR_STORE_LOCKED'),
    ]) {
      expect(use).toThrow(/no provider "apii"/);
    }
  });
});
