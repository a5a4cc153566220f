import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concealText, revealText } from '../../src/mcp-clients/conceal.js';

const secret = fc.stringMatching(/^[A-Za-z0-9_/+=.-]{8,20}$/);
const spelling = fc.constantFrom('plain', 'u', 'U', 'short');

function spelled(text: string, ways: readonly string[]): string {
  return Array.from(text, (character, at) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    const way = ways[at % ways.length];
    if (way === 'u') return `\\u${code}`;
    if (way === 'U') return `\\u${code.toUpperCase()}`;
    return way === 'short' && character === '/' ? '\\/' : character;
  }).join('');
}

describe('a concealed text', () => {
  it('holds the secret in none of its spellings, and comes back character for character', () => {
    fc.assert(
      fc.property(
        secret,
        fc.array(spelling, { minLength: 1 }),
        fc.string(),
        fc.string(),
        (value, ways, before, after) => {
          fc.pre(!(before + after).includes('\\') && !`${before}${after}`.includes(value));
          const written = `${before}"${spelled(value, ways)}"${after}`;
          const pieces = concealText(written, [value]);
          expect(JSON.stringify(pieces)).not.toContain(value);
          expect(pieces.some((piece) => typeof piece !== 'string')).toBe(true);
          expect(revealText(pieces, [value])).toBe(written);
        },
      ),
    );
  });

  it('takes the longer of two secrets first', () => {
    const [short, long] = ['abcdefgh', 'abcdefghijkl'];
    const pieces = concealText(`${long} ${short}`, [short, long]);
    expect(pieces).toEqual([{ secret: 1 }, ' ', { secret: 0 }]);
  });
});
