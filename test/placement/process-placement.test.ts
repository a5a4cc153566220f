import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClavigerError } from '../../src/errors.js';
import { applyToArguments } from '../../src/placement/apply-to-arguments.js';
import { applyToEnvironment } from '../../src/placement/apply-to-environment.js';
import { argument, env, file, header } from '../../src/placement/placement.js';
import type { Placement } from '../../src/placement/placement.js';
import { assertProcessPlacement } from '../../src/placement/process-placement.js';
import { Secret } from '../../src/secret.js';

const key = Secret.from('a"b\\c-0123456789');

function thrownBy(action: () => unknown): ClavigerError {
  try {
    action();
  } catch (error) {
    return error as ClavigerError;
  }
  throw new Error('nothing was thrown');
}

describe('a variable', () => {
  it('holds the value alone, or the template with the value in it', () => {
    expect(applyToEnvironment(env('KEY'), key, 'p')).toEqual(['KEY', key.reveal()]);
    expect(applyToEnvironment(env('H', { template: 'A:{},B:{}' }), key, 'p')).toEqual([
      'H',
      `A:${key.reveal()},B:${key.reveal()}`,
    ]);
  });

  it('takes the value as it is, special patterns of replace() included', () => {
    const special = Secret.from("$&$1$`$'$$-{}-{}");
    expect(applyToEnvironment(env('KEY', { template: '<{}>' }), special, 'p')[1]).toBe("<$&$1$`$'$$-{}-{}>");
  });

  it('keeps a JSON template JSON, and an empty object in it an empty object', () => {
    const template = '{"Authorization":"Bearer {}","extra":{},"{}":[{}, "{}"]}';
    const [, value] = applyToEnvironment(env('HEADERS', { template }), key, 'p');
    expect(JSON.parse(value)).toEqual({
      Authorization: `Bearer ${key.reveal()}`,
      extra: {},
      [key.reveal()]: [{}, key.reveal()],
    });
  });

  it('goes where the variable has a marker for it already, and only for its own provider', () => {
    const inherited = '{"Authorization":"Bearer {claviger:p}","extra":{}}';
    const [, value] = applyToEnvironment(env('HEADERS'), key, 'p', inherited);
    expect(JSON.parse(value)).toEqual({ Authorization: `Bearer ${key.reveal()}`, extra: {} });
    expect(applyToEnvironment(env('HEADERS'), key, 'other', inherited)[1]).toBe(key.reveal());
    expect(applyToEnvironment(env('HEADERS', { template: '<{}>' }), key, 'p', inherited)[1]).toBe(`<${key.reveal()}>`);
  });

  it('escapes nothing where the template only looks like JSON', () => {
    expect(applyToEnvironment(env('H', { template: '"{}"x' }), key, 'p')[1]).toBe(`"${key.reveal()}"x`);
    expect(applyToEnvironment(env('H', { template: '{"a":{}}' }), key, 'p')[1]).toBe(`{"a":${key.reveal()}}`);
  });

  it('gives back every value through every JSON template', () => {
    const values = fc.string({ minLength: 1 }).filter((value) => !/[\r\n\0]/.test(value) && value.trim() !== '');
    const templates = fc.string().map((text) => JSON.stringify({ a: { [text]: `${text}{}` }, b: {} }));
    fc.assert(
      fc.property(values, templates, (value, template) => {
        const [, filled] = applyToEnvironment(env('H', { template }), Secret.from(`x-${value}`), 'p');
        const hole = (text: string): string => text.split('{}').join(`x-${value}`);
        const [[name, text]] = Object.entries((JSON.parse(template) as { a: Record<string, string> }).a) as [
          [string, string],
        ];
        expect(JSON.parse(filled)).toEqual(JSON.parse(JSON.stringify({ a: { [hole(name)]: hole(text) }, b: {} })));
      }),
    );
  });
});

describe('an argument', () => {
  it('is one argument after the others, which stay as they were', () => {
    const args = Object.freeze(['start', '--x']);
    expect(applyToArguments(args, argument('--api-key={} y'), key, 'p')).toEqual([
      'start',
      '--x',
      `--api-key=${key.reveal()} y`,
    ]);
  });

  it('goes where an argument has a marker for it, and the order stays', () => {
    const args = ['start', '--api-key', '{claviger:p}', 'db://me:{claviger:p}@host', '{claviger:other}'];
    expect(applyToArguments(args, argument('{}'), key, 'p')).toEqual([
      'start',
      '--api-key',
      key.reveal(),
      `db://me:${key.reveal()}@host`,
      '{claviger:other}',
    ]);
  });
});

describe('a value that may not stand in a process', () => {
  const bad = [
    '${X}',
    '${X:-default}',
    '${env:X}',
    '${input:my-id}',
    '$(op read x)',
    '$API_KEY',
    '%API_KEY%',
    '{env:API_KEY}',
  ].concat(
    [
      '$env:API_KEY',
      'env:API_KEY',
      '{{ secrets.X }}',
      'op://vault/item/field',
      'OP://v/i',
      'bw://x',
      'keychain://x',
      'se://x',
    ],
    [
      'ref+vault://x',
      'ref+awssecrets://x',
      'vault://x',
      'file:/run/key',
      '__encrypted__:abc',
      'Bearer ${TOKEN}',
      ' ${X} ',
      '   ',
      '\t',
    ],
  );

  it.each(bad)('is refused before it goes anywhere, by the name of the provider only: %j (M6)', (value) => {
    const secret = Secret.from(value);
    for (const apply of [
      () => applyToEnvironment(env('KEY', { template: 'X:{}' }), secret, 'weather'),
      () => applyToArguments([], argument('--key={}'), secret, 'weather'),
    ]) {
      const error = thrownBy(apply);
      expect(error).toMatchObject({ code: 'ERR_PLACEMENT_INVALID', provider: 'weather' });
      expect(error.message).toContain('weather');
      if (value.trim() !== '') expect(error.message).not.toContain(value.trim());
    }
  });

  it.each(['\r', '\n', '\0'])('is refused also when it did not come from Secret.from: %j (M6)', (character) => {
    const foreign = { reveal: () => `canary${character}X-Evil: 1` } as unknown as Secret;
    const error = thrownBy(() => applyToEnvironment(env('KEY'), foreign, 'weather'));
    expect(error).toMatchObject({ code: 'ERR_PLACEMENT_INVALID', provider: 'weather' });
    expect(error.message).not.toContain('canary');
  });

  it.each([
    'pa$$w0rd{1}',
    '$ecret-word',
    'x${y',
    '100%sure%',
    'postgresql://user:pw@host/db',
    'a${b}c$(d)e',
    'sk-environment:1',
  ])('is not one that only resembles a reference: %j', (value) => {
    expect(applyToEnvironment(env('KEY'), Secret.from(value), 'p')[1]).toBe(value);
  });
});

describe('a placement that could never be applied is refused when it is defined', () => {
  it.each<[string, Placement]>([
    ['an empty name (E5)', env('')],
    ['a name with "=" (E5)', env('A=B')],
    ['a name with NUL (E5)', env('A\0B')],
    ['a name with a line break (E5)', file('A\nB')],
    ['a file variable with "=" (E5)', file('A=B')],
    ['no name at all', { in: 'env' } as unknown as Placement],
    ['a template without a place for the secret', env('A', { template: 'Bearer' })],
    ['an empty template', env('A', { template: '' })],
    ['an argument without a place for the secret', argument('--key')],
    ['an argument with NUL', argument('{}\0')],
    ['an HTTP header', header('X-Api-Key')],
  ])('%s', (_, placement) => {
    const error = thrownBy(() => {
      assertProcessPlacement(placement, 'weather');
    });
    expect(error).toMatchObject({ code: 'ERR_PLACEMENT_INVALID', provider: 'weather' });
    if (placement.in === 'env') expect(() => applyToEnvironment(placement, key, 'weather')).toThrow(error.message);
  });

  it('and no other', () => {
    for (const placement of [env('A'), env('A-b.c', { template: '{}' }), file('A_FILE'), argument('{}')]) {
      expect(() => {
        assertProcessPlacement(placement, 'weather');
      }).not.toThrow();
    }
  });
});
