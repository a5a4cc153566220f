import { existsSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type * as Claviger from '../../src/index.js';
import type * as FileModule from '../../src/stores/file.js';
import { root } from '../support/built.js';
import { hasKeyring, Keyring } from '../support/keyring.js';
import { rejects } from '../support/rejects.js';
import { newDirectory } from './new-directory.js';

const built = <Module>(path: string) => import(new URL(`dist/${path}`, root).href) as Promise<Module>;
const { Secret } = await built<typeof Claviger>('index.js');
const { fileStore } = await built<typeof FileModule>('stores/file.js');

describe.skipIf(!hasKeyring())('a file store whose key is in the keychain', () => {
  const newStore = async () => {
    const keyring = await Keyring.start();
    onTestFinished(() => keyring[Symbol.asyncDispose]());
    await keyring.open('correct horse');
    const path = join(await newDirectory(), 'secrets');
    await fileStore({ path, env: keyring.env, keychain: true }).set('github', Secret.from('the-secret-of-github'));
    return { keyring, path };
  };

  test('opens without a word while the keychain does, and is locked with it', async () => {
    const { keyring, path } = await newStore();
    expect(existsSync(`${path}.key`)).toBe(false);
    const open = (options: FileModule.FileStoreOptions = {}) => fileStore({ path, env: keyring.env, ...options });
    expect(await open().protection()).toMatchObject({ kind: 'keychain' });
    expect((await open().get('github'))?.secret.reveal()).toBe('the-secret-of-github');
    expect((await open({ keychain: true }).get('github'))?.secret.reveal()).toBe('the-secret-of-github');
    for (const options of [{ passphrase: 'x' }, { masterKey: new Uint8Array(32) }, { keyFile: path }]) {
      await rejects(open(options).get('github'), 'ERR_STORE_LOCKED');
    }
    await keyring.stopKeyring();
    await keyring.open(undefined);
    await rejects(open().get('github'), 'ERR_STORE_LOCKED');
  });

  test('is not opened by a keychain that has no key for it, nor by none, and never made with something else', async () => {
    const { path } = await newStore();
    const other = await Keyring.start();
    onTestFinished(() => other[Symbol.asyncDispose]());
    await other.open('correct horse');
    const error = await rejects(fileStore({ path, env: other.env }).get('github'), 'ERR_STORE_LOCKED');
    expect(error.message).toContain('no key for it');
    const none = { PATH: other.env['PATH'], HOME: other.directory, XDG_RUNTIME_DIR: other.directory };
    await rejects(fileStore({ path, env: none }).get('github'), 'ERR_STORE_UNAVAILABLE');
    const fresh = join(await newDirectory(), 'secrets');
    await rejects(fileStore({ path: fresh, env: none, keychain: true }).create(), 'ERR_STORE_UNAVAILABLE');
    expect([existsSync(fresh), existsSync(`${fresh}.key`)]).toEqual([false, false]);
  });

  test('can be moved on this machine: its key goes by what it is, not by where', async () => {
    const { keyring, path } = await newStore();
    const moved = join(await newDirectory(), 'elsewhere');
    await copyFile(path, moved);
    await rm(path);
    expect(await fileStore({ path: moved, env: keyring.env }).get('github')).toBeDefined();
  });

  test('asks for the keychain when it is given and the container knows none', async () => {
    const { keyring } = await newStore();
    const path = join(await newDirectory(), 'secrets');
    await fileStore({ path, env: {} }).set('github', Secret.from('the-secret-of-github'));
    await rejects(fileStore({ path, env: keyring.env, keychain: true }).get('github'), 'ERR_STORE_LOCKED');
  });
});
