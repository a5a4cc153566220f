import assert from 'node:assert/strict';
import { isClavigerError } from '../errors.js';
import { Secret } from '../secret.js';
import { entryName } from '../stores/store.js';
import type { Store } from '../stores/store.js';
import { expectNoLeak } from './expect-no-leak.js';
import { canary, names, present, seed, writable } from './store-fixture.js';
import type { StoreFixture, WritableStore } from './store-fixture.js';

type Define<Subject> = (name: string, body: (store: Subject, fixture: StoreFixture) => Promise<void>) => void;

export interface TestStoreOptions {
  /** Default: the global one, as of vitest with `globals`, jest and mocha. node:test's and vitest's own fit as well. */
  describe?: (name: string, body: () => void) => unknown;
  test?: (name: string, body: () => Promise<void>) => unknown;
  /** The store has neither `set` nor `delete`; its fixture has `seed`. */
  readOnly?: boolean;
}

/**
 * The contract that every store keeps, as a suite of tests: each gets a fixture of its own from the factory.
 *
 * @example
 * import { describe, test } from 'vitest';
 * testStore('my store', async () => ({ store: myStore(), cleanup: () => server.close() }), { describe, test });
 */
export function testStore(name: string, factory: () => Promise<StoreFixture>, options: TestStoreOptions = {}): void {
  const globals = globalThis as unknown as Required<Pick<TestStoreOptions, 'describe' | 'test'>>;
  const { describe = globals.describe, test = globals.test, readOnly = false } = options;
  if (typeof describe !== 'function' || typeof test !== 'function') {
    throw new TypeError('testStore found no global describe and test: pass those of your test runner');
  }
  const define =
    <Subject>(check: (store: Store) => Subject): Define<Subject> =>
    (title, body) =>
      void test(title, async () => {
        const fixture = await factory();
        try {
          await body(check(fixture.store), fixture);
        } finally {
          await fixture.store.close?.();
          await fixture.cleanup?.();
        }
      });

  describe(`${name} keeps the contract of a store`, () => {
    testReading(define((store) => store));
    if (readOnly) {
      testReadOnly(define((store) => store));
      return;
    }
    const writing = define(writable);
    testWriting(writing);
    testMetadata(writing);
    testVersions(writing);
    testNames(writing);
    testConcurrency(writing);
  });
}

function testReading(test: Define<Store>): void {
  test('what was never stored is undefined, not an error', async (store) => {
    assert.equal(await store.get('missing'), undefined);
    assert.equal(await store.get('missing', { account: 'nobody' }), undefined);
    assert.equal(await store.get('missing', { version: '1' }), undefined);
    assert.deepEqual(await store.list(), []);
  });

  test('what is stored comes back exactly, with a version', async (store, fixture) => {
    const value = ` ${canary()}\t `;
    await seed(fixture, 'service', value);
    const found = await present(store, 'service');
    assert.equal(found.secret.reveal(), value);
    assert.ok(found.version.length > 0 && !found.version.includes(value));
    assert.equal((await store.get('service', { version: found.version }))?.secret.reveal(), value);
    assert.equal(await store.get('service', { version: `${found.version}x` }), undefined);
  });

  test('an account has a secret of its own', async (store, fixture) => {
    const [own, alices] = [canary(), canary()];
    await seed(fixture, 'service', own);
    await seed(fixture, entryName('service', 'alice'), alices);
    assert.equal((await present(store, 'service', 'alice')).secret.reveal(), alices);
    assert.equal((await present(store, 'service')).secret.reveal(), own);
    assert.equal(await store.get('service', { account: 'bob' }), undefined);
  });

  test('the list tells no value, and the store shows none', async (store, fixture) => {
    const value = canary();
    await seed(fixture, 'service', value);
    const { version } = await present(store, 'service');
    const list = await store.list();
    expectNoLeak([list, store], value);
    for (const info of list) {
      assert.ok(info.name !== '' && info.version !== '' && info.fingerprint.startsWith('sha256:'));
      assert.ok(!('secret' in info));
      if (info.name === 'service') assert.equal(info.version, version);
    }
  });

  test('an aborted read rejects with the reason of its signal', async (store, fixture) => {
    await seed(fixture, 'service', canary());
    const reason = new Error('enough');
    await assert.rejects(store.get('service', { signal: AbortSignal.abort(reason) }), (error) => error === reason);
    assert.ok(await store.get('service', { signal: new AbortController().signal }));
  });
}

function testReadOnly(test: Define<Store>): void {
  test('it lacks set and delete', async (store) => {
    assert.equal(typeof store.set, 'undefined');
    assert.equal(typeof store.delete, 'undefined');
  });
}

function testWriting(test: Define<WritableStore>): void {
  test('set tells what it stored, and get and list agree', async (store) => {
    const secret = Secret.from(canary());
    const told = await store.set('service', secret);
    assert.equal(told.name, 'service');
    assert.equal(told.fingerprint, secret.fingerprint());
    expectNoLeak(told, secret);
    const found = await present(store, 'service');
    assert.ok(found.secret.equals(secret));
    assert.equal(found.version, told.version);
    assert.deepEqual(await store.list(), [told]);
  });

  test('delete removes a name with all its versions, once', async (store) => {
    await store.set('other', Secret.from(canary()));
    const { version } = await store.set('service', Secret.from(canary()));
    await store.set('service', Secret.from(canary()));
    assert.equal(await store.delete('service'), true);
    assert.equal(await store.delete('service'), false);
    assert.equal(await store.get('service'), undefined);
    assert.equal(await store.get('service', { version }), undefined);
    assert.deepEqual(await names(store), ['other']);
  });

  test('any characters and 64 KiB come back as they went in', async (store, { reopen }) => {
    const values = ['päss wörd ✓ 🔑', 'x'.repeat(65_536), '"}{\\u0000%00', ' \t lines? no, blanks ', '\u2028\u0001'];
    for (const [index, value] of values.entries()) await store.set(`value-${index}`, Secret.from(value));
    const later = (await reopen?.()) ?? store;
    for (const [index, value] of values.entries()) {
      assert.equal((await present(later, `value-${index}`)).secret.reveal(), value);
    }
  });

  test('a later process finds the secrets and not the deleted ones', async (store, { reopen }) => {
    if (reopen === undefined) return;
    const value = canary();
    const { version } = await store.set('service', Secret.from(value));
    await store.set('gone', Secret.from(canary()));
    await store.delete('gone');
    const later = await reopen();
    const found = await present(later, 'service');
    assert.equal(found.secret.reveal(), value);
    assert.equal(found.version, version);
    assert.deepEqual(await names(later), ['service']);
  });
}

function testMetadata(test: Define<WritableStore>): void {
  test('metadata comes back, also where nothing is allowed', async (store, { reopen }) => {
    const metadata = {
      expiresAt: new Date(4_102_444_800_123),
      username: 'álice',
      destinations: ['https://api.example.com/**'],
    };
    await store.set('service', Secret.from(canary()), metadata);
    await store.set('nowhere', Secret.from(canary()), { destinations: [] });
    const later = (await reopen?.()) ?? store;
    const { expiresAt, username, destinations } = await present(later, 'service');
    assert.deepEqual({ expiresAt, username, destinations }, metadata);
    assert.deepEqual((await present(later, 'nowhere')).destinations, []);
    const listed = (await later.list()).find((info) => info.name === 'service');
    assert.deepEqual(listed?.expiresAt, metadata.expiresAt);
    assert.deepEqual(listed.destinations, metadata.destinations);
  });

  test('a new version does not inherit metadata', async (store) => {
    await store.set('service', Secret.from(canary()), { username: 'alice', expiresAt: new Date(), destinations: [] });
    await store.set('service', Secret.from(canary()));
    const { expiresAt, username, destinations } = await present(store, 'service');
    assert.deepEqual([expiresAt, username, destinations], [undefined, undefined, undefined]);
  });

  test('an expired secret is given with its time: judging it is up to the caller', async (store) => {
    const expiresAt = new Date(1_000);
    await store.set('service', Secret.from(canary()), { expiresAt });
    assert.deepEqual((await present(store, 'service')).expiresAt, expiresAt);
  });

  test('what callers do with their objects changes nothing that is stored', async (store) => {
    const expiresAt = new Date(4_102_444_800_000);
    const destinations = ['https://api.example.com/**'];
    await store.set('service', Secret.from(canary()), { expiresAt, destinations });
    expiresAt.setTime(0);
    destinations.push('https://evil.example/**');
    const first = await present(store, 'service');
    first.destinations?.push('https://evil.example/**');
    first.expiresAt?.setTime(0);
    const second = await present(store, 'service');
    assert.deepEqual(second.destinations, ['https://api.example.com/**']);
    assert.equal(second.expiresAt?.getTime(), 4_102_444_800_000);
  });
}

function testVersions(test: Define<WritableStore>): void {
  test('every set makes a version of its own, even of an equal secret', async (store) => {
    const secret = Secret.from(canary());
    const versions = new Set<string>();
    for (let count = 0; count < 5; count++) versions.add((await store.set('service', secret)).version);
    assert.equal(versions.size, 5);
    assert.equal((await present(store, 'service')).version, [...versions].at(-1));
  });

  test('an old version is given as itself or not at all', async (store) => {
    const values = [canary(), canary(), canary()];
    const versions: string[] = [];
    for (const value of values) versions.push((await store.set('service', Secret.from(value))).version);
    for (const [index, version] of versions.entries()) {
      const found = await store.get('service', { version });
      if (found === undefined) assert.notEqual(index, 2);
      else assert.deepEqual([found.secret.reveal(), found.version], [values[index], version]);
    }
    assert.equal((await present(store, 'service')).secret.reveal(), values[2]);
    assert.equal((await store.list()).length, 1);
  });
}

function testNames(test: Define<WritableStore>): void {
  const odd = [
    '../x',
    'a/b',
    'a',
    'a.b',
    'A',
    '__proto__',
    'constructor',
    'toString',
    'a b',
    'ключ-🔑',
    'é',
    'e\u0301',
  ];
  const all = [...odd, '%2e%2e/x', '.', '..', 'C:\\x', '-rf', 'x'.repeat(255), 'x'.repeat(10_240), 'nul\0x', 'line\nx'];

  test('any name is either stored under itself or refused with a code', async (store, { reopen }) => {
    const stored = new Map<string, string>();
    for (const name of all) {
      const value = canary();
      try {
        await store.set(name, Secret.from(value));
        stored.set(name, value);
      } catch (error) {
        assert.ok(isClavigerError(error), `${JSON.stringify(name)} was refused without a code`);
      }
    }
    const later = (await reopen?.()) ?? store;
    for (const name of all) assert.equal((await later.get(name))?.secret.reveal(), stored.get(name));
    assert.deepEqual(await names(later), [...stored.keys()].sort());
  });

  test('the empty name is refused', async (store) => {
    await assert.rejects(store.set('', Secret.from(canary())), isClavigerError);
    assert.equal(await store.get(''), undefined);
  });

  test('no two pairs of name and account meet', async (store) => {
    const pairs = [
      ['a', 'b:c'],
      ['a:b', 'c'],
      ['a', 'b@c'],
      ['a@b', 'c'],
      ['a', 'b/c'],
      ['a', '%40'],
    ] as const;
    const values = pairs.map(() => canary());
    for (const [index, [name, account]] of pairs.entries()) {
      await store.set(entryName(name, account), Secret.from(values[index] ?? ''));
    }
    for (const [index, [name, account]] of pairs.entries()) {
      assert.equal((await present(store, name, account)).secret.reveal(), values[index]);
    }
  });
}

function testConcurrency(test: Define<WritableStore>): void {
  test('of many writes at once none is lost', async (store, { reopen }) => {
    const all = Array.from({ length: 20 }, (_, index) => ({ name: `service-${index}`, value: canary() }));
    await Promise.all(all.map(({ name, value }) => store.set(name, Secret.from(value))));
    const later = (await reopen?.()) ?? store;
    for (const { name, value } of all) assert.equal((await present(later, name)).secret.reveal(), value);
  });

  test('of many writes of one name at once exactly one stands', async (store) => {
    const values = Array.from({ length: 10 }, canary);
    const told = await Promise.all(values.map((value) => store.set('service', Secret.from(value))));
    const found = await present(store, 'service');
    assert.equal(new Set(told.map((info) => info.version)).size, 10);
    const winner = told.findIndex((info) => info.version === found.version);
    assert.equal(found.secret.reveal(), values[winner]);
  });
}
