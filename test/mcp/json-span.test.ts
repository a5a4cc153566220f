import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isObjectAt, items, members, splice, valuesOf, wholeValue } from '../../src/mcp/json-span.js';

/** JSON with blanks wherever they may stand. */
const spaced = fc.tuple(fc.jsonValue(), fc.constantFrom(undefined, 1, ' ', '\t', '\r')).map(([value, indent]) => ({
  value,
  bytes: Buffer.from(JSON.stringify(value, undefined, indent)),
}));

const parse = (bytes: Buffer, { start, end }: { start: number; end: number }): unknown =>
  JSON.parse(bytes.toString('utf8', start, end));

describe('the parts of a JSON text', () => {
  it('are found in any text, at their exact bytes', () => {
    fc.assert(
      fc.property(spaced, ({ bytes, value }) => {
        const whole = wholeValue(bytes);
        expect(JSON.stringify(parse(bytes, whole))).toBe(JSON.stringify(value));
        if (Array.isArray(value)) {
          expect(JSON.stringify([...items(bytes, whole)].map((item) => parse(bytes, item)))).toBe(
            JSON.stringify(value),
          );
        } else if (isObjectAt(bytes, whole)) {
          const found = [...members(bytes, whole)].map((member) => [member.name, parse(bytes, member)]);
          expect(JSON.stringify(found)).toBe(JSON.stringify(Object.entries(value as object)));
        } else expect([...members(bytes, whole), ...items(bytes, whole)]).toEqual([]);
      }),
    );
  });

  it('have names as JSON reads them, duplicates too', () => {
    const bytes = Buffer.from('{"\\u0061":1,"a":[{}],"b":"}\\\\\\"{","é":2}');
    const whole = wholeValue(bytes);
    expect(valuesOf(bytes, whole, 'a').map((span) => parse(bytes, span))).toEqual([1, [{}]]);
    expect([...members(bytes, whole)].map(({ name }) => name)).toEqual(['a', 'a', 'b', 'é']);
  });

  it.each(['{', '{"a"', '{"a":', '{"a":1', '["', '["\\"', '[1', '[1 2]', '{"a":[}', '{1:2}'])(
    'of broken text %s are an error',
    (text) => {
      const bytes = Buffer.from(text);
      const read = () => {
        const whole = wholeValue(bytes);
        return [...members(bytes, whole), ...items(bytes, whole)];
      };
      expect(read).toThrow(SyntaxError);
    },
  );

  it('are read in linear time, many backslashes included', { retry: 2 }, () => {
    const bytes = Buffer.from(`["${'\\\\'.repeat(2e6)}",${'['.repeat(1e6)}${']'.repeat(1e6)}]`);
    const started = performance.now();
    expect([...items(bytes, wholeValue(bytes))]).toHaveLength(2);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('are replaced where they stand', () => {
    const bytes = Buffer.from('abcdef');
    const changes = [
      { start: 1, end: 2, text: 'ö' },
      { start: 3, end: 3, text: Buffer.from('-') },
    ];
    expect(splice(bytes, changes).toString()).toBe('aöc-def');
  });
});
