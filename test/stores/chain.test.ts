import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  chainStores,
  ClavigerError,
  createRegistry,
  envStore,
  loadConfig,
  memoryStore,
  Secret,
} from '../../src/index.js';
import type { Store } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { newDirectory } from './new-directory.js';

/** A store that can't answer. */
function failing(error: unknown, kind = 'broken'): Store {
  const fail = () => Promise.reject(error);
  return { kind, get: fail, list: fail };
}
const locked = new ClavigerError('ERR_STORE_LOCKED', 'keychain store: it is locked', { store: 'keychain' });
const valueOf = async (store: Store, name = 'service') => (await store.get(name))?.secret.reveal();

describe('a chain of stores', () => {
  test('gives what the first that has it gives', async () => {
    const chain = chainStores([
      memoryStore({ a: 'a-of-the-first' }),
      memoryStore({ a: 'a-of-the-second', b: 'b-of-the-second' }),
    ]);
    expect([await valueOf(chain, 'a'), await valueOf(chain, 'b'), await valueOf(chain, 'c')]).toEqual([
      'a-of-the-first',
      'b-of-the-second',
      undefined,
    ]);
    expect((await chain.list()).map(({ name, fingerprint }) => [name, fingerprint])).toHaveLength(2);
  });

  test('stops at a store that can not answer: that is not missing', async () => {
    const chain = chainStores([memoryStore(), failing(locked), memoryStore({ service: 'an-old-secret' })]);
    const error = await rejects(chain.get('service'), 'ERR_STORE_LOCKED');
    expect(error.message).toContain('keychain store: it is locked');
    await rejects(chain.list(), 'ERR_STORE_LOCKED');
    expect(await valueOf(chainStores([memoryStore({ service: 'the-secret' }), failing(locked)]))).toBe('the-secret');
  });

  test('goes on when told so, and keeps every failure if none has it', async () => {
    const secret = canary();
    const chain = chainStores(
      [failing(locked), failing(new Error(secret), 'mine'), memoryStore({ service: 'the-secret' })],
      {
        onFailure: 'continue',
      },
    );
    expect(await valueOf(chain)).toBe('the-secret');
    const error = await rejects(chain.get('other'), 'ERR_STORE_LOCKED');
    expect(error.message).toContain('keychain store: it is locked; mine store: it failed');
    const { errors } = error.cause as AggregateError;
    expect(errors).toMatchObject([{ code: 'ERR_STORE_LOCKED' }, { code: 'ERR_STORE_UNAVAILABLE', store: 'mine' }]);
    expectNoLeak(error, secret);
  });

  test('writes to its first store, if that can be written', async () => {
    const [first, second] = [memoryStore(), memoryStore()];
    const chain = chainStores([first, second]);
    await chain.set?.('service', Secret.from('the-secret'));
    expect([await valueOf(first), await valueOf(second)]).toEqual(['the-secret', undefined]);
    expect(chainStores([envStore(), memoryStore()]).set).toBeUndefined();
  });

  test('passes an abort on as it is, whatever comes after', async () => {
    const reason = new Error('enough');
    const chain = chainStores([memoryStore(), memoryStore()], { onFailure: 'continue' });
    await expect(chain.get('service', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('serves a registry like any other store', async () => {
    const chain = chainStores([memoryStore(), failing(locked)]);
    const registry = createRegistry({ providers: [{ name: 'service', store: chain }] });
    await rejects(registry.resolve('service'), 'ERR_STORE_LOCKED');
    await registry.close();
  });

  test('of nothing, or with an unknown rule, is refused', async () => {
    await rejects(() => chainStores([]), 'ERR_CONFIG_INVALID');
    await rejects(() => chainStores([memoryStore()], { onFailure: 'ignore' as never }), 'ERR_CONFIG_INVALID');
  });
});

describe('stores in the config file', () => {
  const load = async (stores: unknown) => {
    const directory = await newDirectory();
    const configFile = join(directory, 'claviger.config.json');
    await writeFile(configFile, JSON.stringify({ stores, providers: [] }));
    return { directory, open: () => loadConfig({ configFile, env: { HOME: directory } }) };
  };

  test('can be chained by their names, in whichever order they stand', async () => {
    const { directory, open } = await load({
      default: { kind: 'chain', stores: ['mounted', 'other'] },
      mounted: { kind: 'directory', path: 'secrets' },
      other: { kind: 'command', command: 'printf', args: ['of-the-command-%s', '{name}'] },
    });
    await mkdir(join(directory, 'secrets'), { mode: 0o700 });
    await writeFile(join(directory, 'secrets', 'a'), 'of-the-directory', { mode: 0o600 });
    const { default: chain } = (await open()).options.stores;
    expect(await valueOf(chain!, 'a')).toBe('of-the-directory');
    expect(await valueOf(chain!, 'b')).toBe('of-the-command-b');
  });

  test.each([
    ['vault', { address: 'https://vault.example.com', tokenFile: 'token', mount: 'kv', field: 'key' }],
    ['vault', { address: 'https://vault.example.com', appRole: { roleId: 'r', secretIdFile: 'id' } }],
    ['keychain', { service: 'mine' }],
    ['command', { preset: 'op', presetOptions: { vault: 'dev' } }],
    ['aws-secrets-manager', { region: 'eu-central-1' }],
    ['gcp-secret-manager', { project: 'p' }],
    ['azure-key-vault', { endpoint: 'https://my-vault.vault.azure.net' }],
    ['onepassword-connect', { endpoint: 'http://localhost:8080', tokenFile: 'token' }],
  ])('can be of kind %s, and are not opened before they are used', async (kind, options) => {
    const { open } = await load({ other: { kind, ...options } });
    const { other } = (await open()).options.stores;
    expect(other?.kind).toBe(kind);
    await other?.close?.();
  });

  test.each([
    [
      'a pasted token',
      { kind: 'vault', address: 'https://vault.example.com', token: 'hvs.pasted' },
      'stores.other: unknown key',
    ],
    [
      'a pasted secret id',
      { kind: 'vault', address: 'https://v.example', appRole: { roleId: 'r', secretId: 'pasted' } },
      'appRole',
    ],
    ['a line for a shell', { kind: 'command', command: 'op', args: 'read {name}' }, 'stores.other.args'],
    ['a command and a preset', { kind: 'command', command: 'op', preset: 'op' }, 'command or a preset'],
    ['a preset that is not there', { kind: 'command', preset: 'bw' }, 'stores.other.preset'],
    ['a chain of what is not there', { kind: 'chain', stores: ['none'] }, 'no store that a chain could take'],
    ['a chain of itself', { kind: 'chain', stores: ['other'] }, 'no store that a chain could take'],
    ['no path', { kind: 'directory' }, 'stores.other.path'],
  ])('with %s are refused, saying where', async (_, other, expected) => {
    const error = await rejects((await load({ other })).open, 'ERR_CONFIG_INVALID');
    expect(error.message).toContain(expected);
    expect(error.issues?.[0]?.path).toMatch(/^stores\.other/);
    expect(error.message).not.toContain('pasted');
  });
});
