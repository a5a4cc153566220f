import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.js';
import { encodings } from '../redaction/encodings.js';

const canary = `sk-${randomBytes(24).toString('base64url')}`;
const strange = `pä$$ "w/r\\d" <&'+=%> 🔑 ${randomBytes(6).toString('hex')}`;
const redactor = createRedactor();
redactor.add(canary);
redactor.add(strange);

/** Fails if a secret is in a text in any form that somebody could read back. */
const sweep = (text: string, secret: string) => {
  for (const [name, encode] of Object.entries(encodings)) expect(text.includes(encode(secret)), name).toBe(false);
  for (const alphabet of ['base64', 'base64url'] as const) {
    for (const run of text.match(/[\w+/-]+/g) ?? []) {
      for (let skip = 0; skip < 4; skip++) {
        expect(Buffer.from(run.slice(skip), alphabet).includes(secret), alphabet).toBe(false);
      }
    }
  }
};

const forms = (secret: string) => [
  ...Object.values(encodings).map((encode) => encode(secret)),
  ...['', 'x', 'xy', 'user:'].map((before) => Buffer.from(`${before}${secret}`).toString('base64')),
  ...['', 'x', 'xy', 'user:'].map((before) => Buffer.from(`${before}${secret}:after`).toString('base64url')),
];

describe.each([
  ['a key', canary],
  ['a secret of any characters', strange],
])('%s', (_, secret) => {
  it('is in nothing that was redacted, in whatever form it came (X5-X9)', () => {
    for (const form of forms(secret)) {
      sweep(redactor.text(`<${form}>`), secret);
      sweep(redactor.text(form), secret);
      sweep(Buffer.from(redactor.bytes(Buffer.from(`<${form}>`))).toString(), secret);
      sweep(JSON.stringify(redactor.value({ [form]: [form] })), secret);
      sweep(inspect(redactor.error(new Error(form, { cause: { form } })), { depth: null }), secret);
    }
  });

  it('leaves JSON valid, as a key and as a value (X4)', () => {
    for (const write of [JSON.stringify, (value: unknown) => JSON.stringify(value, null, 2)]) {
      const text = redactor.text(write({ [secret]: secret, deep: [{ [`x${secret}`]: `${secret}\n` }] }));
      sweep(text, secret);
      expect(JSON.parse(text)).toEqual({ '[secret]': '[secret]', deep: [{ 'x[secret]': '[secret]\n' }] });
    }
  });
});

describe('a body', () => {
  const size = 10 << 20;
  const chunkSize = 64 << 10;

  /** 10 MB in which the canary stands every 100 KB or so, in turn in each form and across every kind of seam. */
  const body = () => {
    const all = forms(canary);
    const parts: Buffer[] = [];
    for (let length = 0, index = 0; length < size; index++) {
      const part = Buffer.from(`${'x'.repeat(97_000 + ((index * 13) % 5000))} ${all[index % all.length] ?? ''} `);
      parts.push(part);
      length += part.length;
    }
    return Buffer.concat(parts).subarray(0, size);
  };

  it('of 10 MB is redacted as it flows, with a few chunks in memory (X13)', async () => {
    const content = body();
    let given = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (given >= content.length) controller.close();
          else controller.enqueue(content.subarray(given, (given += chunkSize)));
        },
      },
      { highWaterMark: 0 },
    );
    const response = redactor.value(new Response(source));
    let [seen, most] = [0, 0];
    const parts: Uint8Array[] = [];
    for await (const chunk of response.body ?? []) {
      seen += chunk.length;
      most = Math.max(most, given - seen);
      parts.push(chunk);
    }
    const text = Buffer.concat(parts).toString();
    expect(text.split('[secret]').length).toBeGreaterThan(90);
    for (const form of forms(canary).slice(0, 24)) expect(text.includes(form)).toBe(false);
    // What was replaced is shorter than it was; the rest of the difference is what waits.
    expect(most).toBeLessThan(4 * chunkSize + text.split('[secret]').length * 300);
  });

  it('of Node’s streams waits for its reader', async () => {
    let given = 0;
    const source = new Readable({
      read() {
        given += chunkSize;
        this.push(given > size ? null : Buffer.alloc(chunkSize, 120));
      },
    });
    let seen = 0;
    for await (const chunk of redactor.value(source)) {
      seen += (chunk as Buffer).length;
      expect(given - seen).toBeLessThan(8 * chunkSize);
      await new Promise((done) => setImmediate(done));
    }
    expect(seen).toBe(size);
  });

  it('that is all beginnings of a secret holds back no more than one', () => {
    const secret = `sk-${'0123456789'.repeat(4)}!`;
    const known = createRedactor();
    known.add(secret);
    const scanner = known.scanner();
    const beginning = Buffer.from(secret.slice(0, -1));
    let [given, seen] = [0, 0];
    for (let round = 0; round < 5000; round++) {
      given += beginning.length;
      seen += scanner.push(beginning).length;
      expect(given - seen).toBeLessThan(secret.length);
    }
    expect(seen + scanner.flush().length).toBe(given);
  });
});
