import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, type Redactor } from '../../src/redaction/redactor.js';
import { encodings, secrets, surroundings } from './encodings.js';

const secret = 'sk-live-0123456789abcdef';

const redactorOf = (...known: string[]): Redactor => {
  const redactor = createRedactor();
  for (const each of known) redactor.add(each);
  return redactor;
};

const throughScanner = (redactor: Redactor, chunks: readonly Uint8Array[]): Buffer => {
  const scanner = redactor.scanner();
  return Buffer.concat([...chunks.map((chunk) => scanner.push(chunk)), scanner.flush()]);
};

const cut = (bytes: Uint8Array, places: readonly number[]): Uint8Array[] => {
  const seams = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return seams.slice(1).map((end, index) => bytes.subarray(seams[index], end));
};

describe('a scanner', () => {
  it('finds a secret cut anywhere, in every form, as the whole text shows it', () => {
    const encoders = fc.constantFrom(...Object.values(encodings));
    const places = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(secrets, encoders, surroundings, surroundings, places, (known, encode, before, after, seams) => {
        const redactor = redactorOf(known);
        const bytes = Buffer.from(before + encode(known) + after + encode(known));
        const whole = Buffer.from(redactor.bytes(bytes));
        expect(throughScanner(redactor, cut(bytes, seams)).equals(whole)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('finds a secret cut into two at every place, and into single bytes', () => {
    const redactor = redactorOf(secret, 'another-secret-9876543210', `${secret}-longer`);
    for (const encode of Object.values(encodings)) {
      const bytes = Buffer.from(`a ${encode(secret)} b ${encode('another-secret-9876543210')}${encode(secret)}`);
      const whole = Buffer.from(redactor.bytes(bytes)).toString();
      for (let place = 0; place <= bytes.length; place++) {
        expect(throughScanner(redactor, cut(bytes, [place])).toString()).toBe(whole);
      }
      expect(throughScanner(redactor, cut(bytes, [...bytes.keys()])).toString()).toBe(whole);
    }
  });

  it('agrees with the whole text on secrets that overlap themselves and one another, at every cut', () => {
    const unit = fc.constantFrom('a', 'b');
    const known = fc.array(fc.string({ unit, minLength: 8, maxLength: 20 }), { minLength: 1, maxLength: 4 });
    const text = fc.string({ unit, maxLength: 120 });
    fc.assert(
      fc.property(known, text, fc.array(fc.nat(), { maxLength: 20 }), (all, content, seams) => {
        const redactor = redactorOf(...all);
        const bytes = Buffer.from(content);
        const whole = Buffer.from(redactor.bytes(bytes)).toString();
        expect(throughScanner(redactor, cut(bytes, seams)).toString()).toBe(whole);
        expect(redactor.text(content)).toBe(whole);
        for (const each of all) expect(whole).not.toContain(each);
      }),
      { numRuns: 500 },
    );
  });

  it('holds back nothing but the beginning of a secret, so that an event is never late', () => {
    const scanner = redactorOf(secret).scanner();
    const push = (text: string) => Buffer.from(scanner.push(Buffer.from(text))).toString();
    expect(push('data: {"delta":"hello"}\n\n')).toBe('data: {"delta":"hello"}\n\n');
    expect(push('data: sk-li')).toBe('data: ');
    expect(push('ne\n\n')).toBe('sk-line\n\n');
    expect(push('sk-live-0123456789abcde')).toBe('');
    expect(push('f!')).toBe('[secret]!');
    expect(Buffer.from(scanner.flush()).toString()).toBe('');
  });

  it('passes bytes without a secret as they are: binary, a byte order mark, broken UTF-8', () => {
    const redactor = redactorOf(secret);
    const chunk = Buffer.from('efbbbffffe00808141c3', 'hex');
    expect(redactor.scanner().push(chunk)).toBe(chunk);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        expect(throughScanner(redactor, chunks).equals(Buffer.concat(chunks))).toBe(true);
      }),
    );
  });

  it('learns of a secret that is added while it runs', () => {
    const redactor = redactorOf(secret);
    const scanner = redactor.scanner();
    scanner.push(Buffer.from('before '));
    redactor.add('added-later-0123456789');
    expect(Buffer.from(scanner.push(Buffer.from('added-later-0123456789 '))).toString()).toBe('[secret] ');
  });
});

describe('a stream', () => {
  const through = async (redactor: Redactor, chunks: readonly Uint8Array[]): Promise<Uint8Array[]> => {
    const seen: Uint8Array[] = [];
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });
    for await (const chunk of source.pipeThrough(redactor.stream())) seen.push(chunk);
    return seen;
  };

  it('goes on after a chunk that became empty', async () => {
    const chunks = ['sk-live-', '0123456789', 'abcdef', ' and more'].map((text) => Buffer.from(text));
    const seen = await through(redactorOf(secret), chunks);
    expect(Buffer.concat(seen).toString()).toBe('[secret] and more');
    expect(seen.every((chunk) => chunk.length > 0)).toBe(true);
  });

  it('gives at its end what it held back', async () => {
    const seen = await through(redactorOf(secret), [Buffer.from('ends in sk-live-0123')]);
    expect(Buffer.concat(seen).toString()).toBe('ends in sk-live-0123');
  });
});
