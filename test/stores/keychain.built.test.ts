import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type * as Claviger from '../../src/index.js';
import type { KeychainStoreOptions } from '../../src/stores/keychain.js';
import type * as KeychainModule from '../../src/stores/keychain.js';
import type * as Testing from '../../src/testing/index.js';
import { root } from '../support/built.js';
import { canary } from '../support/canary.js';
import { hasKeyring, Keyring } from '../support/keyring.js';
import { rejects } from '../support/rejects.js';
import { newDirectory } from './new-directory.js';

// The keychain is spoken to by a process of its own, which is there in the build only.
const built = <Module>(path: string) => import(new URL(`dist/${path}`, root).href) as Promise<Module>;
const { Secret } = await built<typeof Claviger>('index.js');
const { keychainStore } = await built<typeof KeychainModule>('stores/keychain.js');
const { expectNoLeak, testStore } = await built<typeof Testing>('testing/index.js');

async function newKeyring(passphrase: string | undefined = 'correct horse') {
  const keyring = await Keyring.start();
  onTestFinished(() => keyring[Symbol.asyncDispose]());
  await keyring.open(passphrase);
  const open = (options: KeychainStoreOptions = {}) => {
    const store = keychainStore({ env: keyring.env, ...options });
    onTestFinished(() => store.close());
    return store;
  };
  return { keyring, open };
}

describe.skipIf(!hasKeyring())("GNOME's keyring", () => {
  testStore(
    'keychainStore',
    async () => {
      shared ??= await Keyring.start().then(async (keyring) => {
        await keyring.open('correct horse');
        return keyring;
      });
      const service = `service-${++services}`;
      const stores: Claviger.Store[] = [];
      const open = () => {
        const store = keychainStore({ env: shared?.env ?? {}, service });
        stores.push(store);
        return store;
      };
      const close = async () => {
        for (const store of stores) await store.close?.();
      };
      return { store: open(), reopen: async () => open(), cleanup: close };
    },
    { describe, test },
  );

  // Its daemon writes all entries for each: a thousand sets take half a minute, so that the file is made here instead.
  test('of a thousand entries gives any, lists all, and takes one more', async () => {
    const keyring = await Keyring.start();
    onTestFinished(() => keyring[Symbol.asyncDispose]());
    const names = Array.from({ length: 1000 }, (_, index) => `service-${index}`);
    await keyring.fill('claviger', names);
    await keyring.open(undefined);
    const store = keychainStore({ env: keyring.env });
    onTestFinished(() => store.close());
    await store.set('one-more', Secret.from('the-secret-of-one-more'));
    const [list = ''] = readdirSync(keyring.env['CLAVIGER_HOME'] ?? '').filter((file) => file.endsWith('.json'));
    await writeFile(join(keyring.env['CLAVIGER_HOME'] ?? '', list), JSON.stringify([...names, 'one-more']));
    for (const name of ['service-0', 'service-500', 'service-999', 'one-more']) {
      expect((await store.get(name))?.secret.reveal()).toBe(`the-secret-of-${name}`);
    }
    expect((await store.list()).map(({ name }) => name)).toEqual([...names, 'one-more']);
  });

  test('keeps long values in parts where the system takes only short ones', async () => {
    const { open } = await newKeyring();
    const store = open({ entryBytes: 9000 });
    const values = ['ü🔑'.repeat(5000), 'y'.repeat(65_536), 'a-short-one'];
    for (const value of values) {
      await store.set('long', Secret.from(value));
      expect((await open().get('long'))?.secret.reveal()).toBe(value);
    }
    expect(await store.delete('long')).toBe(true);
    expect(await open().get('long')).toBeUndefined();
  });

  test('gives what another program put there, by its name', async () => {
    const { open, keyring } = await newKeyring();
    const script =
      "import('keytar').then((m) => (m.default ?? m).setPassword('claviger', 'github', 'of-another-program'))";
    execFileSync(process.execPath, ['-e', script], { env: keyring.env });
    const store = open();
    expect((await store.get('github'))?.secret.reveal()).toBe('of-another-program');
    expect(await store.list()).toEqual([]);
    expect(await store.revoke('github')).toBe(true);
    expect(await store.get('github')).toMatchObject({ state: 'revoked' });
  });

  test('tells the names that another process changes, and no value', async () => {
    const { open } = await newKeyring();
    const [watching, other] = [open(), open()];
    await other.set('service', Secret.from(canary()));
    const told: string[] = [];
    onTestFinished(watching.watch?.((names) => told.push(...names)) ?? (() => undefined));
    await expect.poll(() => watching.list().then((list) => list.length)).toBe(1);
    await other.set('other', Secret.from(canary()));
    await other.set('service', Secret.from(canary()));
    await expect.poll(() => [...new Set(told)].sort(), { timeout: 10_000 }).toEqual(['other', 'service']);
  });

  test('keeps a list of names of our own, and no value in it', async () => {
    const { open, keyring } = await newKeyring();
    const secret = canary();
    await open().set('github', Secret.from(secret));
    const [file = ''] = readdirSync(join(keyring.directory, 'state'));
    const path = join(keyring.directory, 'state', file);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(['github']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expectNoLeak([{ file: keyring.directory }], secret);
  });

  test('that is locked is locked, and never says that nothing is there (D3)', async () => {
    const { open, keyring } = await newKeyring();
    const secret = canary();
    await open().set('github', Secret.from(secret));
    await keyring.stopKeyring();
    await keyring.open(undefined);
    const store = open();
    for (const work of [
      () => store.get('github'),
      () => store.get('missing'),
      () => store.set('other', Secret.from(secret)),
      () => store.list(),
      () => store.delete('github'),
      () => store.check(),
    ]) {
      expectNoLeak(await rejects(work, 'ERR_STORE_LOCKED'), secret);
    }
    await keyring.stopKeyring();
    await keyring.open('correct horse');
    expect((await store.get('github'))?.secret.reveal()).toBe(secret);
    expect((await store.list()).map(({ name }) => name)).toEqual(['github']);
  });

  test('that hangs costs its deadline, once, and neither files nor timers wait for it (D2)', async () => {
    const { open, keyring } = await newKeyring();
    const store = open({ timeoutMs: 700 });
    await store.set('github', Secret.from('the-secret-of-github'));
    keyring.hang();
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 20);
    const reads = Promise.all(Array.from({ length: 8 }, () => store.get('github').catch((error: unknown) => error)));
    for (let count = 0; count < 50; count++) await readFile(new URL('package.json', root));
    const started = performance.now();
    const errors = await reads;
    clearInterval(ticking);
    expect(performance.now() - started).toBeLessThan(4000);
    expect(ticks).toBeGreaterThan(10);
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', store: 'keychain' });
    await rejects(store.get('github'), 'ERR_STORE_UNAVAILABLE');
  });

  test('that hangs keeps no program from ending', async () => {
    const { keyring } = await newKeyring();
    keyring.hang();
    const script = `import('claviger/stores/keychain').then(({ keychainStore }) =>
      keychainStore({ timeoutMs: 500 }).get('github').catch((error) => console.log(error.code)))`;
    const ended = spawnSync(process.execPath, ['-e', script], {
      cwd: new URL('.', root),
      env: keyring.env,
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect([ended.status, ended.stdout.trim()]).toEqual([0, 'ERR_STORE_UNAVAILABLE']);
  });

  test('is found by the socket of the bus where the environment names none', async () => {
    const { open, keyring } = await newKeyring();
    await open().set('github', Secret.from('the-secret-of-github'));
    const { PATH = '', HOME = '', CLAVIGER_HOME = '' } = keyring.env;
    const stripped = { PATH, HOME, CLAVIGER_HOME };
    const found = await open({ env: stripped, busSocket: keyring.socket }).get('github');
    expect(found?.secret.reveal()).toBe('the-secret-of-github');
    await rejects(
      open({ env: stripped, busSocket: join(keyring.directory, 'none') }).get('github'),
      'ERR_STORE_UNAVAILABLE',
    );
  });

  test('leaves nothing of itself in our process', async () => {
    const { open } = await newKeyring();
    const before = { ...process.env };
    await open().set('github', Secret.from('the-secret-of-github'));
    expect(process.env).toEqual(before);
  });
});

let shared: Keyring | undefined;
let services = 0;

describe('without a keychain', () => {
  test('a store says so, and falls back to nothing (D3)', async () => {
    const directory = await newDirectory();
    const env = { PATH: process.env['PATH'], HOME: directory, CLAVIGER_HOME: directory, XDG_RUNTIME_DIR: directory };
    const store = keychainStore({ env });
    onTestFinished(() => store.close());
    const secret = canary();
    for (const work of [
      () => store.get('github'),
      () => store.set('github', Secret.from(secret)),
      () => store.check(),
    ]) {
      expectNoLeak(await rejects(work, 'ERR_STORE_UNAVAILABLE'), secret);
    }
    expectNoLeak([{ file: directory }], secret);
  });

  test('a socket that is no session bus costs the deadline and no more', async () => {
    const path = join(await newDirectory(), 'bus');
    const server = createServer().listen(path);
    onTestFinished(() => void server.close());
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent', DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
    const store = keychainStore({ env, timeoutMs: 500 });
    onTestFinished(() => store.close());
    await rejects(store.get('github'), 'ERR_STORE_UNAVAILABLE');
  });

  test.each([[{ service: '' }], [{ service: 'a\0b' }], [{ servise: 'x' }]])(
    'options %j are refused at creation',
    async (options) => {
      await rejects(() => keychainStore(options as never), 'ERR_CONFIG_INVALID');
    },
  );
});
