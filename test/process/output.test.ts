import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { pipeRedacted, tail } from '../../src/process/output.js';
import type { StreamScanner } from '../../src/process/output.js';
import { createRedactor } from '../../src/redaction/redactor.js';

const canary = 'canary-0123456789abcdef';

function scanner(): StreamScanner {
  const redactor = createRedactor();
  redactor.add(canary);
  return redactor.scanner();
}

describe('pipeRedacted', () => {
  it('passes text on without the secret, cut in two or held back at the end, and leaves the sink open', async () => {
    const sink = new PassThrough();
    const chunks = ['a ', canary.slice(0, 7), canary.slice(7), ' b ', canary.slice(0, 5)];
    await pipeRedacted(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), scanner(), sink);
    expect(sink.writable).toBe(true);
    sink.end();
    expect(await text(sink)).toBe(`a [secret] b ${canary.slice(0, 5)}`);
  });

  it('reads no faster than the sink takes (M14)', async () => {
    let produced = 0;
    const source = Readable.from(
      (function* () {
        for (; produced < 1000; produced += 1) yield Buffer.alloc(16 * 1024);
      })(),
    );
    const sink = new PassThrough({ highWaterMark: 64 * 1024 });
    const done = pipeRedacted(source, scanner(), sink);
    await once(sink, 'readable');
    await new Promise(setImmediate);
    expect(produced).toBeLessThan(100);
    sink.resume();
    await done;
    expect(produced).toBe(1000);
  });

  it('stops the source when nobody reads any more, silently (M14)', async () => {
    const source = new PassThrough();
    const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const sink = new Writable({
      write: (_chunk, _encoding, done) => {
        done(broken);
      },
    });
    source.write('x');
    await pipeRedacted(source, scanner(), sink);
    expect(source.destroyed).toBe(true);
    await pipeRedacted(Readable.from([Buffer.from('y')]), scanner(), sink);
  });

  it('rejects when writing fails for another reason', async () => {
    const full = Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' });
    const sink = new Writable({
      write: (_chunk, _encoding, done) => {
        done(full);
      },
    });
    await expect(pipeRedacted(Readable.from([Buffer.from('x')]), scanner(), sink)).rejects.toBe(full);
  });

  it('delivers what came before the source was destroyed', async () => {
    const source = new PassThrough();
    const sink = new PassThrough();
    const done = pipeRedacted(source, scanner(), sink);
    source.write('before');
    await once(sink, 'readable');
    source.destroy();
    await done;
    sink.end();
    expect(await text(sink)).toBe('before');
  });
});

describe('tail', () => {
  it('keeps the last bytes and never half a character', () => {
    const end = tail(5);
    expect(end.text()).toBe('');
    end.push(Buffer.from('ab'));
    expect(end.text()).toBe('ab');
    end.push(Buffer.from('cde€€'));
    expect(end.text()).toBe('€');
    end.push(Buffer.from('x'.repeat(100_000)));
    expect(end.text()).toBe('xxxxx');
  });

  it('keeps 4 KB by default', () => {
    const end = tail();
    for (let i = 0; i < 10; i += 1) end.push(Buffer.alloc(1000, 0x30 + i));
    expect(end.text()).toHaveLength(4096);
    expect(end.text().endsWith('9'.repeat(1000))).toBe(true);
  });
});
