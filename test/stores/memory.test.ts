import { describe, expect, test } from 'vitest';
import { Secret } from '../../src/secret.js';
import { memoryStore } from '../../src/stores/memory.js';
import { entryName } from '../../src/stores/store.js';

describe('memoryStore', () => {
  test('starts with the entries given, as text or as secrets', async () => {
    const store = memoryStore({ a: 'value-of-a', b: Secret.from('value-of-b'), [entryName('a', 'alice')]: 'of-alice' });
    expect((await store.get('a'))?.secret.reveal()).toBe('value-of-a');
    expect((await store.get('b'))?.secret.reveal()).toBe('value-of-b');
    expect((await store.get('a', { account: 'alice' }))?.secret.reveal()).toBe('of-alice');
    expect(await store.get('b', { account: 'alice' })).toBeUndefined();
  });

  test('keeps the current and the previous version, and nothing older', async () => {
    const store = memoryStore();
    const [first, second, third] = [
      await store.set('a', Secret.from('first')),
      await store.set('a', Secret.from('second')),
      await store.set('a', Secret.from('third')),
    ];
    expect(await store.get('a', { version: first.version })).toBeUndefined();
    expect(await store.get('a', { version: second.version })).toMatchObject({ state: 'previous' });
    expect(await store.get('a', { version: third.version })).toMatchObject({ state: 'current' });
  });

  test('gives versions in the order of time that say nothing about the value', async () => {
    const store = memoryStore();
    const { version: first } = await store.set('a', Secret.from('a-value-of-twenty-characters'));
    for (const start = Date.now(); Date.now() === start;);
    const { version: second } = await store.set('a', Secret.from('a-value-of-twenty-characters'));
    expect(second > first).toBe(true);
    expect(await memoryStore({ a: 'a-value-of-twenty-characters' }).get('a')).not.toMatchObject({ version: first });
  });

  test.each([
    ['an empty value', { a: '' }, 'ERR_SECRET_INVALID'],
    ['a line break', { a: 'x\ny' }, 'ERR_SECRET_INVALID'],
    ['something that is no text', { a: 12345678 as never }, 'ERR_SECRET_INVALID'],
    ['an empty name', { '': 'value' }, 'ERR_CONFIG_INVALID'],
  ])('refuses %s at creation', (_, entries, code) => {
    expect(() => memoryStore(entries)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ['an invalid date', { expiresAt: new Date(NaN) }],
    ['a date as text', { expiresAt: '2030-01-01' as never }],
    ['a user name that is no text', { username: 7 as never }],
    ['destinations that are no list', { destinations: 'https://api.example.com' as never }],
  ])('refuses %s and keeps what is there', async (_, metadata) => {
    const store = memoryStore({ a: 'value-of-a' });
    await expect(store.set('a', Secret.from('value-new'), metadata)).rejects.toMatchObject({
      code: 'ERR_CONFIG_INVALID',
    });
    await expect(store.set('a', 'plain text' as never)).rejects.toMatchObject({ code: 'ERR_SECRET_INVALID' });
    expect((await store.get('a'))?.secret.reveal()).toBe('value-of-a');
  });

  test('does not choke on half a character in an account', async () => {
    expect(await memoryStore({ a: 'value-of-a' }).get('a', { account: '\ud800' })).toBeUndefined();
  });
});
