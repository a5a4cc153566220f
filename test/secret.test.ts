import { inspect } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Secret } from '../src/index.js';
import { expectNoLeak } from '../src/testing/index.js';
import { canary } from './support/canary.js';

const key = canary();
const secret = Secret.from(key);

describe('a secret', () => {
  test('shows itself to nobody (S1, S2)', () => {
    const holder = { deep: [secret], map: new Map([['k', secret]]) };
    expect(JSON.stringify({ secret, list: [secret] })).toBe('{"secret":"[secret]","list":["[secret]"]}');
    expect(`${secret}`).toBe('[secret]');
    expect(String(secret) + (secret as unknown as string)).toBe('[secret][secret]');
    expectNoLeak(inspect(holder, { depth: null, showHidden: true, getters: true }), key);
    expect(inspect(secret)).toBe('[secret]');
    expectNoLeak([Object.keys(secret), Object.getOwnPropertyNames(secret), Reflect.ownKeys(secret)], key);
  });

  test('does not survive a clone or a message to another thread (S3)', async () => {
    let clone: unknown;
    try {
      clone = structuredClone(secret);
    } catch {
      clone = undefined;
    }
    expectNoLeak([clone], key);
    const { port1, port2 } = new MessageChannel();
    const arrived = new Promise((resolve) => port2.once('message', resolve));
    port1.postMessage({ secret });
    expectNoLeak([await arrived], key);
    port1.close();
  });

  test('comes out through reveal() only', () => {
    expect(secret.reveal()).toBe(key);
  });

  test.each([
    ['a carriage return', `${key}\r`],
    ['a line feed', `${key}\nmore`],
    ['a NUL', `\0${key}`],
  ])('with %s is refused, and the value is nowhere in the error (S4)', (_, value) => {
    let error: unknown;
    try {
      Secret.from(value);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'ERR_SECRET_INVALID' });
    expectNoLeak(error, key);
  });

  test.each([[''], [undefined], [null], [7], [{}]])('can not be made of %j', (value) => {
    expect(() => Secret.from(value as string)).toThrow(expect.objectContaining({ code: 'ERR_SECRET_INVALID' }));
  });

  test('has a fingerprint that tells equal from different, and nothing of a short one (S5)', () => {
    expect(Secret.from(key).fingerprint()).toBe(secret.fingerprint());
    expect(Secret.from(canary()).fingerprint()).not.toBe(secret.fingerprint());
    expect(secret.fingerprint()).toMatch(/^sha256:[0-9a-f]{8}$/);
    expect(Secret.from('a'.repeat(19)).fingerprint()).toBe('sha256:short');
    expect(Secret.from('a'.repeat(20)).fingerprint()).toMatch(/^sha256:[0-9a-f]{8}$/);
  });

  test('compares with values of any length (S6)', () => {
    expect(secret.equals(Secret.from(key))).toBe(true);
    expect(secret.equals(Secret.from(key.slice(0, -1)))).toBe(false);
    expect(secret.equals(Secret.from(`${key}x`))).toBe(false);
    expect(secret.equals({ reveal: () => key } as unknown as Secret)).toBe(false);
    expect(secret.equals(undefined as unknown as Secret)).toBe(false);
  });

  test('can not be changed', () => {
    expect(() => Object.assign(secret, { reveal: () => 'mine' })).toThrow(TypeError);
  });
});
