import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchPath, parsePathPattern } from '../../src/destination/path-pattern.js';

const matches = (pattern: string, path: string): boolean => matchPath(parsePathPattern(pattern), path);

/** pattern → paths that it matches, paths that it does not */
const VECTORS: readonly [string, readonly string[], readonly string[]][] = [
  ['/', ['', '/', '/a', '/a/b/', '/a%2Fb', '/a;b'], []],
  ['/**', ['', '/', '/a', '/a/b/', '/a%2Fb', '/a;b'], []],
  ['/**/', ['/', '/a/b'], []],
  ['/a', ['/a', '/a/'], ['/', '/A', '/ab', '/a/b', '/a//', '/a;x', '/a%2F', '/a.b']],
  ['/a/', ['/a', '/a/'], ['/', '/A', '/ab', '/a/b', '/a//']],
  ['/a/b', ['/a/b', '/a/b/'], ['/a%2Fb', '/a/b/c', '/a', '/b', '//a/b']],
  ['/*', ['/a', '/a/', '/a%2Fb', '/a;b', '/.x'], ['', '/', '/a/b', '//', '//a']],
  ['/*/*', ['/a/b', '/a/b/'], ['/a', '/a/', '/a//', '/a/b/c', '/a%2Fb']],
  ['/a/*', ['/a/b', '/a/b/', '/a/b%2Fc', '/a/b;c=1'], ['/a', '/a/', '/a//', '/a/b/c', '/b/a', '/A/b']],
  ['/a/**', ['/a', '/a/', '/a/b', '/a/b/c', '/a/b/c/', '/a/b%2Fc'], ['/', '/ab', '/A', '/a%2Fb', '/a;b', '/b/a']],
  ['/a/**/', ['/a', '/a/b'], ['/ab']],
  ['/*/**', ['/a', '/a/b', '/a/b/c'], ['/', '']],
  ['/a/*/c', ['/a/b/c', '/a/b/c/', '/a/b%2Fb/c'], ['/a/c', '/a//c', '/a/b/b/c', '/a/b/c/d']],
  ['/a/*/c/**', ['/a/b/c', '/a/b/c/d/e'], ['/a/c', '/a/b/cd', '/a/b']],
  [
    '/v1/*.json',
    ['/v1/x.json', '/v1/x.y.json', '/v1/.json.json', '/v1/x.json/'],
    ['/v1/.json', '/v1/xjson', '/v1/a/b.json', '/v1/x.JSON', '/v1/x.json.bak', '/v1/x%2Ejson'],
  ],
  ['/v1/a*', ['/v1/ab', '/v1/abc', '/v1/aa'], ['/v1/a', '/v1/a/', '/v1/ba']],
  ['/a*c*e', ['/abcde', '/abcbcde', '/aXcYcZe', '/aacee'], ['/ace', '/abce', '/acde', '/abcd', '/ab/cde']],
  ['/v1/a.b', ['/v1/a.b'], ['/v1/aXb', '/v1/ab']],
  ['/a+b', ['/a+b'], ['/aab', '/ab', '/a%2Bb']],
  ['/(a|b)$[c]', ['/(a|b)$[c]'], ['/a', '/b', '/c']],
  ['/^a', ['/%5Ea'], ['/a']],
  ['/@scope/*', ['/@scope/pkg'], ['/scope/pkg', '/@scope/a/b']],
  ['/é/~me', ['/%C3%A9/~me'], ['/é/~me', '/e/~me']],
  ['/%c3%a9/%7Eme', ['/%C3%A9/~me'], ['/%C3%A9/%7Eme']],
  ['/a%20b', ['/a%20b'], ['/a b', '/a+b']],
  ['/*F', ['/xF'], ['/a%2F', '/%2F']],
  ['/*2Fa', ['/x2Fa'], ['/x%2Fa']],
  ['/*2F*', ['/x2Fa', '/%2F2Fa'], ['/x%2Fa']],
  ['/a//b', ['/a//b'], ['/a/b']],
];

describe('the path rule', () => {
  for (const [pattern, yes, no] of VECTORS) {
    it(`${pattern} matches what its row says and nothing else`, () => {
      expect(yes.filter((path) => !matches(pattern, path))).toEqual([]);
      expect(no.filter((path) => matches(pattern, path))).toEqual([]);
    });
  }

  it('matches no request target that is not a path', () => {
    for (const path of ['*', 'a', 'https://a/']) expect(matches('/**', path)).toBe(false);
  });

  it.each([
    ['a', 'no leading slash'],
    ['', 'no leading slash'],
    ['*', 'no leading slash'],
    ['**', 'no leading slash'],
    ['/**/a', 'two stars before the end'],
    ['/**/**', 'two stars before the end'],
    ['/a**', 'two stars within a segment'],
    ['/**a', 'two stars within a segment'],
    ['/a/b**/', 'two stars within a segment'],
    ['/***', 'three stars'],
    ['/a/***', 'three stars'],
    ['/a%2Fb', 'an encoded slash'],
    ['/a%2fb/*', 'an encoded slash'],
    ['/a;b', 'a semicolon'],
    ['/a?b', 'a query'],
    ['/a#b', 'a fragment'],
    ['/a\\b', 'a backslash'],
    ['/a b', 'a space'],
    ['/a%', 'a stray percent sign'],
    ['/a%zz', 'a malformed triplet'],
    ['/a%2*', 'a star within a triplet'],
    ['/%2e%2e/a', 'an encoded dot segment'],
    ['/a\0', 'a control character'],
  ])('refuses the pattern %j: %s', (pattern) => {
    expect(() => parsePathPattern(pattern)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
  });

  it('agrees with a slow and obvious reading of the rule', () => {
    const path = pathOf(['a', 'b', '.', '%2F', 'F']);
    const pattern = fc
      .tuple(pathOf(['a', 'b', '.', 'F', '*']), fc.constantFrom('', '/', '/**', '/**/'))
      .map((parts) => parts.join(''))
      .filter((text) => !/\*\*(?!\/?$)|[^/]\*\*/.test(text));
    fc.assert(
      fc.property(pattern, path, (text, tried) => matches(text, tried) === reference(text, tried)),
      { numRuns: 5_000 },
    );
  });

  it('reads a path made from its own pattern as inside it', () => {
    const segment = fc.array(fc.constantFrom('a', '.json', '*', 'x-'), { minLength: 1, maxLength: 4 });
    const pattern = fc.array(segment, { minLength: 1, maxLength: 4 });
    const filler = fc.constantFrom('a', '.json', '%2F', 'x-', ';', '~');
    fc.assert(
      fc.property(pattern, filler, (segments, fill) => {
        const text = `/${segments.map((parts) => parts.join('').replace(/\*+/g, '*')).join('/')}`;
        return matches(text, text.replaceAll('*', fill)) && matches(`${text}/**`, `${text.replaceAll('*', fill)}/q/r`);
      }),
    );
  });

  it('takes linear time for many stars and 100 kB paths (C29)', () => {
    const evil: [string, string][] = [
      [`/${'*a'.repeat(2000)}b`, `/${'a'.repeat(100_000)}`],
      [`/${'a*'.repeat(20_000)}b`, `/${'a'.repeat(100_000)}`],
      [`${'/*'.repeat(50_000)}/x`, '/a'.repeat(50_000)],
      [`${'/*a*b*c'.repeat(10_000)}/**`, `/${'abc'.repeat(33_000)}`],
      [`/*${'2'.repeat(3)}*x`, `/${'%22'.repeat(33_000)}`],
    ];
    for (const [pattern, path] of evil) {
      const parsed = parsePathPattern(pattern);
      const start = performance.now();
      expect(matchPath(parsed, path)).toBe(false);
      expect(performance.now() - start).toBeLessThan(250);
    }
  });
});

function pathOf(parts: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom('/', '/', ...parts), { maxLength: 9 }).map((found) => `/${found.join('')}`);
}

/** The rule as its sentences stand, one after the other, trying every way to divide a segment. */
function reference(pattern: string, path: string): boolean {
  const trim = (text: string): string => text.replace(/\/$/, '');
  let wanted = trim(pattern);
  const found = trim(path);
  if (wanted === '' || wanted === '/**') return true;
  const open = wanted.endsWith('/**');
  if (open) wanted = wanted.slice(0, -3);
  const segments = wanted.split('/');
  const given = found.split('/');
  if (open ? given.length < segments.length : given.length !== segments.length) return false;
  return segments.every((segment, index) => {
    const characters = given[index]?.match(/%[0-9A-F]{2}|[^]/g) ?? [];
    return glob(segment.match(/%[0-9A-F]{2}|[^]/g) ?? [], characters);
  });
}

function glob(pattern: readonly string[], text: readonly string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return text.length === 0;
  if (head !== '*') return text[0] === head && glob(rest, text.slice(1));
  return text.some((_, index) => glob(rest, text.slice(index + 1)));
}
