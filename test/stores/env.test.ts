import { afterEach, describe, expect, test, vi } from 'vitest';
import { Secret, versionOf } from '../../src/secret.js';
import { envStore } from '../../src/stores/env.js';

afterEach(() => vi.unstubAllEnvs());

describe('envStore', () => {
  test.each([
    ['github', 'MYAPP_GITHUB'],
    ['my-api.v2', 'MYAPP_MY_API_V2'],
    ['a:b/c', 'MYAPP_A_B_C'],
    ['ключ', 'MYAPP_____'],
    ['MiXed_1', 'MYAPP_MIXED_1'],
  ])('reads %s from %s', async (name, variable) => {
    const store = envStore({ prefix: 'MYAPP_', env: { [variable]: 'value-of-it' } });
    const found = await store.get(name);
    expect(found?.secret.reveal()).toBe('value-of-it');
    expect(found?.version).toBe(versionOf(Secret.from('value-of-it')));
  });

  test('reads process.env at the time of the call, without a prefix if none is given', async () => {
    const store = envStore();
    expect(await store.get('claviger-test-variable')).toBeUndefined();
    vi.stubEnv('CLAVIGER_TEST_VARIABLE', 'value-of-it');
    expect((await store.get('claviger-test-variable'))?.secret.reveal()).toBe('value-of-it');
  });

  test('strips nothing and takes an empty variable for a missing one', async () => {
    const store = envStore({ env: { SPACED: ' value ', EMPTY: '', UNSET: undefined } });
    expect((await store.get('spaced'))?.secret.reveal()).toBe(' value ');
    expect(await store.get('empty')).toBeUndefined();
    expect(await store.get('unset')).toBeUndefined();
    expect(await store.get('')).toBeUndefined();
  });

  test('refuses a value with a line break, naming the variable and not the value', async () => {
    const refusal = envStore({ env: { BAD: 'first-line\nsecond' } }).get('bad');
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_SECRET_INVALID', store: 'env' });
    await expect(refusal).rejects.toThrow(/BAD.*line break/);
    await expect(refusal).rejects.not.toThrow(/first-line/);
  });

  test('lists the usable variables under its prefix by names that lead to them', async () => {
    const env = {
      APP_ONE: 'value-one',
      APP_TWO_X: 'value-two',
      APP_: 'x',
      APP_lower: 'x',
      APP_BAD: 'a\nb',
      APP_NO: '',
      ONE: 'x',
    };
    const store = envStore({ prefix: 'APP_', env });
    const list = await store.list();
    expect(list.map(({ name }) => name)).toEqual(['one', 'two_x']);
    for (const { name, version } of list) expect(await store.get(name)).toMatchObject({ version });
  });

  test('lists nothing without a prefix: which variables are secrets, nobody knows', async () => {
    expect(await envStore({ env: { GITHUB: 'value-of-it' } }).list()).toEqual([]);
  });

  test('finds an account only where no other account could have the same variable', async () => {
    const store = envStore({ env: { GITHUB_ALICE: 'of-alice', GITHUB_A_B: 'of-a-b' } });
    expect((await store.get('github', { account: 'alice' }))?.secret.reveal()).toBe('of-alice');
    for (const account of ['Alice', 'ALICE', 'a-b', 'a_b', 'a.b', '']) {
      expect(await store.get('github', { account })).toBeUndefined();
    }
  });

  test('does not take what an object inherits for a variable', async () => {
    expect(await envStore({ prefix: '__proto', env: {} }).get('__')).toBeUndefined();
    const env = Object.create({ GITHUB: 'inherited' }) as Record<string, string>;
    expect(await envStore({ env }).get('github')).toBeUndefined();
  });
});
