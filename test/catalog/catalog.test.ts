import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import {
  catalogDefinition,
  catalogEntries,
  catalogEntry,
  fitsKeyShape,
  recognizeKey,
  searchCatalog,
} from '../../src/catalog/index.js';
import { createRegistry, memoryStore } from '../../src/index.js';

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const read = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../../src/catalog/${name}`, import.meta.url), 'utf8')) as object;

describe("the catalog's data", () => {
  const formats = { regex: true, 'json-pointer': true } as const;
  const validate = new Ajv2020({ allErrors: true, strict: true, formats }).compile(read('providers.schema.json'));

  it('is as its schema says', () => {
    validate(read('providers.json'));
    expect(validate.errors).toBeNull();
  });

  it.each([
    ['a field that nobody knows', { token: 'x' }],
    ['a destination over http', { destinations: ['http://api.github.com/**'] }],
    ['a check that is no path', { check: { path: 'user' } }],
    ['a placement that is none', { placement: { in: 'body', name: 'key' } }],
    ['a pattern that is not for the whole key', { keyShape: { pattern: 'ghp_' } }],
    ['an unverified field that there is not', { unverified: ['everything'] }],
  ])('%s is no part of it', (_, change) => {
    expect(validate([{ ...catalogEntry('github'), ...change }])).toBe(false);
  });

  it('marks what rests on a single source', () => {
    expect(catalogEntry('github')?.unverified).toContain('destinations');
    expect(catalogEntry('serper')?.unverified).toContain('placement');
    expect(catalogEntry('elevenlabs')?.unverified).toContain('keyShape');
  });
});

describe('the catalog', () => {
  it('has each id once, and finds it', () => {
    const ids = catalogEntries().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(90);
    for (const id of ids) expect(catalogEntry(id)?.id).toBe(id);
    expect(catalogEntry('constructor')).toBeUndefined();
  });

  it.each(catalogEntries().map((entry) => [entry.id, entry] as const))('%s makes a provider', (id, entry) => {
    const filled = JSON.parse(JSON.stringify(catalogDefinition(entry)).replace(/\{\w+\}/g, 'filled')) as object;
    const registry = createRegistry({
      providers: [{ name: id, uses: id, ...(entry.fill === undefined ? {} : filled) }],
      stores: { default: memoryStore() },
    });
    const [provider] = registry.providers();
    expect(provider?.destinations.length).toBeGreaterThan(0);
    for (const destination of provider?.destinations ?? []) expect(destination).toMatch(/^https:\/\/[^{]+$/);
    expect(provider?.environmentVariable).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(entry.docs).toMatch(/^https:/);
  });

  it.each(
    catalogEntries()
      .filter(({ fill }) => fill !== undefined)
      .map(({ id }) => id),
  )('%s is refused while something in it is open, instead of being widened', (id) => {
    const make = () => createRegistry({ providers: [{ name: id, uses: id }], stores: { default: memoryStore() } });
    expect(make).toThrow(/filled in/);
  });

  it.each(catalogEntries().flatMap((entry) => (entry.shape?.length === undefined ? [] : [[entry.id, entry] as const])))(
    'a placeholder in the shape of %s looks like one of its keys and has 80 random bits',
    (_, entry) => {
      const { prefix = '', suffix = '', length = 0, alphabet = letters } = entry.shape ?? {};
      const random = length - prefix.length - suffix.length;
      for (const character of [alphabet[0] ?? '', alphabet.at(-1) ?? '']) {
        expect(fitsKeyShape(entry, prefix + character.repeat(random) + suffix)).toBe(true);
      }
      expect(random * Math.log2(alphabet.length)).toBeGreaterThanOrEqual(80);
    },
  );

  it('searches ids, titles, hosts and variables', () => {
    expect(searchCatalog('GITHUB_TOKEN').map(({ id }) => id)).toContain('github');
    expect(searchCatalog('git')[0]?.id).toMatch(/^git/);
    expect(searchCatalog('no such thing')).toEqual([]);
  });
});

describe('a key', () => {
  it.each([
    [`ghp_${'a'.repeat(36)}`, 'github'],
    [`sk-ant-api03-${'a'.repeat(90)}`, 'anthropic'],
    [`sk-or-v1-${'0'.repeat(64)}`, 'openrouter'],
    [`sk_live_${'a'.repeat(24)}`, 'stripe'],
    ['0123456789abcdef0123456789abcdef', undefined],
    ['github', undefined],
    ['', undefined],
  ])('is told by the longest prefix: %s', (value, id) => {
    expect(recognizeKey(value)?.id).toBe(id);
  });
});
