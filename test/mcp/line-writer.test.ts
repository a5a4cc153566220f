import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineWriter } from '../../src/mcp/line-writer.js';
import { createLineReader } from '../../src/process/line-reader.js';

/** A stream that keeps the pieces it was given. */
function recorder(options: { highWaterMark?: number; slow?: boolean } = {}) {
  const pieces: Buffer[] = [];
  const release: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: options.highWaterMark ?? 1 << 20,
    write(chunk: Buffer, _encoding, done) {
      pieces.push(chunk);
      if (options.slow === true) release.push(() => done());
      else done();
    },
    writev(chunks, done) {
      for (const { chunk } of chunks) pieces.push(chunk as Buffer);
      done();
    },
  });
  return { stream, pieces, release, text: () => Buffer.concat(pieces).toString() };
}

describe('lines of one moment', () => {
  test('leave as the piece of the chunk that they came in', async () => {
    const { stream, pieces } = recorder();
    const writer = new LineWriter(stream);
    const chunk = Buffer.from(new Uint8Array(Buffer.from('one\ntwo\n\nthree\n')).buffer);
    createLineReader({ onLine: (line) => writer.write(line) }).push(chunk);
    await turn();
    expect(pieces.map(String)).toEqual(['one\ntwo\n\nthree\n']);
    expect(pieces[0]?.buffer).toBe(chunk.buffer);
  });

  test('leave as one piece, whether or not they are changed on the way', async () => {
    const { stream, pieces } = recorder();
    const writer = new LineWriter(stream);
    const chunk = Buffer.from(new Uint8Array(Buffer.from('one\ntwo\nthree\nfour\n')).buffer);
    const onLine = (line: Buffer) => writer.write(String(line) === 'two' ? Buffer.from('changed') : line);
    createLineReader({ onLine }).push(chunk);
    await turn();
    expect(pieces.map(String)).toEqual(['one\nchanged\nthree\nfour\n']);
  });

  test('get their line feed where something else lies behind them', async () => {
    const { stream, text } = recorder();
    const writer = new LineWriter(stream);
    const batch = Buffer.from(new Uint8Array(Buffer.from('[{"a":1},{"b":2}]\n')).buffer);
    writer.write(batch.subarray(1, 8));
    writer.write(batch.subarray(9, 16));
    await turn();
    expect(text()).toBe('{"a":1}\n{"b":2}\n');
  });

  test('are what was written, whatever a shared pool holds behind them', async () => {
    const { stream, text, release } = recorder({ slow: true });
    const writer = new LineWriter(stream);
    const pooled = Buffer.from('a line\n');
    writer.write(pooled.subarray(0, 6));
    writer.flush();
    pooled.fill('x', 6);
    for (const done of release) done();
    await turn();
    expect(text()).toBe('a line\n');
  });

  test('are the same bytes in the same order, however they were cut, changed and mixed', () => {
    const texts = fc.array(fc.tuple(fc.stringMatching(/^[a-z{}",:]{0,40}$/), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.array(fc.nat(200), { maxLength: 6 }), (lines, cuts) => {
        const { stream, text } = recorder();
        const writer = new LineWriter(stream);
        let index = 0;
        const onLine = (line: Buffer) => writer.write(lines[index++]?.[1] === true ? Buffer.from(`<${line}>`) : line);
        const reader = createLineReader({ onLine });
        const whole = Buffer.from(lines.map(([line]) => `${line}\n`).join(''));
        let from = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), whole.length]) {
          reader.push(new Uint8Array(whole.subarray(from, Math.max(from, cut))));
          from = Math.max(from, Math.min(cut, whole.length));
        }
        writer.flush();
        expect(text()).toBe(lines.map(([line, changes]) => (changes ? `<${line}>\n` : `${line}\n`)).join(''));
      }),
    );
  });

  test('that are long are not copied', async () => {
    const { stream, pieces, text } = recorder();
    const writer = new LineWriter(stream);
    const long = Buffer.alloc(100_000, 'x');
    writer.write(long);
    writer.write(Buffer.from('short'));
    await turn();
    expect(pieces[0]?.buffer).toBe(long.buffer);
    expect(text()).toBe(`${String(long)}\nshort\n`);
  });
});

describe('a reader that is slow', () => {
  test('is waited for', async () => {
    const { stream, release } = recorder({ highWaterMark: 16, slow: true });
    const writer = new LineWriter(stream);
    writer.write(Buffer.from('short'));
    expect(writer.isSlow).toBe(false);
    writer.write(Buffer.from('long enough to fill it'));
    expect(writer.isSlow).toBe(true);
    let isReady = false;
    const ready = writer.ready().then(() => (isReady = true));
    await turn();
    expect(isReady).toBe(false);
    for (const done of release) done();
    await ready;
    expect(writer.isSlow).toBe(false);
  });

  test('that is gone is not waited for', async () => {
    const { stream } = recorder({ highWaterMark: 1, slow: true });
    const writer = new LineWriter(stream);
    writer.write(Buffer.from('never read'));
    const ready = writer.ready();
    stream.destroy();
    await ready;
    await writer.ready();
    writer.write(Buffer.from('nobody'));
    writer.flush();
  });

  test('has no more listeners for it, however often it is slow', async () => {
    const stream = new PassThrough({ highWaterMark: 4 });
    const writer = new LineWriter(stream);
    for (let round = 0; round < 30; round++) {
      writer.write(Buffer.from('more than four'));
      const ready = writer.ready();
      stream.read();
      await ready;
    }
    expect(stream.listenerCount('drain')).toBe(0);
    expect(stream.listenerCount('close')).toBeLessThan(3);
  });
});
