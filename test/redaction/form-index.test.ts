import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormIndex } from '../../src/redaction/form-index.js';

/** What the index must find, by looking everywhere. */
const spansOf = (text: string, forms: readonly string[]): number[] => {
  const spans: number[] = [];
  for (let start = 0; start < text.length; start++) {
    const length = Math.max(0, ...forms.filter((form) => text.startsWith(form, start)).map((form) => form.length));
    const last = spans.at(-1) ?? 0;
    if (length === 0) continue;
    if (start < last) spans[spans.length - 1] = Math.max(last, start + length);
    else spans.push(start, start + length);
  }
  return spans;
};

describe('an index of forms', () => {
  const unit = fc.constantFrom('a', 'b', 'é', '€');
  const form = fc.string({ unit, minLength: 8, maxLength: 60 });

  it('finds what a search for each form finds, in whatever order long and short ones are added', () => {
    const text = fc.array(fc.oneof(form, fc.nat(9)), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(form, { minLength: 1, maxLength: 8 }), text, (forms, parts) => {
        const index = new FormIndex();
        const content = parts.map((part) => (typeof part === 'string' ? part : (forms[part] ?? ''))).join('');
        forms.forEach((each, count) => {
          index.add(each);
          expect(index.find(content) ?? []).toEqual(spansOf(content, forms.slice(0, count + 1)));
        });
      }),
      { numRuns: 200 },
    );
  });

  it('finds them in long texts, of one byte a character and of two', () => {
    const forms = ['abcdefghij', 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdef'];
    const index = new FormIndex();
    for (const each of forms) index.add(each);
    for (const filler of ['x', '€']) {
      const places = fc.array(fc.tuple(fc.nat(70_000), fc.nat(2)), { maxLength: 6 });
      fc.assert(
        fc.property(places, (parts) => {
          const text = parts.map(([length, which]) => filler.repeat(length) + (forms[which] ?? '')).join('');
          let from = 0;
          const expected = parts.flatMap(([length, which]) => {
            const start = from + length;
            from = start + (forms[which]?.length ?? 0);
            return [start, from];
          });
          expect(index.find(text) ?? []).toEqual(expected);
          if (filler === 'x') expect(index.find(Buffer.from(text)) ?? []).toEqual(expected);
        }),
        { numRuns: 20 },
      );
    }
  });

  it('knows after each piece whether a form may go on', () => {
    fc.assert(
      fc.property(fc.array(form, { minLength: 1, maxLength: 8 }), fc.string({ unit, maxLength: 80 }), (forms, text) => {
        const index = new FormIndex();
        for (const each of forms) index.add(each);
        let live = 0;
        while (
          live < text.length &&
          !forms.some((each) => each.length > text.length - live && each.startsWith(text.slice(live)))
        ) {
          live++;
        }
        expect(index.findSoFar(text).live).toBe(live);
      }),
      { numRuns: 400 },
    );
  });
});
