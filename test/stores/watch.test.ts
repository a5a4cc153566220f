import { chmod, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createRegistry, Secret } from '../../src/index.js';
import type { AuditEvent, Store } from '../../src/index.js';
import { directoryStore } from '../../src/stores/directory.js';
import { fileStore } from '../../src/stores/file.js';
import { watchByPolling } from '../../src/stores/watch.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { newDirectory } from './new-directory.js';

/** What is promised is two seconds; the machine may be busy. */
const soon = { timeout: 4000, interval: 50 };

function registryOver(store: Store, names = ['service', 'other']) {
  const events: AuditEvent[] = [];
  const registry = createRegistry({
    providers: names.map((name) => ({ name, store })),
    audit: (event) => void events.push(event),
  });
  onTestFinished(() => registry.close());
  const valueOf = (name = 'service') =>
    registry.resolve(name).then(
      ({ secret }) => secret.reveal(),
      (error: unknown) => (error as { code: string }).code,
    );
  return { registry, valueOf, events };
}

describe('what another process changes in the encrypted file', () => {
  const newStores = async () => {
    const options = { path: join(await newDirectory(), 'secrets'), masterKey: new Uint8Array(32), env: {} };
    return { store: fileStore(options), another: fileStore(options) };
  };

  test('reaches a registry that has it cached: set, revoke, remove, set again', async () => {
    const { store, another } = await newStores();
    const [first, second, third] = [canary(), canary(), canary()];
    await another.set('service', Secret.from(first));
    const { registry, valueOf, events } = registryOver(store);
    expect(await valueOf()).toBe(first);
    await another.set('service', Secret.from(second));
    await expect.poll(() => valueOf(), soon).toBe(second);
    await another.revoke('service');
    await expect.poll(() => valueOf(), soon).toBe('ERR_CREDENTIAL_REVOKED');
    await another.delete('service');
    await expect.poll(() => valueOf(), soon).toBe('ERR_CREDENTIAL_NOT_FOUND');
    await another.set('service', Secret.from(third));
    await expect.poll(() => valueOf(), soon).toBe(third);
    // Whoever got the old ones may still say them.
    expect(registry.redactor.text(`${first} ${second} ${third}`)).toBe('[secret] [secret] [secret]');
    expect(events.filter(({ type }) => type === 'change')).not.toEqual([]);
    for (const secret of [first, second, third]) expectNoLeak(events, secret);
  }, 20_000);

  test('is told by the names that changed, and nothing else', async () => {
    const { store, another } = await newStores();
    await another.set('service', Secret.from('the-first-secret'));
    await another.set('other', Secret.from('another-secret'));
    const told: (readonly string[])[] = [];
    const end = store.watch((names) => told.push(names));
    await store.get('service');
    await new Promise((resolve) => setTimeout(resolve, 200)); // what is there at first is no change
    await another.set('service', Secret.from('the-second-secret'));
    await expect.poll(() => told, soon).toEqual([['service']]);
    end();
  });

  test('leaves the credentials of other names where they are', async () => {
    const { store, another } = await newStores();
    await another.set('service', Secret.from('the-first-secret'));
    await another.set('other', Secret.from('another-secret'));
    let reads = 0;
    const counting: Store = { ...store, get: (name, options) => (reads++, store.get(name, options)) };
    const { valueOf } = registryOver(counting);
    await valueOf();
    await valueOf('other');
    await another.set('service', Secret.from('the-second-secret'));
    await expect.poll(() => valueOf(), soon).toBe('the-second-secret');
    expect([await valueOf('other'), reads]).toEqual(['another-secret', 3]);
  });
});

test('a mounted directory that is swapped reaches a registry that has its secret cached', async () => {
  const path = await newDirectory();
  const publish = async (value: string) => {
    const folder = await mkdtemp(join(path, '..2026_'));
    await chmod(folder, 0o755);
    await writeFile(join(folder, 'service'), value, { mode: 0o644 });
    await symlink(folder, join(path, '..data_tmp'));
    await rename(join(path, '..data_tmp'), join(path, '..data'));
    return folder;
  };
  const old = await publish('the-first-secret');
  await symlink('..data/service', join(path, 'service'));
  const { valueOf } = registryOver(directoryStore({ path }));
  expect(await valueOf()).toBe('the-first-secret');
  await publish('the-second-secret');
  await rm(old, { recursive: true });
  await expect.poll(() => valueOf(), soon).toBe('the-second-secret');
});

describe('watching', () => {
  test('ends with its registry, and holds no process', async () => {
    let watching = 0;
    const store: Store = {
      kind: 'mine',
      get: async () => ({ secret: Secret.from('the-secret'), version: '1' }),
      list: async () => [],
      watch: () => {
        watching += 1;
        return () => void (watching -= 1);
      },
    };
    const { registry, valueOf } = registryOver(store);
    expect(watching).toBe(0);
    await Promise.all([valueOf(), valueOf('other')]);
    expect(watching).toBe(1);
    await registry.close();
    expect(watching).toBe(0);
  });

  test('looks less often at what can not be read, and tells nothing of it', async () => {
    let reads = 0;
    const told: unknown[] = [];
    const end = watchByPolling(
      async () => {
        reads += 1;
        throw new Error('locked');
      },
      (names) => told.push(names),
      20,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    end();
    expect(reads).toBeLessThan(8);
    expect(told).toEqual([]);
  });

  test('an answer that was under way when a change was told is not kept', async () => {
    let change: (names: readonly string[]) => void = () => undefined;
    const answers: ((value: string) => void)[] = [];
    const store: Store = {
      kind: 'mine',
      get: () =>
        new Promise((resolve) => answers.push((value) => resolve({ secret: Secret.from(value), version: value }))),
      list: async () => [],
      watch: (onChange) => {
        change = onChange;
        return () => undefined;
      },
    };
    const { valueOf } = registryOver(store);
    const first = valueOf();
    await expect.poll(() => answers.length).toBe(1);
    change(['service']);
    const second = valueOf();
    await expect.poll(() => answers.length).toBe(2);
    answers[1]?.('the-new-secret');
    answers[0]?.('the-old-secret');
    expect([await first, await second]).toEqual(['the-old-secret', 'the-new-secret']);
    expect(await valueOf()).toBe('the-new-secret');
  });
});
