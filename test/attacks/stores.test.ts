import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/secret.js';
import { envStore } from '../../src/stores/env.js';
import { ContainerFile } from '../../src/stores/file/container-file.js';
import type { SealedEntry } from '../../src/stores/file/container.js';
import { fileStore } from '../../src/stores/file.js';
import { memoryStore } from '../../src/stores/memory.js';
import type { Versions } from '../../src/stores/record.js';
import { newDirectory } from '../stores/new-directory.js';

const masterKey = randomBytes(32);
const corrupt = expect.objectContaining({ code: 'ERR_STORE_CORRUPT', store: 'file' });
const permissions = expect.objectContaining({ code: 'ERR_STORE_PERMISSIONS', store: 'file' });
const unavailable = expect.objectContaining({ code: 'ERR_STORE_UNAVAILABLE', store: 'file' });

interface Target {
  path: string;
  open: () => ReturnType<typeof fileStore>;
}

/** A container with `a` in two versions and `b` in one. */
async function newTarget(): Promise<Target> {
  const path = join(await newDirectory(), 'secrets');
  const open = () => fileStore({ path, masterKey, env: {} });
  await open().set('a', Secret.from('value-of-a-before'));
  await open().set('a', Secret.from('value-of-a'), { destinations: ['https://api.example.com/**'] });
  await open().set('b', Secret.from('value-of-b'));
  return { path, open };
}

/** What an attacker with write access and without a key can do: anything to the text. */
async function edit({ path }: Target, change: (text: string) => string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  await writeFile(path, changed);
}

async function expectRefused({ path, open }: Target, error: unknown): Promise<void> {
  const before = await readFile(path);
  for (const store of [open(), open()]) {
    await expect(store.get('a')).rejects.toEqual(error);
    await expect(store.get('missing')).rejects.toEqual(error);
    await expect(store.list()).rejects.toEqual(error);
    await expect(store.set('c', Secret.from('value-of-c'))).rejects.toEqual(error);
    await expect(store.delete('b')).rejects.toEqual(error);
  }
  expect(await readFile(path)).toEqual(before);
}

const lines = (text: string) => text.split('\n');
const lineOf = (text: string, part: string) => lines(text).findIndex((line) => line.includes(part));

describe('a container that was tampered with', () => {
  test('is refused whichever single bit was flipped', async () => {
    const { path, open } = await newTarget();
    const good = await readFile(path);
    for (let index = 0; index < good.length; index++) {
      const bad = Buffer.from(good);
      bad[index] = (bad[index] ?? 0) ^ (1 << (index % 8));
      await writeFile(path, bad);
      await expect(open().get('b'), `byte ${index}`).rejects.toEqual(corrupt);
    }
    await writeFile(path, good);
    expect(await open().get('b')).toBeDefined();
  });

  test('is refused wherever it was cut off, and when it is empty', async () => {
    const { path, open } = await newTarget();
    const good = await readFile(path);
    for (const length of [0, 1, 50, 76, 77, 78, good.length >> 1, good.length - 78, good.length - 1]) {
      await writeFile(path, good.subarray(0, length));
      await expect(open().get('b'), `${length} bytes`).rejects.toEqual(corrupt);
    }
    await writeFile(path, Buffer.concat([good, Buffer.from('\n')]));
    await expect(open().get('b')).rejects.toEqual(corrupt);
  });

  test.each<[string, (text: string) => string]>([
    ['an entry dropped', (text) => lines(text).toSpliced(lineOf(text, '"previous"'), 1).join('\n')],
    ['the last entry dropped', (text) => text.replace(/,\n\{"name":"b".*/, '')],
    ['an entry twice', (text) => text.replace(/(\{"name":"b".*)/, '$1,\n$1')],
    ['values swapped between names (D12)', (text) => swap(text, '"name":"b"', '"state":"current"')],
    ['values swapped between versions (D12)', (text) => swap(text, '"state":"previous"', '"state":"current"')],
    [
      'states exchanged',
      (text) => text.replace('current', 'CUR').replace('previous', 'current').replace('CUR', 'previous'),
    ],
    ['destinations widened', (text) => text.replace('https://api.example.com/**', 'https://*.evil.example/**')],
    ['destinations taken off', (text) => text.replace(/"destinations":\[[^\]]*\],/, '')],
    ['a name changed', (text) => text.replace('"name":"b"', '"name":"c"')],
    ['an authentication tag cut to 12 bytes', (text) => text.replace(/"box":"([^"]*).{16}"/, '"box":"$1"')],
    ['another generation', (text) => text.replace('"generation":3', '"generation":4')],
    ['the seal gone', (text) => text.replace(/,\n"seal":"[^"]*"/, '')],
    ['a second seal', (text) => text.replace('}\n', ',\n"seal":""}\n')],
    ['blanks between', (text) => text.replace('"generation":', '"generation": ')],
    ['a member that comes twice', (text) => text.replace('"entries":', '"entries":[],"entries":')],
    ['an entry named __proto__', (text) => text.replace('"name":"b"', '"__proto__":{"name":"b"}')],
  ])('is refused with %s', async (_, change) => {
    const target = await newTarget();
    await edit(target, change);
    await expectRefused(target, corrupt);
  });

  test('is refused with an entry of its own from an earlier day', async () => {
    const target = await newTarget();
    const old = lines(await readFile(target.path, 'utf8')).find((line) => line.includes('"name":"b"')) ?? '';
    await target.open().set('b', Secret.from('value-of-b-new'));
    await edit(target, (text) =>
      lines(text)
        .map((line) => (line.includes('"name":"b"') ? old : line))
        .join('\n'),
    );
    await expectRefused(target, corrupt);
  });

  test('is refused with what an earlier state of it held, by whoever has seen a later one', async () => {
    const target = await newTarget();
    const early = await readFile(target.path);
    await target.open().set('a', Secret.from('value-of-a-new'));
    await writeFile(target.path, early);
    await expectRefused(target, corrupt);
    await expect(target.open().get('a')).rejects.toThrow(/rolled back/);
  });

  test('is refused with another history of the same length', async () => {
    const target = await newTarget();
    const fork = join(await newDirectory(), 'secrets');
    await writeFile(fork, await readFile(target.path), { mode: 0o600 });
    await fileStore({ path: fork, masterKey, env: {} }).set('b', Secret.from('value-of-the-fork'));
    await target.open().set('b', Secret.from('value-of-b-new'));
    await writeFile(target.path, await readFile(fork));
    await expectRefused(target, corrupt);
  });

  test('is refused when another container stands in its place', async () => {
    const [target, other] = [await newTarget(), await newTarget()];
    const store = target.open();
    await store.get('a');
    await rename(other.path, target.path);
    await expect(store.get('a')).rejects.toEqual(corrupt);
  });

  test('is refused when its header was replaced, though the checksum was made to fit', async () => {
    const target = await newTarget();
    const other = await newTarget();
    const head = async ({ path }: Target) => lines(await readFile(path, 'utf8')).slice(0, 2);
    const replacement = await head(other);
    await edit(target, (text) =>
      lines(text)
        .toSpliced(0, 2, ...replacement)
        .join('\n'),
    );
    await expectRefused(target, corrupt);
  });

  test('is not worked on for hours because its file asks for it', async () => {
    const path = join(await newDirectory(), 'secrets');
    const open = () => fileStore({ path, passphrase: 'correct horse', env: {} });
    await open().set('a', Secret.from('value-of-a'));
    for (const [field, size] of [
      ['N', 2 ** 40],
      ['r', 2 ** 20],
      ['p', 2 ** 20],
      ['N', 3],
      ['salt', 7],
    ] as const) {
      const copy = join(await newDirectory(), 'secrets');
      const changed = withHeader(await readFile(path, 'utf8'), (header) => (header.protection[field] = size));
      await writeFile(copy, changed, { mode: 0o600 });
      await expect(fileStore({ path: copy, passphrase: 'correct horse', env: {} }).get('a')).rejects.toEqual(corrupt);
    }
  });

  test('of a later version or an unknown protection is refused, not misread', async () => {
    const target = await newTarget();
    const text = await readFile(target.path, 'utf8');
    await writeFile(
      target.path,
      withHeader(text, (header) => (header.format = 'claviger-store/2')),
    );
    await expectRefused(target, unavailable);
    await writeFile(
      target.path,
      withHeader(text, (header) => (header.protection['kind'] = 'keychain')),
    );
    await expectRefused(target, expect.objectContaining({ code: 'ERR_STORE_LOCKED' }));
  });

  test('even by who could seal it again, does not give the value of one record for another', async () => {
    const { path, open } = await newTarget();
    const changes: ((a: Versions<SealedEntry>, b: Versions<SealedEntry>) => SealedEntry)[] = [
      (a, b) => ({ ...a.current, box: b.current.box }),
      (a) => ({ ...a.current, box: a.previous?.box ?? '' }),
      (a) => ({ ...a.current, version: 'other' }),
      (a) => ({ ...a.current, destinations: ['https://evil.example/**'] }),
      (a) => ({ ...a.current, expiresAt: 4_102_444_800_000 }),
      (a) => ({ ...a.current, box: Buffer.from(a.current.box, 'base64').subarray(0, -4).toString('base64') }),
      (a) => ({ ...a.current, box: '' }),
    ];
    const outside = () => ({ keyFile: undefined, phraseFile: undefined });
    const file = new ContainerFile({ path, unlocking: { masterKey }, outside, onNotice: undefined });
    const original = (await file.read())?.container.entries ?? new Map<string, never>();
    for (const change of changes) {
      const [a, b] = [original.get('a'), original.get('b')];
      if (!a || !b) throw new Error('not there');
      await file.update(() => new Map(original).set('a', { current: change(a, b) }));
      await expect(open().get('a')).rejects.toEqual(corrupt);
      expect((await open().get('b'))?.secret.reveal()).toBe('value-of-b');
    }
  });
});

describe('a file store that others can reach', () => {
  test.each(['644', '640', '620', '602', '601', '666'])('is refused with mode %s (D16)', async (mode) => {
    const target = await newTarget();
    const warm = target.open();
    await warm.get('a');
    await chmod(target.path, parseInt(mode, 8));
    await expect(warm.get('a')).rejects.toEqual(permissions);
    await expectRefused(target, permissions);
    await chmod(target.path, 0o600);
    expect(await warm.get('a')).toBeDefined();
  });

  test.runIf(process.getuid?.() === 0)(
    'is refused when the file or its key file belongs to another user (D16)',
    async () => {
      const target = await newTarget();
      await chown(target.path, 12_345, 12_345);
      await expectRefused(target, permissions);
      const keyFile = join(await newDirectory(), 'key');
      await writeFile(keyFile, masterKey, { mode: 0o600 });
      await chown(keyFile, 12_345, 12_345);
      const store = fileStore({ path: join(await newDirectory(), 'secrets'), keyFile, env: {} });
      await expect(store.set('a', Secret.from('value-of-a'))).rejects.toEqual(permissions);
    },
  );

  test('is refused when its key file or passphrase file can be read by others', async () => {
    const directory = await newDirectory();
    const file = join(directory, 'key');
    await writeFile(file, masterKey, { mode: 0o600 });
    await chmod(file, 0o640);
    for (const options of [
      { keyFile: file, env: {} },
      { env: { CLAVIGER_MASTER_FILE: file } },
      { env: { CLAVIGER_PHRASE_FILE: file } },
    ]) {
      const store = fileStore({ path: join(directory, 'secrets'), ...options });
      await expect(store.set('a', Secret.from('value-of-a'))).rejects.toEqual(permissions);
    }
    expect(await readdir(directory)).toEqual(['key']);
  });

  test.skipIf(process.platform === 'win32')('does not wait for a pipe that stands for its key file', async () => {
    const keyFile = join(await newDirectory(), 'pipe');
    await promisify(execFile)('mkfifo', ['-m', '600', keyFile]);
    const store = fileStore({ path: join(await newDirectory(), 'secrets'), keyFile, env: {} });
    await expect(store.set('a', Secret.from('value-of-a'))).rejects.toEqual(permissions);
  });

  test('is refused through a symbolic link, and as a directory', async () => {
    const { path } = await newTarget();
    const link = join(await newDirectory(), 'link');
    await symlink(path, link);
    await expect(fileStore({ path: link, masterKey, env: {} }).get('a')).rejects.toEqual(permissions);
    const directory = join(await newDirectory(), 'secrets');
    await mkdir(directory);
    await expect(fileStore({ path: directory, masterKey, env: {} }).get('a')).rejects.toEqual(permissions);
  });

  test('keeps backup, key and lock as private as itself, whatever the umask allows (D17)', async () => {
    const directory = await newDirectory();
    const path = join(directory, 'home', 'secrets');
    const before = process.umask(0);
    try {
      const store = fileStore({ path, env: {} });
      await store.set('a', Secret.from('value-of-a'));
      await store.set('a', Secret.from('value-of-a-new'));
    } finally {
      process.umask(before);
    }
    const names = await readdir(join(directory, 'home'));
    expect(names.sort()).toEqual(['secrets', 'secrets.bak', 'secrets.key']);
    for (const name of names) expect((await stat(join(directory, 'home', name))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'home'))).mode & 0o777).toBe(0o700);
  });
});

describe('a file store that can not answer', () => {
  test('says so and never that something is missing (D1)', async () => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'file'), '');
    const store = fileStore({ path: join(directory, 'file', 'secrets'), masterKey, env: {} });
    await expect(store.get('a')).rejects.toEqual(unavailable);
    await expect(store.list()).rejects.toEqual(unavailable);
    await expect(store.set('a', Secret.from('value-of-a'))).rejects.toEqual(unavailable);
  });

  test('with a wrong key leaves the container untouched (D5)', async () => {
    const target = await newTarget();
    const open = () => fileStore({ path: target.path, masterKey: randomBytes(32), env: {} });
    await expectRefused({ path: target.path, open }, expect.objectContaining({ code: 'ERR_STORE_LOCKED' }));
    expect((await target.open().get('a'))?.secret.reveal()).toBe('value-of-a');
  });

  test('because the disk is full keeps what it had', async ({ skip }) => {
    const directory = await newDirectory();
    const mount = promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', directory]);
    await mount.catch(() => skip('may not mount a small file system here'));
    try {
      const path = join(directory, 'secrets');
      const open = () => fileStore({ path, masterKey, env: {} });
      await open().set('a', Secret.from('value-of-a'));
      await expect(open().set('b', Secret.from('x'.repeat(100_000)))).rejects.toEqual(unavailable);
      expect((await open().get('a'))?.secret.reveal()).toBe('value-of-a');
      await open().set('c', Secret.from('value-of-c'));
      expect((await open().list()).map(({ name }) => name)).toEqual(['a', 'c']);
      expect((await readdir(directory)).sort()).toEqual(['secrets', 'secrets.bak']);
    } finally {
      await promisify(execFile)('umount', [directory]);
    }
  });
});

describe('names, values and accounts of any shape', () => {
  test('are kept apart and come back as they were (D9, D18)', async () => {
    const path = join(await newDirectory(), 'secrets');
    const fileStoreAt = fileStore({ path, masterKey, env: {} });
    const text = (options: fc.StringConstraints) =>
      fc.string({ unit: fc.constantFrom('\ud800', 'a', '@', ':', '%', '/', '.', '"', '\\', 'é', '🔑'), ...options });
    const name = fc.oneof(
      text({ minLength: 1, maxLength: 8 }),
      fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }),
    );
    const secret = fc.string({ minLength: 1, unit: 'binary' }).filter((value) => !/[\r\n\0]/.test(value));
    for (const store of [memoryStore(), fileStoreAt]) {
      await fc.assert(
        fc.asyncProperty(fc.dictionary(name, secret, { minKeys: 1, maxKeys: 4 }), async (entries) => {
          for (const [key, value] of Object.entries(entries)) await store.set(key, Secret.from(value));
          for (const [key, value] of Object.entries(entries))
            expect((await store.get(key))?.secret.reveal()).toBe(value);
        }),
        { numRuns: 30 },
      );
    }
    expect((await readdir(join(path, '..'))).sort()).toEqual(['secrets', 'secrets.bak']);
  });

  test('of 10 kB are refused with a code and change nothing (D18)', async () => {
    const { open } = await newTarget();
    const refusal = open().set('x'.repeat(10_240), Secret.from('value-of-x'));
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' });
    expect(await open().get('x'.repeat(10_240))).toBeUndefined();
    expect(await open().list()).toHaveLength(2);
  });

  test('do not reach prototypes', async () => {
    for (const store of [memoryStore(), envStore({ env: {} }), envStore({ prefix: '_', env: {} })]) {
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
        expect(await store.get(name)).toBeUndefined();
      }
    }
  });
});

/** Exchanges the boxes of two lines. */
function swap(text: string, one: string, other: string): string {
  const box = (part: string) => /"box":"([^"]*)"/.exec(lines(text)[lineOf(text, part)] ?? '')?.[1] ?? '';
  const [first, second] = [box(one), box(other)];
  return text.replace(first, 'BOX').replace(second, first).replace('BOX', second);
}

interface HeaderText {
  format: string;
  protection: Record<string, unknown>;
}

/** Changes the header and makes its checksum fit, as anybody can. */
function withHeader(text: string, change: (header: HeaderText) => unknown): string {
  const [first = '', , ...rest] = lines(text);
  const header = JSON.parse(first.slice('{"header":'.length, -1)) as HeaderText;
  change(header);
  const spelled = JSON.stringify(header);
  const sum = createHash('sha256').update(spelled).digest('hex');
  return [`{"header":${spelled},`, `"sum":"${sum}",`, ...rest].join('\n');
}
