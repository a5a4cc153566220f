import { describe, expect, test, vi } from 'vitest';
import {
  createRegistry,
  memoryStore,
  Secret,
  withCredential,
  type ProviderDefinition,
  type RegistryOptions,
} from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { testClock } from '../support/clock.js';
import { countingSource, down } from '../support/counting-source.js';
import { rejects } from '../support/rejects.js';

const TTL = 300_000;

function registryOf(source: ProviderDefinition['source'], options: Partial<RegistryOptions> = {}) {
  return createRegistry({ providers: [{ name: 'p', ...(source && { source }) }], ...options });
}

describe('a fetched credential', () => {
  test('is served from the cache until its lifetime ends, and not a moment longer', async () => {
    const now = testClock();
    const source = countingSource(canary());
    const registry = registryOf(source, { now });
    await registry.resolve('p');
    now.advance(TTL * 0.79);
    await registry.resolve('p');
    expect(source.asked).toHaveLength(1);

    source.answer = { secret: canary(), version: '2' };
    now.advance(TTL * 0.21);
    expect((await registry.resolve('p')).version).toBe('2');
    expect(source.asked).toHaveLength(2);
  });

  test('is refetched in the background once 80 % of its lifetime are over, while callers get the old one at once', async () => {
    const now = testClock();
    const source = countingSource({ secret: canary(), version: '1' });
    const registry = registryOf(source, { now });
    await registry.resolve('p');
    source.answer = { secret: canary(), version: '2' };
    now.advance(TTL * 0.8);
    expect((await registry.resolve('p')).version).toBe('1');
    await new Promise(setImmediate);
    expect((await registry.resolve('p')).version).toBe('2');
    expect(source.asked).toHaveLength(2);
  });

  test('is fetched once for any number of concurrent callers', async () => {
    const source = countingSource(canary());
    const registry = registryOf(source);
    await Promise.all(Array.from({ length: 50 }, () => registry.resolve('p')));
    expect(source.asked).toHaveLength(1);
  });

  test('lives shorter by at most a tenth when no clock is given', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const refetchedAt = new Set<number>();
    for (let round = 0; round < 30; round++) {
      const source = countingSource(canary());
      const registry = registryOf(source, { cache: { ttlMs: 1_000 } });
      await registry.resolve('p');
      for (let age = 0; source.asked.length === 1; age += 10) {
        vi.advanceTimersByTime(10);
        await registry.resolve('p');
        if (source.asked.length > 1) refetchedAt.add(age + 10);
      }
    }
    vi.useRealTimers();
    // 80 % of a lifetime that is 90 to 100 % of the time to live
    expect(Math.min(...refetchedAt)).toBeGreaterThanOrEqual(720);
    expect(Math.max(...refetchedAt)).toBeLessThanOrEqual(800);
    expect(refetchedAt.size).toBeGreaterThan(1);
  });

  test('is fetched at every use when the cache is off', async () => {
    const source = countingSource(canary());
    const registry = registryOf(source, { cache: false });
    await registry.resolve('p');
    await registry.resolve('p');
    expect(source.asked).toHaveLength(2);
  });

  test('is refetched exactly at its own expiry, before the lifetime ends (D8)', async () => {
    const now = testClock();
    const source = countingSource({ secret: canary(), version: '1', expiresAt: new Date(now() + 1_000) });
    const registry = registryOf(source, { now });
    await registry.resolve('p');
    source.answer = { secret: canary(), version: '2' };
    now.advance(1_000);
    expect((await registry.resolve('p')).version).toBe('2');
  });

  test('of one account never serves another', async () => {
    const registry = registryOf(({ account }) => `secret-of-${account ?? 'nobody'}`);
    const [anna, ben, none] = await Promise.all([
      registry.resolve('p', { account: 'anna' }),
      registry.resolve('p', { account: () => 'ben' }),
      registry.resolve('p'),
    ]);
    expect([anna, ben, none].map(({ secret }) => secret.reveal())).toEqual([
      'secret-of-anna',
      'secret-of-ben',
      'secret-of-nobody',
    ]);
  });

  test('has the hash of its value as version when the source names none', async () => {
    const registry = registryOf(() => 'a-value-of-more-than-twenty-characters');
    const { version } = await registry.resolve('p');
    expect(version).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

describe('a store that can not answer', () => {
  test('is reported as unavailable, never as "not found" (D1)', async () => {
    const error = await rejects(registryOf(countingSource(down)).resolve('p'), 'ERR_STORE_UNAVAILABLE');
    expect(error.provider).toBe('p');
  });

  test('that never settles is unavailable after the deadline (F10)', async () => {
    const registry = registryOf(() => new Promise(() => undefined), { resolveTimeoutMs: 20 });
    await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
  });

  test('leaves no trace of a secret that its error carries (S8)', async () => {
    const key = canary();
    const registry = registryOf(() => {
      throw new Error(`bad key ${key}`, { cause: new TypeError(key) });
    });
    const error = await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
    const { inspect } = await import('node:util');
    expect(
      inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error) + String(error.stack),
    ).not.toContain(key);
  });

  test('is not remembered: the next call asks again', async () => {
    const source = countingSource(down);
    const registry = registryOf(source);
    await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
    source.answer = canary();
    await registry.resolve('p');
    expect(source.asked).toHaveLength(2);
  });

  test('is bridged with what was good until lately, up to the hard limit', async () => {
    const now = testClock();
    const source = countingSource({ secret: canary(), version: '1' });
    const registry = registryOf(source, { now });
    await registry.resolve('p');
    source.answer = down;
    now.advance(TTL + 3_600_000 - 1);
    expect((await registry.resolve('p')).version).toBe('1');
    now.advance(1);
    await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
  });

  test('is not bridged past the expiry of the credential itself (D4)', async () => {
    const now = testClock();
    const source = countingSource({ secret: canary(), expiresAt: new Date(now() + TTL + 5_000) });
    const registry = registryOf(source, { now });
    await registry.resolve('p');
    source.answer = down;
    now.advance(TTL + 5_000);
    await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
  });

  test('is left alone after five failures in a row, then tried by one call', async () => {
    const now = testClock();
    const source = countingSource(down);
    const registry = registryOf(source, { now });
    for (let call = 0; call < 5; call++) await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
    const error = await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
    expect(error.message).toContain('in a row');
    expect(source.asked).toHaveLength(5);
    source.answer = canary();
    now.advance(5_000);
    await registry.resolve('p');
    await registry.resolve('p');
    expect(source.asked).toHaveLength(6);
  });
});

describe('a missing credential', () => {
  test('is remembered for five seconds (D10)', async () => {
    const now = testClock();
    const source = countingSource(undefined);
    const registry = registryOf(source, { now });
    await rejects(registry.resolve('p'), 'ERR_CREDENTIAL_NOT_FOUND');
    await rejects(registry.resolve('p'), 'ERR_CREDENTIAL_NOT_FOUND');
    expect(source.asked).toHaveLength(1);
    source.answer = canary();
    now.advance(5_000);
    await registry.resolve('p');
  });

  test('is not bridged with the old one: somebody has taken it away', async () => {
    const now = testClock();
    const source = countingSource(canary());
    const registry = registryOf(source, { now });
    await registry.resolve('p');
    source.answer = undefined;
    now.advance(TTL);
    await rejects(registry.resolve('p'), 'ERR_CREDENTIAL_NOT_FOUND');
    source.answer = down;
    now.advance(5_000);
    await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
  });
});

describe('a credential that may not be used', () => {
  test.each([
    ['expired exactly now', { secret: canary(), expiresAt: new Date(1_700_000_000_000) }, 'ERR_CREDENTIAL_EXPIRED'],
    ['revoked', { secret: canary(), revoked: true }, 'ERR_CREDENTIAL_REVOKED'],
    ['with fewer than eight characters (S7)', 'short', 'ERR_SECRET_INVALID'],
    ['empty', '', 'ERR_SECRET_INVALID'],
    ['with a line break in it (S4)', `${canary()}\n`, 'ERR_SECRET_INVALID'],
    ['that is an array (F10)', [canary()] as never, 'ERR_SECRET_INVALID'],
    ['that is null', null as never, 'ERR_SECRET_INVALID'],
  ] as const)('%s is refused', async (_, answer, code) => {
    const registry = registryOf(countingSource(answer), { now: testClock() });
    const error = await rejects(registry.resolve('p'), code);
    const value = typeof answer === 'string' ? answer : undefined;
    if (value !== undefined && value.length > 8) expect(error.message).not.toContain(value.trim());
  });

  test('once revoked is not served while the store is down (D4)', async () => {
    const now = testClock();
    const source = countingSource(canary());
    const registry = registryOf(source, { now });
    await registry.resolve('p');
    source.answer = { secret: canary(), revoked: true };
    now.advance(TTL);
    await rejects(registry.resolve('p'), 'ERR_CREDENTIAL_REVOKED');
    source.answer = down;
    await rejects(registry.resolve('p'), 'ERR_STORE_UNAVAILABLE');
  });

  test('short but allowed is placed, not redacted, and warned of once', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const registry = createRegistry({
      providers: [{ name: 'p', source: () => 'short', allowShortSecret: true }],
      cache: false,
    });
    await registry.resolve('p');
    await registry.resolve('p');
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(registry.redactor.text('a short one')).toBe('a short one');
    expect(warnings.filter(({ message }) => message.includes('not redacted'))).toHaveLength(1);
  });
});

describe('an abort', () => {
  test('rejects its own caller with the reason and leaves the fetch to the others (D7)', async () => {
    let answer: (value: string) => void = () => undefined;
    const registry = registryOf(() => new Promise<string>((resolve) => (answer = resolve)));
    const controller = new AbortController();
    const aborted = registry.resolve('p', { signal: controller.signal });
    const waiting = registry.resolve('p');
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    answer('a-secret-value');
    expect((await waiting).secret.reveal()).toBe('a-secret-value');
  });

  test('that is over before it begins is no use of a cached credential either (F11)', async () => {
    const source = countingSource(canary());
    const registry = registryOf(source);
    await registry.resolve('p');
    const reason = new Error('no time');
    await expect(registry.resolve('p', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const called = withCredential(() => Promise.reject(new Error('called')), {
      auth: registry.auth('p'),
      into: 'key',
    }) as (args: { signal: AbortSignal }) => Promise<never>;
    await expect(called({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(source.asked).toHaveLength(1);
  });
});

describe('a refresh', () => {
  test('gives the newer version and serves it from then on', async () => {
    const source = countingSource({ secret: canary(), version: '1' });
    const registry = registryOf(source);
    const first = await registry.resolve('p');
    source.answer = { secret: canary(), version: '2' };
    expect((await registry.refresh(first))?.version).toBe('2');
    expect((await registry.resolve('p')).version).toBe('2');
    expect(source.asked[1]?.rejectedVersion).toBe('1');
  });

  test('that finds the same version gives nothing, and is not repeated for ten seconds', async () => {
    const now = testClock();
    const source = countingSource({ secret: canary(), version: '1' });
    const registry = registryOf(source, { now });
    const first = await registry.resolve('p');
    expect(await registry.refresh(first)).toBeUndefined();
    expect(await registry.refresh(first)).toBeUndefined();
    expect(source.asked).toHaveLength(2);
    now.advance(10_000);
    await registry.refresh(first);
    expect(source.asked).toHaveLength(3);
  });

  test('of many refused calls at once asks once', async () => {
    const source = countingSource({ secret: canary(), version: '1' });
    const registry = registryOf(source);
    const first = await registry.resolve('p');
    source.answer = { secret: canary(), version: '2' };
    const found = await Promise.all(Array.from({ length: 20 }, () => registry.refresh(first)));
    expect(found.every((credential) => credential?.version === '2')).toBe(true);
    expect(source.asked).toHaveLength(2);
  });

  test('says when the store can not', async () => {
    const source = countingSource(canary());
    const registry = registryOf(source);
    const first = await registry.resolve('p');
    source.answer = down;
    await rejects(registry.refresh(first), 'ERR_STORE_UNAVAILABLE');
  });

  test('leaves both versions redacted (D11)', async () => {
    const [before, after] = [canary(), canary()];
    const store = memoryStore({ p: before });
    const registry = createRegistry({ providers: [{ name: 'p' }], stores: { default: store } });
    const first = await registry.resolve('p');
    await store.set?.('p', Secret.from(after));
    await registry.refresh(first);
    expect(registry.redactor.text(`${before} ${after}`)).toBe('[secret] [secret]');
  });
});

describe('a source that answers oddly', () => {
  const hostile = canary();
  const thrower = () => {
    throw new Error(hostile);
  };

  test.each([
    ['an answer whose secret can not be read', () => Object.defineProperty({ secret: '' }, 'secret', { get: thrower })],
    [
      'a thing that lets nothing be read',
      () => {
        throw new Proxy(new Error(hostile), { get: thrower, has: thrower });
      },
    ],
    [
      'an error without a readable cause',
      () => {
        throw Object.defineProperty(new Error(hostile), 'cause', { get: thrower });
      },
    ],
  ] as const)('with %s is a store that fails, and shows nothing (S8)', async (_, source) => {
    const error = await rejects(registryOf(source).resolve('p'), 'ERR_STORE_UNAVAILABLE');
    expectNoLeak(error, hostile);
  });

  test.each(['2099-01-01T00:00:00Z', 4_102_444_800_000, null])(
    'with the expiry %s is refused with a code',
    async (expiresAt) => {
      const source = () => ({ secret: canary(), expiresAt: expiresAt as unknown as Date });
      await rejects(registryOf(source).resolve('p'), 'ERR_SECRET_INVALID');
    },
  );
});

test('a refresh is not kept from a newer version by one that an older version had', async () => {
  const now = testClock();
  const source = countingSource({ secret: canary(), version: '1' });
  const registry = registryOf(source, { now, cache: { ttlMs: 3_000 } });
  const first = await registry.resolve('p');
  expect(await registry.refresh(first)).toBeUndefined();
  now.advance(3_000);
  source.answer = { secret: canary(), version: '2' };
  const second = await registry.resolve('p');
  source.answer = { secret: canary(), version: '3' };
  expect((await registry.refresh(second))?.version).toBe('3');
});

test('a store may be given more time than a timer of Node can take', async () => {
  const source = () => new Promise<string>((resolve) => setImmediate(() => setImmediate(resolve, canary())));
  expect((await registryOf(source, { resolveTimeoutMs: 2 ** 40 }).resolve('p')).provider).toBe('p');
});
