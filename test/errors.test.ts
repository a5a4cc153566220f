import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ClavigerError, findClavigerError, isClavigerError } from '../src/index.js';
import { safeCause } from '../src/errors.js';
import { expectNoLeak } from '../src/testing/index.js';
import { canary } from './support/canary.js';

describe('a ClavigerError', () => {
  const error = new ClavigerError('ERR_STORE_LOCKED', 'the store is locked: unlock it', {
    provider: 'p',
    store: 'file',
  });

  test('tells its code, names and message in every form, and no value (S13)', () => {
    expect(String(error)).toBe('ClavigerError [ERR_STORE_LOCKED]: the store is locked: unlock it');
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'ClavigerError',
      message: 'the store is locked: unlock it',
      code: 'ERR_STORE_LOCKED',
      provider: 'p',
      store: 'file',
    });
    expect(inspect(error)).toContain('ERR_STORE_LOCKED');
  });

  test('has only the properties that it was given', () => {
    expect(Object.keys(error)).toEqual(['code', 'provider', 'store']);
    expect('cause' in error).toBe(false);
  });

  test('is recognised through the causes of whatever wraps it, also in a circle (S10)', () => {
    const wrapped = new TypeError('fetch failed', { cause: new Error('inner', { cause: error }) });
    expect(isClavigerError(wrapped)).toBe(true);
    expect(findClavigerError(wrapped)).toBe(error);
    const circle: { cause?: unknown } = {};
    circle.cause = { cause: circle };
    expect(isClavigerError(circle)).toBe(false);
    for (const other of [undefined, null, 'text', new Error('plain')]) expect(isClavigerError(other)).toBe(false);
  });

  test('of another copy of the package is recognised by its brand', () => {
    const foreign = Object.assign(new Error('x'), { code: 'ERR_STORE_LOCKED', [Symbol.for('claviger.error')]: true });
    expect(isClavigerError(foreign)).toBe(true);
  });

  test('keeps of a foreign cause its class and system code only (S8)', () => {
    const key = canary();
    const foreign = Object.assign(new RangeError(`bad ${key}`), { code: 'ECONNREFUSED', config: { key } });
    const cause = safeCause(foreign);
    expect([cause.name, (cause as NodeJS.ErrnoException).code]).toEqual(['RangeError', 'ECONNREFUSED']);
    const odd = safeCause(Object.assign(new Error('x'), { name: key, code: key }));
    expectNoLeak([cause, odd, safeCause(key), inspect(cause), inspect(odd, { showHidden: true })], key);
  });
});
