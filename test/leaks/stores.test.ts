import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../../src/secret.js';
import { envStore } from '../../src/stores/env.js';
import { fileStore } from '../../src/stores/file.js';
import type { FileStoreOptions } from '../../src/stores/file.js';
import { memoryStore } from '../../src/stores/memory.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { newDirectory } from '../stores/new-directory.js';

const canary = () => `canary-${randomBytes(18).toString('base64url')}`;

/** What a rejected promise gives. */
async function failure(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error;
}

test('no file of a store holds a value, after versions, revocation and deletion (D17)', async () => {
  const directory = await newDirectory();
  const notices: string[] = [];
  const store = fileStore({
    path: join(directory, 'home', 'secrets'),
    env: {},
    onNotice: (text) => notices.push(text),
  });
  const values = [canary(), canary(), canary()];
  const told: unknown[] = [];
  for (const value of values) told.push(await store.set('service', Secret.from(value)));
  await store.revoke('service');
  told.push(await store.list(), await store.get('service'), await store.protection());
  for (const value of values) expectNoLeak([{ file: directory }, told, notices, store], value);
  await store.delete('service');
  for (const value of values) expectNoLeak([{ file: directory }, process.env], value);
});

test.each([
  ['a passphrase', 'passphrase'],
  ['a master key', 'masterKey'],
] as const)('nothing shows %s: not the store, its files, nor its errors', async (_, option) => {
  const directory = await newDirectory();
  const path = join(directory, 'secrets');
  const given = option === 'passphrase' ? canary() : randomBytes(32).toString('base64url');
  const open = (changes: FileStoreOptions = {}) => fileStore({ path, env: {}, [option]: given, ...changes });
  const store = open();
  await store.set('service', Secret.from(canary()));
  const wrong = { [option]: option === 'passphrase' ? `${given}x` : randomBytes(32).toString('hex') };
  const refused = await failure(
    fileStore({ path: join(directory, 'none'), env: {}, ...wrong }).set('service', given as never),
  );
  const errors = [refused, await failure(open(wrong).get('service')), await failure(open(wrong).list())];
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('"generation":1', '"generation":2'));
  errors.push(await failure(store.get('service')), await failure(store.set('service', Secret.from(canary()))));
  expectNoLeak([store, errors, { file: directory }], given);
  if (option === 'masterKey') {
    expectNoLeak([store, errors, { file: directory }], Buffer.from(given, 'base64url').toString('hex'));
  }
});

test('errors about options and values hold neither (S4, S13)', async () => {
  const value = canary();
  const thrown = (work: () => unknown): unknown => {
    try {
      return work();
    } catch (error) {
      return error;
    }
  };
  const errors = [
    thrown(() => fileStore({ masterKey: value })),
    thrown(() => fileStore({ passphrase: `${value}\n` })),
    thrown(() => fileStore({ masterKey: value, passphrase: value })),
    thrown(() => memoryStore({ service: `${value}\n` })),
    await failure(envStore({ env: { SERVICE: `${value}\r\n` } }).get('service')),
    await failure(memoryStore().set('service', value as never)),
    await failure(memoryStore().set('service', Secret.from(value), { expiresAt: value as never })),
    await failure(memoryStore().set('service', Secret.from(value), { destinations: value as never })),
  ];
  for (const error of errors) expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_/) });
  expectNoLeak(errors, value);
});

test('lists and stores show no value (S1, S2, D22)', async () => {
  const value = canary();
  const memory = memoryStore({ service: value });
  const env = envStore({ prefix: 'APP_', env: { APP_SERVICE: value } });
  for (const store of [memory, env]) {
    const list = await store.list();
    expect(list).toMatchObject([{ name: 'service', fingerprint: Secret.from(value).fingerprint() }]);
    const found = await store.get('service');
    expect(found?.secret.reveal()).toBe(value);
    expectNoLeak([store, list, found], value);
  }
});

test('a generated key is in its own file alone', async () => {
  const directory = await newDirectory();
  const path = join(directory, 'secrets');
  const store = fileStore({ path, env: {} });
  await store.set('service', Secret.from(canary()));
  await store.set('service', Secret.from(canary()));
  const key = (await readFile(`${path}.key`, 'utf8')).trim();
  const files = [{ file: path }, { file: `${path}.bak` }];
  for (const form of [key, Buffer.from(key, 'base64').toString('hex')]) expectNoLeak([files[0], files[1], store], form);
});
