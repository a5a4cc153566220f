import { chmod, chown, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { directoryStore } from '../../src/stores/directory.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { newDirectory } from './new-directory.js';

async function newMount() {
  const path = await newDirectory();
  return {
    path,
    store: directoryStore({ path }),
    write: (name: string, value: string | Buffer) => writeFile(join(path, name), value, { mode: 0o600 }),
  };
}

/** A Kubernetes volume: each key is a link through `..data`, which is swapped in one step. */
async function newVolume() {
  const path = await newDirectory();
  const publish = async (values: Record<string, string>) => {
    const folder = await mkdtemp(join(path, '..2026_'));
    await chmod(folder, 0o755);
    for (const [key, value] of Object.entries(values)) await writeFile(join(folder, key), value, { mode: 0o644 });
    await symlink(folder.slice(path.length + 1), join(path, '..data_tmp'));
    await rename(join(path, '..data_tmp'), join(path, '..data'));
    return folder;
  };
  return { path, publish, store: directoryStore({ path }) };
}

describe('a mounted directory', () => {
  test('gives each file as a secret, less exactly one final newline', async () => {
    const { store, write } = await newMount();
    await write('github', 'a-secret-value \n');
    await write('plain', 'another-secret');
    expect((await store.get('github'))?.secret.reveal()).toBe('a-secret-value ');
    expect((await store.get('plain'))?.secret.reveal()).toBe('another-secret');
    expect((await store.list()).map(({ name }) => name).sort()).toEqual(['github', 'plain']);
  });

  test('that Kubernetes swaps shows the new value at the next read, never an error (D19)', async () => {
    const { path, publish, store } = await newVolume();
    let old = await publish({ token: 'value-00000000' });
    await symlink('..data/token', join(path, 'token'));
    expect((await store.list()).map(({ name }) => name)).toEqual(['token']);
    for (let round = 1; round <= 20; round++) {
      const reads = Promise.all(Array.from({ length: 4 }, () => store.get('token')));
      const next = await publish({ token: `value-0000000${round}` });
      await rm(old, { recursive: true });
      old = next;
      for (const found of await reads) expect(found?.secret.reveal()).toMatch(/^value-/);
      expect((await store.get('token'))?.secret.reveal()).toBe(`value-0000000${round}`);
    }
  });

  test('with a link that leads nowhere is unavailable for that name, not empty', async () => {
    const { path, store } = await newMount();
    await symlink('..data/token', join(path, 'token'));
    await rejects(store.get('token'), 'ERR_STORE_UNAVAILABLE');
    expect(await store.list()).toEqual([]);
  });

  test('that is not there is unavailable, never empty', async () => {
    const store = directoryStore({ path: join(await newDirectory(), 'none') });
    await rejects(store.get('github'), 'ERR_STORE_UNAVAILABLE');
    await rejects(store.list(), 'ERR_STORE_UNAVAILABLE');
  });

  test.each([
    ['nothing', ''],
    ['two lines', 'a-secret\nvalue\n'],
    ['no text', Buffer.from([0xff, 0xfe, 0x41])],
    ['more than a MiB', Buffer.alloc(1_048_577, 'x')],
  ])('with a file that holds %s says so, and lists the others', async (_, content) => {
    const { store, write } = await newMount();
    await write('bad', content);
    await write('good', 'a-secret-value');
    const error = await rejects(store.get('bad'), 'ERR_SECRET_INVALID');
    expect(error.message).toContain('bad');
    expect((await store.list()).map(({ name }) => name)).toEqual(['good']);
  });

  test('does not wait for a pipe, nor read a directory', async () => {
    const { path, store } = await newMount();
    execFileSync('mkfifo', ['-m', '600', join(path, 'pipe')]);
    await mkdir(join(path, 'folder'));
    await rejects(store.get('pipe'), 'ERR_STORE_UNAVAILABLE');
    await rejects(store.get('folder'), 'ERR_STORE_UNAVAILABLE');
    expect(await store.list()).toEqual([]);
  });
});

describe('a name', () => {
  test('never leads out of the directory (D18)', async () => {
    const outside = await newDirectory();
    await mkdir(join(outside, 'mount'));
    await writeFile(join(outside, 'x'), 'a-secret-value', { mode: 0o600 });
    const store = directoryStore({ path: join(outside, 'mount') });
    for (const name of [
      '../x',
      '..',
      '.',
      '',
      `${outside}/x`,
      '..\\x',
      'a/../../x',
      '..%2fx',
      'x\0',
      '__proto__',
      '🔑',
    ]) {
      expect(await store.get(name)).toBeUndefined();
    }
    expect(await store.get('x'.repeat(1000))).toBeUndefined();
  });

  test('of a link that leaves the directory is refused (D20)', async () => {
    const { path, store } = await newMount();
    const secret = canary();
    const outside = join(await newDirectory(), 'x');
    await writeFile(outside, secret, { mode: 0o600 });
    await symlink(outside, join(path, 'absolute'));
    await symlink('/', join(path, '..data'));
    await symlink(`..data${outside}`, join(path, 'indirect'));
    for (const name of ['absolute', 'indirect']) {
      expectNoLeak(await rejects(store.get(name), 'ERR_STORE_PERMISSIONS'), secret);
    }
    expect(await store.list()).toEqual([]);
  });

  test('that mounts use for themselves is not here', async () => {
    const { publish, store } = await newVolume();
    await publish({ token: 'a-secret-value' });
    expect(await store.get('..data')).toBeUndefined();
    expect(await store.list()).toEqual([]);
  });
});

describe('permissions', () => {
  test('of files are those of mounts: readable for all, written by nobody else (D16)', async () => {
    const { path, store, write } = await newMount();
    await write('key', 'a-secret-value');
    for (const mode of [0o400, 0o600, 0o440, 0o444, 0o644]) {
      await chmod(join(path, 'key'), mode);
      expect(await store.get('key')).toBeDefined();
    }
    for (const mode of [0o620, 0o602, 0o666]) {
      await chmod(join(path, 'key'), mode);
      await rejects(store.get('key'), 'ERR_STORE_PERMISSIONS');
    }
  });

  test('of the directory are judged as well; a sticky one is fine', async () => {
    const { path, store, write } = await newMount();
    await write('key', 'a-secret-value');
    await chmod(path, 0o777);
    await rejects(store.get('key'), 'ERR_STORE_PERMISSIONS');
    await chmod(path, 0o1777);
    expect(await store.get('key')).toBeDefined();
  });

  test.skipIf(process.getuid?.() !== 0)('refuse the file of another user', async () => {
    const { path, store, write } = await newMount();
    await write('key', 'a-secret-value');
    await chown(join(path, 'key'), 65_534, 65_534);
    await rejects(store.get('key'), 'ERR_STORE_PERMISSIONS');
  });
});
