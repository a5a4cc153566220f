import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isReference, judgeText } from '../../src/detection/index.js';
import { scanBytes } from '../../src/scan/index.js';

const names = fc.constantFrom(
  'API_KEY',
  'token',
  'Authorization',
  '--api-key',
  'password',
  'x-api-key',
  'OPENAI_API_KEY',
);
const separators = fc.constantFrom('=', ': ', '": "', ' ', '="', '\n', '://', ':=');
const values = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9+/=_.~-]{0,60}$/),
  fc.constantFrom(
    '${A}',
    '${A:-sk-live-0f9a8b7c6d5e4f3a}',
    '$(pass x)',
    'Bearer ',
    'https://u:p4ssw0rdp4ss@h/?token=',
    '{"a":"',
    '\\"',
    '\u{1f511}',
  ),
);
const texts = fc.array(fc.oneof(names, separators, values), { maxLength: 12 }).map((pieces) => pieces.join(''));

test('what is found in any text lies inside it, apart from the rest, and is no reference', async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      let last = 0;
      for (const { start, end } of await judgeText(text)) {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(text.length);
        expect(isReference(text.slice(start, end))).toBe(false);
        last = end;
      }
    }),
    { numRuns: 400 },
  );
}, 20_000);

test('lines and columns of what is found in any JSON are those of its text', async () => {
  const key = `ghp_${'aB3dE5fG7h'.repeat(4).slice(0, 36)}`;
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), fc.boolean(), async (before, after, pretty) => {
      const value = { mcpServers: { [before]: { env: { X: `${before}\n"Bearer ${key}" ${after}` } } } };
      const text = JSON.stringify(value, undefined, pretty ? 2 : 0);
      const { keys } = await scanBytes('.mcp.json', Buffer.from(text));
      const shown = keys.map(({ line, column, endColumn }) =>
        text.split('\n')[line - 1]?.slice(column - 1, endColumn - 1),
      );
      expect(shown).toContain(key);
    }),
    { numRuns: 200 },
  );
}, 20_000);

test('a text made against the patterns takes no long time', async () => {
  const hostile = [
    'key'.repeat(10_000),
    'a_'.repeat(10_000) + 'token=',
    '://'.repeat(10_000),
    '"token", '.repeat(3_000),
    'password=${'.repeat(3_000),
    'sk-'.repeat(10_000),
    'eyJ'.repeat(10_000),
    '-----BEGIN PRIVATE KEY-----'.repeat(1_000),
  ];
  const started = performance.now();
  for (const text of hostile) await judgeText(text);
  expect(performance.now() - started).toBeLessThan(15_000);
}, 60_000);
