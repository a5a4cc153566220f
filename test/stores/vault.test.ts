import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/secret.js';
import { vaultStore } from '../../src/stores/vault.js';
import type { VaultStoreOptions } from '../../src/stores/vault.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { testClock } from '../support/clock.js';
import { startServer } from '../support/http-server.js';
import { rejects } from '../support/rejects.js';
import { startVault } from '../support/vault-server.js';
import { faultMatrix } from './fault-matrix.js';
import { newDirectory } from './new-directory.js';

async function newVault() {
  const vault = await startVault();
  const stores: { close(): Promise<void> }[] = [];
  const open = (options: Partial<VaultStoreOptions> = {}) => {
    const token = ['token', 'tokenFile', 'appRole', 'kubernetes'].some((name) => name in options)
      ? {}
      : { token: vault.root };
    const store = vaultStore({ address: vault.origin, ...token, ...options });
    stores.push(store);
    return store;
  };
  onTestFinished(async () => {
    for (const store of stores) await store.close();
    await vault[Symbol.asyncDispose]();
  });
  /** Puts fields there as another program would. */
  const put = async (path: string, data: unknown, mount = 'secret') => {
    const headers = { 'x-vault-token': vault.root };
    await fetch(`${vault.origin}/v1/${mount}/data/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ data }),
    });
  };
  return { vault, open, put };
}

const secretOf = async (store: ReturnType<typeof vaultStore>, name = 'service', options = {}) =>
  (await store.get(name, options))?.secret.reveal();

faultMatrix('vaultStore', {
  open: (address, token, timeoutMs) => vaultStore({ address, token, timeoutMs }),
  answer: (_request, response, value) => {
    response.end(
      JSON.stringify({ data: { data: { value }, metadata: { version: 1, created_time: '2026-01-01T00:00:00Z' } } }),
    );
  },
  denied: (response) => response.writeHead(403).end('{"errors":["permission denied"]}'),
  absent: (response) => response.writeHead(404).end('{"errors":[]}'),
});

describe('a secret of several fields', () => {
  test('gives value, else its only field, else the one that was named', async () => {
    const { open, put } = await newVault();
    await put('one', { value: 'the-value-field', other: 'x' });
    await put('two', { password: 'the-only-field' });
    await put('three', { username: 'alice', password: 'the-named-field' });
    expect(await secretOf(open(), 'one')).toBe('the-value-field');
    expect(await secretOf(open(), 'two')).toBe('the-only-field');
    const named = open({ field: 'password' });
    expect(await named.get('three')).toMatchObject({ username: 'alice' });
    expect(await secretOf(named, 'three')).toBe('the-named-field');
    expect(await secretOf(named, 'one')).toBeUndefined();
    const error = await rejects(open().get('three'), 'ERR_CONFIG_INVALID');
    expectNoLeak(error, 'the-named-field');
  });

  test('keeps the fields that are not ours when it is written', async () => {
    const { open, put, vault } = await newVault();
    await put('service', { password: 'the-old-password', note: 'of another program' });
    await open({ field: 'password' }).set('service', Secret.from('the-new-password'), { destinations: [] });
    expect(vault.mounts.get('secret')?.get('service')?.at(-1)?.data).toEqual({
      password: 'the-new-password',
      note: 'of another program',
      claviger: { destinations: [] },
    });
  });

  test.each([[{ value: 12345678 }], [{ value: null }], [{ value: 'two\nlines' }]])(
    'that holds %j is no usable secret',
    async (data) => {
      const { open, put } = await newVault();
      await put('bad', data);
      await put('good', { value: 'a-good-secret' });
      await rejects(open().get('bad'), 'ERR_SECRET_INVALID');
      expect((await open().list()).map(({ name }) => name)).toEqual(['good']);
    },
  );

  test('with destinations that can not be read is refused: they would be wider than meant', async () => {
    const { open, put } = await newVault();
    for (const claviger of ['', { destinations: 'https://a.example/**' }, { destination: [] }, { expiresAt: 'soon' }]) {
      await put('service', { value: 'the-secret', claviger });
      await rejects(open().get('service'), 'ERR_STORE_CORRUPT');
    }
  });
});

describe('versions', () => {
  test('are the numbers of Vault', async () => {
    const { open } = await newVault();
    const store = open();
    for (const value of ['first-value', 'second-value', 'third-value']) await store.set('service', Secret.from(value));
    expect(await store.get('service')).toMatchObject({ version: '3', state: 'current' });
    expect(await store.get('service', { version: '1' })).toMatchObject({ version: '1', state: 'previous' });
    expect(await secretOf(store, 'service', { version: '2' })).toBe('second-value');
    for (const version of ['0', '4', '-1', '1.0', '01', 'latest', '1&x=y']) {
      expect(await store.get('service', { version })).toBeUndefined();
    }
  });

  test('that were deleted or destroyed are not here, and can be written anew', async () => {
    const { open, vault } = await newVault();
    const store = open();
    for (const value of ['first-value', 'second-value']) await store.set('service', Secret.from(value));
    const last = vault.mounts.get('secret')?.get('service')?.at(-1);
    Object.assign(last ?? {}, { deletion_time: new Date().toISOString() });
    expect(await store.get('service')).toBeUndefined();
    expect(await store.list()).toEqual([]);
    expect(await secretOf(store, 'service', { version: '1' })).toBe('first-value');
    Object.assign(last ?? {}, { deletion_time: '', destroyed: true, data: null });
    expect(await store.get('service')).toBeUndefined();
    expect((await store.set('service', Secret.from('third-value'))).version).toBe('3');
  });
});

describe('who we are', () => {
  test('is a token from a file, read when it is used', async () => {
    const { open, vault } = await newVault();
    const tokenFile = join(await newDirectory(), 'token');
    writeFileSync(tokenFile, `${vault.root}\n`);
    const store = open({ tokenFile });
    expect(await store.get('service')).toBeUndefined();
    writeFileSync(tokenFile, 'a-token-that-is-not-known\n');
    await rejects(store.get('service'), 'ERR_STORE_DENIED');
    await rejects(open({ tokenFile: `${tokenFile}.none` }).get('service'), 'ERR_STORE_UNAVAILABLE');
  });

  const logins: [
    string,
    (vault: Awaited<ReturnType<typeof startVault>>, credential: string) => Promise<Partial<VaultStoreOptions>>,
  ][] = [
    [
      'an AppRole',
      async (vault, credential) => {
        vault.appRoles.set('role-1', credential);
        return { appRole: { roleId: 'role-1', secretId: credential } };
      },
    ],
    [
      'an AppRole whose secret id is in a file, at a mount of its own',
      async (vault, credential) => {
        const secretIdFile = join(await newDirectory(), 'secret-id');
        writeFileSync(secretIdFile, credential);
        vault.appRoles.set('role-1', credential);
        return { appRole: { roleId: 'role-1', secretIdFile, mount: 'approle-ci' } };
      },
    ],
    [
      'a service account of Kubernetes',
      async (vault, credential) => {
        const jwtFile = join(await newDirectory(), 'jwt');
        writeFileSync(jwtFile, credential);
        vault.jwts.set('agent', credential);
        return { kubernetes: { role: 'agent', jwtFile } };
      },
    ],
  ];

  test.each(logins)('is %s, logged in once for all that wait', async (_, prepare) => {
    const { open, vault, put } = await newVault();
    await put('service', { value: 'the-secret' });
    const store = open(await prepare(vault, canary()));
    const all = await Promise.all(Array.from({ length: 5 }, () => secretOf(store)));
    expect(all).toEqual(Array.from({ length: 5 }, () => 'the-secret'));
    expect(vault.logins).toBe(1);
  });

  test('is renewed at two thirds of the lease, and logged in for anew once it has ended', async () => {
    const { open, vault } = await newVault();
    const now = testClock();
    Object.assign(vault, { now, leaseSeconds: 300 });
    vault.appRoles.set('role-1', 'a-secret-id');
    const store = open({ appRole: { roleId: 'role-1', secretId: 'a-secret-id' }, now });
    const counts = async (ms: number) => {
      now.advance(ms);
      await store.get('service');
      return [vault.logins, vault.renewals];
    };
    expect(await counts(0)).toEqual([1, 0]);
    expect(await counts(199_000)).toEqual([1, 0]);
    expect(await counts(2_000)).toEqual([1, 1]);
    expect(await counts(199_000)).toEqual([1, 1]);
    expect(await counts(301_000)).toEqual([2, 1]);
    vault.renewable = false;
    expect(await counts(201_000)).toEqual([3, 1]);
  });

  test('goes on as it is while a renewal fails and the lease lasts', async () => {
    const { open, vault, put } = await newVault();
    const now = testClock();
    Object.assign(vault, { now, leaseSeconds: 300 });
    vault.appRoles.set('role-1', 'a-secret-id');
    await put('service', { value: 'the-secret' });
    const store = open({ appRole: { roleId: 'role-1', secretId: 'a-secret-id' }, now });
    await store.get('service');
    vault.fault = ({ url }, response) => url.includes('/auth/') && response.writeHead(500).end() !== undefined;
    now.advance(250_000);
    expect(await secretOf(store)).toBe('the-secret');
    now.advance(60_000);
    await rejects(store.get('service'), 'ERR_STORE_UNAVAILABLE');
  });

  test('is logged in for anew, once, when the token is refused', async () => {
    const { open, vault, put } = await newVault();
    vault.appRoles.set('role-1', 'a-secret-id');
    await put('service', { value: 'the-secret' });
    const store = open({ appRole: { roleId: 'role-1', secretId: 'a-secret-id' } });
    await store.get('service');
    for (const token of vault.tokens.keys()) if (token.startsWith('hvs.')) vault.tokens.delete(token);
    expect(await secretOf(store)).toBe('the-secret');
    expect(vault.logins).toBe(2);
    vault.fault = ({ url }, response) => !url.includes('/auth/') && response.writeHead(403).end('{}') !== undefined;
    await rejects(store.get('service'), 'ERR_STORE_DENIED');
    expect(vault.logins).toBe(3);
    vault.appRoles.clear();
    expectNoLeak(await rejects(store.get('service'), 'ERR_STORE_DENIED'), 'a-secret-id');
  });
});

describe('what Vault says', () => {
  test('sealed is locked', async () => {
    const { open, vault } = await newVault();
    vault.sealed = true;
    await rejects(open().get('service'), 'ERR_STORE_LOCKED');
    await rejects(open().list(), 'ERR_STORE_LOCKED');
  });

  test('an engine that is not mounted is unavailable, never not here', async () => {
    const { open } = await newVault();
    await rejects(open({ mount: 'kv' }).get('service'), 'ERR_STORE_UNAVAILABLE');
    await rejects(open({ mount: 'kv' }).list(), 'ERR_STORE_UNAVAILABLE');
    await rejects(open({ mount: 'kv' }).set('service', Secret.from('the-secret')), 'ERR_STORE_UNAVAILABLE');
    expect(await open({ mount: '/team/kv/' }).get('service')).toBeUndefined();
  });

  test.each([
    ['no data', {}],
    ['data of another kind', { data: [] }],
    ['no metadata, as from the first version of the engine', { data: { value: 'the-secret' } }],
    ['no version', { data: { data: { value: 'x' }, metadata: {} } }],
  ])('with %s can not be read', async (_, body) => {
    const { open, vault } = await newVault();
    vault.fault = (_request, response) => response.end(JSON.stringify(body)) !== undefined;
    await rejects(open().get('service'), 'ERR_STORE_UNAVAILABLE');
  });

  test('the version that it answers is the one that was asked for, or none', async () => {
    const { open, put, vault } = await newVault();
    for (const value of ['first-value', 'second-value']) await put('service', { value });
    vault.fault = (request, response) => {
      if (!request.url.includes('version=1')) return false;
      return response.end('{"data":{"data":{"value":"second-value"},"metadata":{"version":2}}}') !== undefined;
    };
    expect(await open().get('service', { version: '1' })).toBeUndefined();
  });

  test('its namespace goes with every request', async () => {
    const { open, vault } = await newVault();
    vault.received.length = 0;
    await open({ namespace: 'team-a' }).get('service');
    expect(vault.received.map(({ headers }) => headers['x-vault-namespace'])).toEqual(['team-a']);
  });

  test('folders are walked for the list', async () => {
    const { open, put } = await newVault();
    for (const path of ['a', 'team/b', 'team/deep/c']) await put(path, { value: `the-secret-of-${path}` });
    expect((await open().list()).map(({ name }) => name).sort()).toEqual(['a', 'team/b', 'team/deep/c']);
    expect(await secretOf(open(), 'team/deep/c')).toBe('the-secret-of-team/deep/c');
  });
});

describe('a redirect', () => {
  test('of a standby inside its origin is followed', async () => {
    const { open, put, vault } = await newVault();
    await put('service', { value: 'the-secret' });
    vault.fault = ({ url }, response) => {
      if (url.includes('active')) return false;
      response.writeHead(307, { location: `${url}?active=1` }).end();
      return true;
    };
    expect(await secretOf(open())).toBe('the-secret');
  });

  test('to another origin never gets the token', async () => {
    const { open, vault } = await newVault();
    await using other = await startServer();
    vault.fault = ({ url }, response) => response.writeHead(307, { location: other.origin + url }).end() !== undefined;
    const error = await rejects(open().get('service'), 'ERR_STORE_UNAVAILABLE');
    expectNoLeak(error, vault.root);
    await rejects(open().set('service', Secret.from('the-secret')), 'ERR_STORE_UNAVAILABLE');
    expect(other.received).toEqual([]);
  });

  test('without end is given up', async () => {
    const { open, vault } = await newVault();
    vault.fault = ({ url }, response) => response.writeHead(307, { location: url }).end() !== undefined;
    await rejects(open().get('service'), 'ERR_STORE_UNAVAILABLE');
    expect(vault.received.length).toBeLessThan(10);
  });
});

describe('an abort', () => {
  test('ends a request under way, with its reason', async () => {
    const { open, vault } = await newVault();
    const abort = new AbortController();
    const reason = new Error('enough');
    vault.fault = () => {
      abort.abort(reason);
      return true;
    };
    await expect(open().get('service', { signal: abort.signal })).rejects.toBe(reason);
  });

  test('of one waiter leaves the login to the others (D7)', async () => {
    const { open, vault, put } = await newVault();
    vault.jwts.set('agent', 'a-json-web-token');
    await put('service', { value: 'the-secret' });
    const jwtFile = join(await newDirectory(), 'jwt');
    writeFileSync(jwtFile, 'a-json-web-token');
    const store = open({ kubernetes: { role: 'agent', jwtFile } });
    const abort = new AbortController();
    const [aborted, other] = [store.get('service', { signal: abort.signal }), secretOf(store)];
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(await other).toBe('the-secret');
    expect(vault.logins).toBe(1);
  });
});

describe('options', () => {
  test.each([
    ['plain http', { address: 'http://vault.example.com:8200', token: 'a-token' }],
    ['no address', { token: 'a-token' }],
    ['a user name in the address', { address: 'https://me:pw@vault.example.com', token: 'a-token' }],
    ['nothing that says who we are', { address: 'https://vault.example.com' }],
    ['two things that say it', { address: 'https://vault.example.com', token: 'a-token', tokenFile: '/t' }],
    ['an AppRole without a secret id', { address: 'https://vault.example.com', appRole: { roleId: 'r' } }],
    ['a misspelt one', { address: 'https://vault.example.com', token: 'a-token', tokn: 'x' }],
    ['a token of two lines', { address: 'https://vault.example.com', token: 'a-token\nx' }],
  ])('with %s are refused at creation', async (_, options) => {
    expectNoLeak(await rejects(() => vaultStore(options as never), 'ERR_CONFIG_INVALID'), 'a-token');
  });
});

describe('paths', () => {
  test('never leave the mount, whatever the name', async () => {
    const { open, vault } = await newVault();
    vault.received.length = 0;
    for (const name of ['../../sys/x', 'a/../../b', './a', 'a//b', '/a', 'a/', '', 'a\nb', '\ud800']) {
      expect(await open().get(name)).toBeUndefined();
      await rejects(open().set(name, Secret.from('the-secret')), 'ERR_CONFIG_INVALID');
    }
    expect(vault.received).toEqual([]);
    await open().get('a?version=1#%2e%2e/%2e%2e');
    expect(vault.received.map(({ url }) => url)).toEqual(['/v1/secret/data/a%3Fversion%3D1%23%252e%252e/%252e%252e']);
  });

  test('below an address with a path of its own are kept there', async () => {
    const { vault } = await newVault();
    const store = vaultStore({ address: `${vault.origin}/vault`, token: vault.root });
    vault.received.length = 0;
    await store.get('a').catch(() => undefined);
    await store.close();
    expect(vault.received.map(({ url }) => url)).toEqual(['/vault/v1/secret/data/a']);
  });
});
