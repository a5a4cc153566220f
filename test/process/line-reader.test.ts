import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createLineReader } from '../../src/process/line-reader.js';

function read(
  chunks: readonly Uint8Array[],
  maxLineBytes?: number,
): { lines: string[]; tooLong: [string, number][]; rest: string } {
  const lines: string[] = [];
  const tooLong: [string, number][] = [];
  const reader = createLineReader({
    onLine: (line) => lines.push(line.toString('latin1')),
    onTooLong: (beginning, bytes) => tooLong.push([beginning.toString('latin1'), bytes]),
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
  });
  for (const chunk of chunks) reader.push(chunk);
  return { lines, tooLong, rest: reader.end().toString('latin1') };
}

it('gives the lines of a text however it is cut, byte for byte', () => {
  const bytes = fc.array(fc.constantFrom(0x0a, 0x0d, 0x61, 0xff, 0xc3), { maxLength: 40 });
  const cuts = fc.array(fc.nat(6), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(bytes, cuts, (text, sizes) => {
      const whole = Buffer.from(text);
      const chunks: Buffer[] = [];
      for (let at = 0, i = 0; at < whole.length; i += 1) {
        const size = (sizes[i % sizes.length] ?? 0) + (i % 7 === 6 ? 1 : 0);
        chunks.push(whole.subarray(at, at + size));
        at += size;
      }
      const expected = whole.toString('latin1').split('\n');
      expect(read(chunks)).toEqual({ rest: expected.pop(), lines: expected, tooLong: [] });
    }),
  );
});

it('reports a line that is too long by its beginning and length, and goes on with the next', () => {
  const long = `{"id":7,${'x'.repeat(9_992)}`;
  const chunks = ['short\n', long, 'tail\nnext\n', 'y'.repeat(5000)].map((text) => Buffer.from(text));
  expect(read(chunks, 1000)).toEqual({
    lines: ['short', 'next'],
    tooLong: [[long.slice(0, 4096), 10_004]],
    rest: 'y'.repeat(4096),
  });
  expect(read([Buffer.from(`${'x'.repeat(1000)}\n`)], 1000).lines).toHaveLength(1);
});

it('takes a line of 60 MB in small pieces in linear time', { retry: 2 }, () => {
  const piece = Buffer.alloc(64 * 1024, 0x61);
  const start = performance.now();
  const { lines } = read([...Array<Buffer>(960).fill(piece), Buffer.from('\n')]);
  expect(lines[0]).toHaveLength(960 * piece.length);
  expect(performance.now() - start).toBeLessThan(2000);
});
