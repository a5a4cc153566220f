import { describe, expect, it } from 'vitest';
import { createPlaceholder } from '../../src/broker/placeholder.js';
import { catalogEntries } from '../../src/catalog/index.js';

const fallback = /^claviger_[\w-]{43}$/;

describe('a placeholder', () => {
  it.each(catalogEntries().map((entry) => [entry.id, entry] as const))(
    'of %s passes for one of its keys, or leaves its form for want of randomness (P1)',
    (_id, { shape, keyShape = {} }) => {
      const placeholder = createPlaceholder(shape);
      expect(createPlaceholder(shape)).not.toBe(placeholder);
      expect(placeholder).toMatch(/^[\w.~!*+/=:@-]+$/);
      if (fallback.test(placeholder)) return;
      if (shape?.length !== undefined) expect(placeholder).toHaveLength(shape.length);
      if (keyShape.pattern !== undefined) expect(placeholder).toMatch(new RegExp(keyShape.pattern));
      if (keyShape.prefix !== undefined && keyShape.pattern === undefined) {
        expect(keyShape.prefix.some((prefix) => placeholder.startsWith(prefix))).toBe(true);
      }
    },
  );

  it('has three parts and empty claims where keys are JWTs (P2)', () => {
    const [head = '', claims = '', signature = '', ...more] = createPlaceholder({ jwt: true }).split('.');
    const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect([read(head), read(claims), more]).toEqual([{ alg: 'HS256', typ: 'JWT' }, {}, []]);
    expect(Buffer.from(signature, 'base64url')).toHaveLength(32);
  });

  it('has the length, prefix, suffix and alphabet of its form', () => {
    const shape = { prefix: 'k-', suffix: '-z', length: 44, alphabet: '01234567' };
    expect(createPlaceholder(shape)).toMatch(/^k-[0-7]{40}-z$/);
  });

  it('is not bound to a form that leaves less than 80 random bits', () => {
    for (const shape of [
      { length: 13 },
      { length: 100, alphabet: 'a' },
      { prefix: 'long-prefix', length: 5 },
      undefined,
    ]) {
      expect(createPlaceholder(shape)).toMatch(fallback);
    }
  });
});
