import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.js';

const secret = 'sk-live-0123456789abcdef';
const redactor = createRedactor();
redactor.add(secret);

const show = (value: unknown) =>
  inspect(value, { depth: null, showHidden: true, getters: true, customInspect: false, maxArrayLength: 10 });

/** Each a fresh value of a type that holds something else than its properties. */
const makers: [string, () => object][] = [
  ['a long array', () => Array(1001).fill(0)],
  ['a long sparse array', () => Array(1001)],
  ['a pattern', () => /x/gi],
  ['a date', () => new Date(7)],
  ['a number', () => new Number(1)],
  ['a text', () => new String('text')],
  ['bytes', () => new Uint8Array([1, 2])],
  ['many bytes', () => new Uint8Array(5000)],
  ['a buffer', () => Buffer.alloc(5000, 1)],
  ['numbers', () => new Float64Array(5000)],
  ['a URL', () => new URL('https://a.test/')],
  ['headers', () => new Headers({ a: 'b' })],
  ['a map', () => new Map([[1, 2]])],
  ['a weak map', () => new WeakMap()],
  ['a function', () => (a: number, b: number) => a + b],
];

describe.each(makers)('a property that somebody gave %s', (_, make) => {
  it.each<[string, (to: object) => object]>([
    ['of a name', (to) => Object.assign(to, { k: secret })],
    ['of a symbol', (to) => Object.assign(to, { [Symbol('k')]: { deep: secret } })],
    ['that is hidden', (to) => Object.defineProperty(to, 'k', { value: [secret] })],
    ['of a getter', (to) => Object.defineProperty(to, 'k', { get: () => secret, enumerable: true })],
    ['whose name is it', (to) => Object.assign(to, { [secret]: 1 })],
  ])('loses the secret: %s', (_, give) => {
    for (const wrap of [(value: object) => value, (value: object) => ({ deep: [value] })]) {
      const value = wrap(give(make()));
      const redacted = redactor.value(value);
      expect(show(redacted)).not.toContain(secret);
      expect(show(value)).toContain(secret);
    }
  });

  it('is left alone without one, and so is what has none', () => {
    for (const value of [make(), Object.assign(make(), { k: 'harmless', [Symbol('s')]: [1] })]) {
      expect(redactor.value(value)).toBe(value);
      expect(redactor.value({ value }).value).toBe(value);
    }
  });
});

describe('a copy without the secret', () => {
  it('is of the same type and content, with the other properties', () => {
    const given = { k: secret, other: 1 };
    const date = redactor.value(Object.assign(new Date(7), given));
    expect(date.getTime()).toBe(7);
    expect(date).toMatchObject({ k: '[secret]', other: 1 });
    const pattern = redactor.value(Object.assign(/x/gi, given));
    expect([pattern.flags, pattern.test('X'), pattern.k]).toEqual(['gi', true, '[secret]']);
    const bytes = redactor.value(Object.assign(Buffer.from('abc'), given));
    expect([Buffer.isBuffer(bytes), bytes.toString(), bytes.k]).toEqual([true, 'abc', '[secret]']);
    const list = redactor.value(Object.assign(Array<number>(1001).fill(3), given));
    expect([list.length, list[1000], list.k, list.other]).toEqual([1001, 3, '[secret]', 1]);
    const text = redactor.value(Object.assign(new String(`a ${secret}`), given));
    expect([String(text), text.k]).toEqual(['a [secret]', '[secret]']);
  });

  it('of a function does the same, and gives no secret', () => {
    const add = redactor.value(Object.assign((a: string) => `${a} ${secret}`, { k: secret }));
    expect([add('x'), add.k, add.length]).toEqual(['x [secret]', '[secret]', 1]);
    const named = { [secret]: () => 1 }[secret];
    expect(redactor.value({ named }).named?.name).toBe('[secret]');
  });
});

describe('bytes that are a part of others', () => {
  it('get memory of their own where the others hold a secret', () => {
    const whole = new Uint8Array(Buffer.from(`xx${secret}`));
    for (const part of [whole.subarray(0, 2), Buffer.from(whole.buffer, 0, 2), new DataView(whole.buffer, 0, 2)]) {
      const redacted = redactor.value({ part }).part;
      expect(redacted.constructor).toBe(part.constructor);
      expect(redacted.byteLength).toBe(2);
      expect(Buffer.from(redacted.buffer).toString('latin1')).not.toContain(secret);
    }
    const clean = new Uint8Array(100).subarray(0, 2);
    expect(redactor.value(clean)).toBe(clean);
  });
});

describe('a form', () => {
  it('has its files redacted when they are read', async () => {
    const form = new FormData();
    form.append('text', `is ${secret}`);
    form.append('file', new Blob([secret]), `${secret}.txt`);
    const redacted = redactor.value(form);
    const files = [...redacted.values()].filter((part) => part instanceof File);
    expect(redacted.get('text')).toBe('is [secret]');
    expect(files.map(({ name }) => name)).toEqual(['[secret].txt']);
    expect(await files[0]?.text()).toBe('[secret]');
  });
});

describe('an error’s own method that gives a secret (S9, S11)', () => {
  const given = () => {
    const methods = {
      toJSON: () => ({ k: secret }),
      toString: () => secret,
      valueOf: () => secret,
      [Symbol.toPrimitive]: () => secret,
      [inspect.custom]: () => secret,
    };
    return Object.assign(new Error('x'), methods);
  };
  const shown = (error: Error) => [JSON.stringify(error), String(error), inspect(error), `${error as never}`].join();

  it('gives it redacted, also beneath another error', () => {
    const error = given();
    expect(redactor.error(error)).toBe(error);
    expect(JSON.stringify(error)).toBe('{"k":"[secret]"}');
    expect(shown(error)).not.toContain(secret);
    const cause = given();
    const outer = redactor.error(new AggregateError([given()], 'outer', { cause })) as AggregateError;
    expect(shown(outer.cause as Error) + shown(outer.errors[0] as Error)).not.toContain(secret);
    expect(shown(cause)).toContain(secret);
    expect(shown(redactor.error(Object.freeze(given())) as Error)).not.toContain(secret);
  });

  it('is left alone if it gives none', () => {
    const error = Object.assign(new Error('x'), { toJSON: () => ({ a: 1 }), toString: () => 'text' });
    const { toJSON } = error;
    expect(redactor.error(error)).toBe(error);
    expect(error.toJSON).toBe(toJSON);
  });
});
