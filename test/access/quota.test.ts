import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAccess, memoryState, type AccessState } from '../../src/access/index.js';
import { countInWindow, windowEnd, type Window } from '../../src/access/fixed-window.js';
import { ClavigerError } from '../../src/errors.js';
import { canary } from '../support/canary.js';
import { accessRig, faultOf, product, sha256 } from './rules.js';

const violation = 'policies.ratelimit.QuotaViolation';
const perMinute = (limit: number) => ({ quota: { limit, interval: 1, unit: 'minute' as const } });

describe('a quota', () => {
  it('is counted down to a 429 that says until when, and begins anew exactly then', async () => {
    const { clock, verify } = accessRig({ product: perMinute(2) });
    const resetsAt = new Date(clock() + 60_000);
    expect(await verify()).toMatchObject({ ok: true, quota: { limit: 2, remaining: 1, resetsAt } });
    clock.advance(59_999);
    expect(await verify()).toMatchObject({ ok: true, quota: { limit: 2, remaining: 0, resetsAt } });
    expect(await verify()).toMatchObject({ ok: false, status: 429, fault: { code: violation }, quota: { resetsAt } });
    clock.advance(1);
    expect(await verify()).toMatchObject({ ok: true, quota: { remaining: 1, resetsAt: new Date(clock() + 60_000) } });
  });

  it('is not touched by a look, which says what a use would', async () => {
    const { verify } = accessRig({ product: perMinute(1) });
    for (let look = 0; look < 3; look++) {
      expect(await verify({ peek: true })).toMatchObject({ ok: true, quota: { remaining: 1 } });
    }
    await verify();
    expect(await faultOf(verify({ peek: true }))).toBe(violation);
  });

  it('is not touched by what is refused for another reason', async () => {
    const { verify } = accessRig({ product: perMinute(1) });
    await verify({ path: '/v2' });
    await verify({ consumerKey: canary() });
    expect(await faultOf(verify())).toBe('ok');
  });

  it('of nothing allows nothing', async () => {
    expect(await faultOf(accessRig({ product: perMinute(0) }).verify())).toBe(violation);
  });

  it('is one for all keys of an app, and another for each app and product', async () => {
    const other = canary();
    const quota = perMinute(1);
    const { access, verify } = accessRig({
      products: [product(quota), product({ name: 'more', ...quota })],
      apps: [
        { name: 'agent' },
        { name: 'b', keys: [{ id: 'b', sha256: sha256(other), products: [{ name: 'read' }] }] },
      ],
    });
    const first = await access.issueKey({ app: 'agent', products: ['read'] });
    const twin = await access.issueKey({ app: 'agent', products: ['read', 'more'] });
    expect(await faultOf(verify({ consumerKey: first.consumerKey }))).toBe('ok');
    expect(await verify({ consumerKey: twin.consumerKey })).toMatchObject({ ok: true, product: 'more' });
    expect(await faultOf(verify({ consumerKey: twin.consumerKey }))).toBe(violation);
    expect(await faultOf(verify({ consumerKey: other }))).toBe('ok');
  });

  it('is served by the first product of the key with something left, and one without a quota is never used up', async () => {
    const { access, verify } = accessRig({
      products: [product(perMinute(1)), product({ name: 'free' })],
      apps: [{ name: 'agent' }],
    });
    const { consumerKey } = await access.issueKey({ app: 'agent', products: ['read', 'free'] });
    expect(await verify({ consumerKey })).toMatchObject({ product: 'read' });
    expect(await verify({ consumerKey })).toMatchObject({ product: 'free' });
    expect(await verify({ consumerKey })).toMatchObject({ product: 'free' });
  });

  it('is exact under concurrent uses', async () => {
    const { verify } = accessRig({ product: perMinute(50) });
    const all = await Promise.all(Array.from({ length: 200 }, () => verify()));
    expect(all.filter(({ ok }) => ok)).toHaveLength(50);
  });

  it('survives a clock that jumps: it gives nothing twice and bars nobody for longer than a window', async () => {
    const { clock, verify } = accessRig({ product: perMinute(2) });
    await verify();
    clock.advance(-3_600_000);
    expect(await verify()).toMatchObject({
      ok: true,
      quota: { remaining: 0, resetsAt: new Date(clock() + 60_000) },
    });
    expect(await faultOf(verify())).toBe(violation);
    clock.advance(60_000);
    expect(await faultOf(verify())).toBe('ok');
    clock.advance(3_600_000);
    expect(await verify()).toMatchObject({ quota: { remaining: 1 } });
  });

  it('of a month lasts it, longer than any timer', async () => {
    const { clock, verify } = accessRig({ product: { quota: { limit: 1, interval: 1, unit: 'month' } } });
    const start = new Date(clock());
    expect(await verify()).toMatchObject({ quota: { resetsAt: new Date('2023-12-14T22:13:20.000Z') } });
    expect(start.toISOString()).toBe('2023-11-14T22:13:20.000Z');
    clock.advance(29 * 86_400_000);
    expect(await faultOf(verify())).toBe(violation);
    clock.advance(86_400_000);
    expect(await faultOf(verify())).toBe('ok');
  });

  it.each([
    ['2024-01-31T10:00:00Z', 1, '2024-02-29T10:00:00.000Z'],
    ['2023-01-31T10:00:00Z', 1, '2023-02-28T10:00:00.000Z'],
    ['2024-12-15T00:00:00Z', 2, '2025-02-15T00:00:00.000Z'],
    ['2024-03-31T23:59:59Z', 1, '2024-04-30T23:59:59.000Z'],
  ])('that begins at %s and lasts %i months ends at %s', (start, interval, end) => {
    expect(new Date(windowEnd({ limit: 1, interval, unit: 'month' }, Date.parse(start))).toISOString()).toBe(end);
  });

  it('never grants more than its limit in a window, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5000, max: 5000 }), { maxLength: 60 }), (steps) => {
        const quota = { limit: 3, interval: 1, unit: 'second' as const };
        let window: Window | undefined;
        let now = 1_000_000;
        const granted = new Map<number, number>();
        let serial = 0;
        for (const step of steps) {
          now += step;
          const began = window === undefined || now >= window.end;
          const result = countInWindow(window, { key: 'k', quota, now });
          if (began) serial++;
          if (result.count.granted) granted.set(serial, (granted.get(serial) ?? 0) + 1);
          if (result.count.resetsAt <= now || result.count.resetsAt > now + 1000) return false;
          window = result.window;
        }
        return [...granted.values()].every((count) => count <= 3);
      }),
    );
  });
});

describe('counters that can not be reached', () => {
  const broken: AccessState = {
    ...delegated(memoryState()),
    count: () => Promise.reject(new ClavigerError('ERR_STORE_UNAVAILABLE', 'the counters are away')),
  };

  it('refuse by default, and the answer says so', async () => {
    const verification = await accessRig({ product: perMinute(5), quotas: broken }).verify();
    expect(verification).toMatchObject({ ok: false, status: 429, fault: { code: violation } });
    expect(verification).toMatchObject({ fault: { message: expect.stringContaining('closed, as configured') } });
    expect(verification).toMatchObject({ fault: { message: expect.stringContaining('the counters are away') } });
  });

  it('let pass where that is configured, but none that another check refuses, and warn once', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => warnings.push(message);
    process.on('warning', onWarning);
    const { access, verify } = accessRig({ product: perMinute(5), quotas: broken, quotaFailure: 'open' });
    expect(await faultOf(verify())).toBe('ok');
    expect(await faultOf(verify())).toBe('ok');
    await access.setStatus({ key: 'k1' }, 'revoked');
    expect(await faultOf(verify())).toBe('oauth.v2.ApiKeyNotApproved');
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(warnings.filter((message) => message.includes('quotas can not be counted'))).toHaveLength(1);
  });

  it('are no excuse for a state that can not be read: nobody is admitted', async () => {
    const down: AccessState = {
      ...delegated(memoryState()),
      read: () => Promise.reject(new ClavigerError('ERR_STORE_UNAVAILABLE', 'the state is away')),
    };
    const { verify } = accessRig({ state: down, quotas: memoryState(), quotaFailure: 'open' });
    await expect(verify()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });

  it('and unknown configurations are refused', () => {
    const bad = { products: [], apps: [], quotaFailure: 'ajar' as never };
    expect(() => createAccess(bad)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
    expect(() => createAccess({ products: [], apps: [], state: {} as never })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    );
  });
});

function delegated(state: AccessState): AccessState {
  return {
    kind: state.kind,
    read: () => state.read(),
    update: (change) => state.update(change),
    count: (request) => state.count(request),
  };
}
