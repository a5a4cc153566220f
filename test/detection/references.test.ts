import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPlaceholder, isReference, judgeValue, type ValueContext } from '../../src/detection/index.js';

const references = [
  ...['${NAME}', '${NAME:-}', '$NAME', '%NAME%', '${env:NAME}', '{env:NAME}', '$env:NAME', '${input:id}'],
  ...['${user_config.NAME}', '$(pass show github)', '${{ secrets.NAME }}', '${NAME:-${OTHER}}'],
  ...['op://vault/item/field', 'bw://item', 'keychain://github', 'se://x', 'ref+vault://a/b#c', 'ref+awssm://x'],
  ...['env:NAME', 'file:/run/secrets/x', 'file:///run/secrets/x', '__encrypted__:AbC123=='],
];

const places: ValueContext[] = [
  { place: 'env', name: 'GITHUB_TOKEN' },
  { place: 'header', name: 'Authorization' },
  { place: 'argument', name: '--api-key' },
  { place: 'env', name: 'X', declared: true },
  { place: 'text' },
];

describe('references', () => {
  test.each(references)('%s names a secret', async (text) => {
    expect(isReference(text)).toBe(true);
    expect(isReference(`Bearer ${text}`)).toBe(true);
    for (const place of places) {
      expect(await judgeValue(text, place)).toEqual([]);
      expect(await judgeValue(`Bearer ${text}`, place)).toEqual([]);
      expect(await judgeValue(`Authorization:${text}`, { ...place, place: 'argument' })).toEqual([]);
      expect(await judgeValue(`--api-key=${text}`, { place: 'argument' })).toEqual([]);
    }
  });

  test.each(['plain', '${NAME:-sk-real-4711}', 'Bearer abc', 'a$b', '100%', 'https://x/y', '$2b$10$abcdefg'])(
    '%s names none',
    (text) => {
      expect(isReference(text)).toBe(false);
    },
  );

  test('no finding ever holds a reference, however it is put together with other text', async () => {
    const piece = fc.oneof(
      fc.constantFrom(...references),
      fc.constantFrom(
        'Bearer ',
        'Authorization: ',
        '--api-key=',
        'TOKEN=',
        '?key=',
        'https://u:',
        '@host/',
        ',',
        ' ',
        '"',
        '/',
      ),
      fc.stringMatching(/^[A-Za-z0-9_-]{0,40}$/),
    );
    const place = fc.constantFrom(...places);
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), place, async (pieces, context) => {
        const text = pieces.join('');
        for (const { start, end } of await judgeValue(text, context)) {
          expect(end).toBeGreaterThan(start);
          const key = text.slice(start, end);
          expect(isReference(key)).toBe(false);
          expect(key).not.toMatch(/\$\{|\$\(|\{env:|__encrypted__/);
        }
      }),
      { numRuns: 300 },
    );
  }, 20_000);
});

describe('placeholders', () => {
  test.each([
    ...[
      '',
      ' ',
      'YOUR_API_KEY',
      'YOUR-TOKEN',
      'your-api-key',
      'your_token_here',
      '<token>',
      '<YOUR API KEY>',
      '{API_KEY}',
    ],
    ...[
      'xxx',
      'xxxxxxxx',
      'XXXX-XXXX',
      '***',
      '…',
      '...',
      'changeme',
      'CHANGE_ME',
      'replace_me',
      'KEY',
      'TODO',
      'token',
    ],
    ...[
      'ghp_your_token_here',
      'fc-YOUR_API_KEY',
      'ntn_****',
      'api-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx',
      'api-xxxxxxxx-xxxx-…',
    ],
    ...[
      'sk-...',
      'sk-ant-...',
      'glpat-…',
      'fc-…',
      'Bearer YOUR_TOKEN',
      'Bearer <token>',
      'Bearer KEY',
      'sk-proj-xxxxxxxxxxxxxxxxxxxx',
    ],
    ...[
      '00000000-0000-0000-0000-000000000000',
      'AKIAIOSFODNN7EXAMPLE',
      'YOUR_API_KEY_HERE',
      'insert-your-key',
      '"YOUR_KEY"',
    ],
  ])('%j stands for a key', async (text) => {
    expect(isPlaceholder(text)).toBe(true);
    for (const place of places) expect(await judgeValue(text, place)).toEqual([]);
  });

  test.each([
    'sk-live-4f9a2c7e1b',
    'hunter2hunter2',
    'a1b2c3d4',
    'Tr0ub4dor&3',
    'xk7Yxx20aZ',
    'ghp_aB3dE5fG7hI9kL1mN3pQ5rS7tU9vW1xY3zA5',
  ])('%s may be one', (text) => {
    expect(isPlaceholder(text)).toBe(false);
  });

  test('a random key of any alphabet is taken for none', () => {
    for (const alphabet of [/^[0-9a-f]{32}$/, /^[A-Za-z0-9]{36}$/, /^[A-Za-z0-9_-]{43}$/]) {
      const taken = fc
        .sample(fc.stringMatching(alphabet), 2000)
        .filter((text) => isPlaceholder(text) && new Set(text).size > 8);
      expect(taken).toEqual([]);
    }
  });
});
