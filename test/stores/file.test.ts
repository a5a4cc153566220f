import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/secret.js';
import { fileStore } from '../../src/stores/file.js';
import { newDirectory } from './new-directory.js';

const masterKey = randomBytes(32);
const value = (text: string) => Secret.from(`value-${text}`);

async function newStore() {
  const path = join(await newDirectory(), 'home', 'secrets');
  const open = () => fileStore({ path, masterKey, env: {} });
  return { path, open, store: open() };
}

describe('the file of a file store', () => {
  test('is not made by reading: without a file, or even a directory, the store is empty', async () => {
    const { path, store } = await newStore();
    expect(await store.get('a')).toBeUndefined();
    expect(await store.list()).toEqual([]);
    expect(await store.delete('a')).toBe(false);
    expect(await store.revoke('a')).toBe(false);
    await expect(stat(join(path, '..'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('comes with the first set, private to its user, and leaves nothing else but its backup', async () => {
    const { path, store } = await newStore();
    await store.set('a', value('1'));
    expect(await readdir(join(path, '..'))).toEqual(['secrets']);
    await store.set('a', value('2'));
    expect((await readdir(join(path, '..'))).sort()).toEqual(['secrets', 'secrets.bak']);
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
    for (const file of [path, `${path}.bak`]) expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('is in CLAVIGER_HOME unless a path is given', async () => {
    const directory = await newDirectory();
    expect(fileStore({ masterKey, env: { CLAVIGER_HOME: directory } }).path).toBe(join(directory, 'secrets.claviger'));
  });

  test('can be made empty beforehand, once', async () => {
    const { store, open } = await newStore();
    expect(await store.create()).toBe(true);
    expect(await open().create()).toBe(false);
    expect(await open().list()).toEqual([]);
  });

  test('is not written where nothing changes', async () => {
    const { path, store } = await newStore();
    await store.set('a', value('1'));
    const before = await stat(path);
    expect(await store.delete('missing')).toBe(false);
    expect(await store.create()).toBe(false);
    expect((await stat(path)).ino).toBe(before.ino);
  });

  test('can be put back from its backup, which holds the state before the last change', async () => {
    const { path, store } = await newStore();
    await store.set('a', value('1'));
    await store.set('a', value('2'));
    const moved = `${path}-restored`;
    await writeFile(moved, await readFile(`${path}.bak`), { mode: 0o600 });
    const restored = fileStore({ path: moved, masterKey, env: {} });
    expect((await restored.get('a'))?.secret.reveal()).toBe('value-1');
  });

  test('that is gone again is an error and not an empty store', async () => {
    const { path, store, open } = await newStore();
    await store.set('a', value('1'));
    await rm(path);
    await expect(store.get('a')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', store: 'file' });
    await expect(store.set('b', value('2'))).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    expect(await open().get('a')).toBeUndefined();
  });

  test('is swept of what dead writers left beside it, and of nothing else', async () => {
    const { path, store } = await newStore();
    await store.set('a', value('1'));
    await writeFile(`${path}.0123456789abcdef.tmp`, 'left behind');
    await writeFile(`${path}.notes.tmp`, 'mine');
    await store.set('a', value('2'));
    expect((await readdir(join(path, '..'))).sort()).toEqual(['secrets', 'secrets.bak', 'secrets.notes.tmp']);
  });
});

describe('several stores over one file', () => {
  test('see each other at once, also when nothing but the seal tells two states apart', async () => {
    const { store, open } = await newStore();
    const other = open();
    for (let round = 0; round < 30; round++) {
      const [writer, reader] = round % 2 ? [store, other] : [other, store];
      await writer.set('a', value(String(round).padStart(2, '0')));
      expect((await reader.get('a'))?.secret.reveal()).toBe(`value-${String(round).padStart(2, '0')}`);
    }
  });

  test('reading while others write get one state or the next, never an error', async () => {
    const { store, open } = await newStore();
    await store.set('a', value('0'));
    const readers = Array.from({ length: 4 }, open);
    let writing = true;
    const reads = readers.map(async (reader) => {
      let last = 0;
      while (writing) {
        const seen = Number((await reader.get('a'))?.secret.reveal().slice(6));
        expect(seen).toBeGreaterThanOrEqual(last);
        last = seen;
      }
    });
    for (let count = 1; count <= 40; count++) await store.set('a', value(String(count)));
    writing = false;
    await Promise.all(reads);
  });

  test('share versions, deletions and revocations', async () => {
    const { store, open } = await newStore();
    const first = await store.set('a', value('1'));
    await open().set('a', value('2'));
    expect(await store.get('a', { version: first.version })).toMatchObject({ state: 'previous' });
    expect(await open().revoke('a')).toBe(true);
    expect(await store.get('a')).toMatchObject({ state: 'revoked' });
    expect(await store.get('a', { version: first.version })).toMatchObject({ state: 'revoked' });
    expect(await store.list()).toMatchObject([{ name: 'a', state: 'revoked' }]);
  });

  test('keep what is revoked revoked when a new version comes', async () => {
    const { store } = await newStore();
    const first = await store.set('a', value('1'));
    await store.revoke('a');
    await store.set('a', value('2'));
    expect(await store.get('a')).toMatchObject({ state: 'current' });
    expect(await store.get('a', { version: first.version })).toMatchObject({ state: 'revoked' });
  });

  test('can be closed and used again', async () => {
    const { store } = await newStore();
    await store.set('a', value('1'));
    await store.close();
    expect((await store.get('a'))?.secret.reveal()).toBe('value-1');
  });
});

describe('unlocking', () => {
  const at = async () => join(await newDirectory(), 'secrets');
  const keyFileWith = async (content: string | Buffer, mode = 0o600) => {
    const path = join(await newDirectory(), 'key');
    await writeFile(path, content, { mode });
    return path;
  };
  const locked = expect.objectContaining({ code: 'ERR_STORE_LOCKED', store: 'file' });

  test.each([
    ['raw', masterKey],
    ['base64', `${masterKey.toString('base64')}\n`],
    ['base64url', masterKey.toString('base64url')],
    ['hex', `${masterKey.toString('hex').toUpperCase()}\r\n`],
  ])('takes a key file that is %s', async (_, content) => {
    const path = await at();
    await fileStore({ path, keyFile: await keyFileWith(content), env: {} }).set('a', value('1'));
    expect((await fileStore({ path, masterKey, env: {} }).get('a'))?.secret.reveal()).toBe('value-1');
    await expect(fileStore({ path, env: {} }).get('a')).rejects.toEqual(locked);
  });

  test('takes a master key as bytes, base64, hex or a secret', async () => {
    const path = await at();
    await fileStore({ path, masterKey, env: {} }).set('a', value('1'));
    for (const key of [
      new Uint8Array(masterKey),
      masterKey.toString('hex'),
      Secret.from(masterKey.toString('base64')),
    ]) {
      expect(await fileStore({ path, masterKey: key, env: {} }).get('a')).toBeDefined();
    }
  });

  test('takes a passphrase, in whichever form its letters are composed', async () => {
    const path = await at();
    await fileStore({ path, passphrase: 'schl\u00fcssel', env: {} }).set('a', value('1'));
    const store = fileStore({ path, passphrase: Secret.from('schlu\u0308ssel'), env: {} });
    expect((await store.get('a'))?.secret.reveal()).toBe('value-1');
    expect(await store.protection()).toMatchObject({ kind: 'passphrase' });
    await expect(fileStore({ path, passphrase: 'other', env: {} }).get('a')).rejects.toEqual(locked);
    await expect(fileStore({ path, masterKey, env: {} }).get('a')).rejects.toEqual(locked);
    await expect(fileStore({ path, env: {} }).get('a')).rejects.toThrow(/CLAVIGER_PHRASE_FILE/);
  });

  test('generates a private key file where nothing is given, and says what that protects', async () => {
    const path = await at();
    const notices: string[] = [];
    const open = () => fileStore({ path, env: {}, onNotice: (text) => notices.push(text) });
    const store = open();
    expect(await store.protection()).toMatchObject({ kind: 'generated' });
    expect(notices).toEqual([]);
    await store.set('a', value('1'));
    await store.set('b', value('2'));
    await open().set('c', value('3'));
    expect(notices).toEqual([(await store.protection()).text]);
    expect(notices[0]).toContain(`${path}.key`);
    expect((await stat(`${path}.key`)).mode & 0o777).toBe(0o600);
    await rename(`${path}.key`, `${path}.elsewhere`);
    await expect(open().get('a')).rejects.toEqual(locked);
    expect(await fileStore({ path, keyFile: `${path}.elsewhere`, env: {} }).get('a')).toBeDefined();
  });

  test('takes the generated key of a writer that died before the container stood', async () => {
    const path = await at();
    await writeFile(`${path}.key`, masterKey.toString('hex'), { mode: 0o600 });
    await fileStore({ path, env: {} }).set('a', value('1'));
    expect(await fileStore({ path, masterKey, env: {} }).get('a')).toBeDefined();
  });

  test('reads CLAVIGER_MASTER_FILE where nothing is given, and only then', async () => {
    const path = await at();
    const env = { CLAVIGER_MASTER_FILE: await keyFileWith(masterKey) };
    await fileStore({ path, env }).set('a', value('1'));
    expect(await fileStore({ path, env }).get('a')).toBeDefined();
    await expect(fileStore({ path, env, masterKey: randomBytes(32) }).get('a')).rejects.toEqual(locked);
    await expect(fileStore({ path, env: {} }).get('a')).rejects.toThrow(/CLAVIGER_MASTER_FILE/);
  });

  test('reads CLAVIGER_PHRASE_FILE less exactly one final newline', async () => {
    const path = await at();
    const env = { CLAVIGER_PHRASE_FILE: await keyFileWith('correct horse \n') };
    await fileStore({ path, env }).set('a', value('1'));
    expect(await fileStore({ path, passphrase: 'correct horse ', env: {} }).get('a')).toBeDefined();
    const empty = fileStore({ path, env: { CLAVIGER_PHRASE_FILE: await keyFileWith('\n') } });
    await expect(empty.get('a')).rejects.toEqual(locked);
  });

  test('tries only what the container was made with', async () => {
    const path = await at();
    const env = {
      CLAVIGER_MASTER_FILE: await keyFileWith(masterKey),
      CLAVIGER_PHRASE_FILE: await keyFileWith('phrase'),
    };
    await fileStore({ path, masterKey, env: {} }).set('a', value('1'));
    expect(await fileStore({ path, env }).get('a')).toBeDefined();
    await expect(fileStore({ path, passphrase: 'phrase', env }).get('a')).rejects.toEqual(locked);
    await expect(fileStore({ path, env: { CLAVIGER_PHRASE_FILE: env.CLAVIGER_PHRASE_FILE } }).get('a')).rejects.toEqual(
      locked,
    );
  });

  test.each([
    ['is not there', async () => join(await newDirectory(), 'none')],
    ['is too short', () => keyFileWith('short')],
    ['holds another key', () => keyFileWith(randomBytes(32))],
  ])('is refused when the key file %s, for a new container too', async (what, keyFile) => {
    const path = await at();
    if (what === 'holds another key') await fileStore({ path, masterKey, env: {} }).set('a', value('1'));
    const store = fileStore({ path, keyFile: await keyFile(), env: {} });
    await expect(store.set('a', value('2'))).rejects.toEqual(locked);
  });

  test('follows the link by which a key file is mounted', async () => {
    const path = await at();
    await symlink(await keyFileWith(masterKey), `${path}-link`);
    await fileStore({ path, keyFile: `${path}-link`, env: {} }).set('a', value('1'));
    expect(await fileStore({ path, masterKey, env: {} }).get('a')).toBeDefined();
  });

  test.each([
    ['two unlock options', { masterKey, passphrase: 'x' }],
    ['a short master key', { masterKey: randomBytes(16) }],
    ['a master key that is no key', { masterKey: 'not base64 of 32 bytes' }],
    ['an option that is misspelt', { pasphrase: 'x' }],
    ['a keychain that is neither true nor false', { keychain: 'login' }],
    ['the keychain beside a passphrase', { keychain: true, passphrase: 'x' }],
    ['an empty path', { path: '' }],
  ])('refuses %s at creation', (_, options) => {
    expect(() => fileStore(options as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
  });
});

describe('a file store of many entries', () => {
  test('keeps getting, listing and setting workable at 10,000', { retry: 2 }, async () => {
    const { path, store, open } = await newStore();
    await store.create();
    await fill(path, 10_000);
    expect(await open().list()).toHaveLength(10_000);
    const many = open();
    await many.get('service-1');

    const gets = performance.now();
    for (let index = 0; index < 200; index++) expect(await many.get(`service-${index}`)).toBeDefined();
    const sets = performance.now();
    for (let index = 0; index < 5; index++) await many.set(`service-${index}`, value('new'));
    const end = performance.now();
    // Far above what it takes (0.1 and 50 ms), and far below what reading or sealing each entry would.
    expect((sets - gets) / 200).toBeLessThan(5);
    expect((end - sets) / 5).toBeLessThan(1000);
  });
});

/** Entries put there at one go; `set` writes the whole file each time. */
async function fill(path: string, count: number): Promise<void> {
  const { ContainerFile } = await import('../../src/stores/file/container-file.js');
  const { sealEntry } = await import('../../src/stores/file/keys.js');
  const { newRecord } = await import('../../src/stores/record.js');
  const outside = () => ({ keyFile: undefined, phraseFile: undefined });
  await mkdir(join(path, '..'), { recursive: true });
  const file = new ContainerFile({ path, unlocking: { masterKey }, outside, onNotice: undefined });
  await file.update(({ container, keys }) => {
    const entries = Array.from({ length: count }, (_, index) => {
      const secret = value(String(index));
      return sealEntry(keys, container.header.id, newRecord(`service-${index}`, secret), secret);
    });
    return new Map(entries.map((current) => [current.name, { current }]));
  });
}
