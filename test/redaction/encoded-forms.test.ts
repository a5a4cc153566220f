import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/redaction/redactor.js';
import { encodings, secrets, surroundings } from './encodings.js';

const redactorOf = (secret: string) => {
  const redactor = createRedactor();
  redactor.add(secret);
  return redactor;
};

describe('a secret in an encoded form', () => {
  for (const [name, encode] of Object.entries(encodings)) {
    it(`is replaced in ${name}`, () => {
      fc.assert(
        fc.property(secrets, surroundings, surroundings, (secret, before, after) => {
          const form = encode(secret);
          const text = redactorOf(secret).text(before + form + after);
          expect(text).toContain('[secret]');
          expect(text).not.toContain(form);
        }),
        { numRuns: 30 },
      );
    });

    it(`is replaced in the bytes of ${name}`, () => {
      fc.assert(
        fc.property(secrets, surroundings, surroundings, (secret, before, after) => {
          const form = encode(secret);
          const bytes = redactorOf(secret).bytes(Buffer.from(before + form + after));
          expect(Buffer.from(bytes).toString()).toContain('[secret]');
          expect(Buffer.from(bytes).indexOf(form)).toBe(-1);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('leaves of its base64 no byte, wherever it stands in what was encoded', () => {
    fc.assert(
      fc.property(secrets, fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (secret, before, after) => {
        const redactor = redactorOf(secret);
        for (const alphabet of ['base64', 'base64url'] as const) {
          const whole = Buffer.from(before + secret + after).toString(alphabet);
          const [left = '', right = ''] = redactor.text(whole).split('[secret]');
          const start = Buffer.byteLength(before) * 8;
          const end = start + Buffer.byteLength(secret) * 8;
          expect(left.length * 6).toBeLessThanOrEqual(start + 4);
          expect((whole.length - right.length) * 6).toBeGreaterThanOrEqual(end - 4);
        }
      }),
    );
  });

  it('is replaced in the Basic credentials of any user, as user name and as password', () => {
    fc.assert(
      fc.property(secrets, fc.string({ unit: 'grapheme' }), (secret, user) => {
        const redactor = redactorOf(secret);
        for (const pair of [`${user}:${secret}`, `${secret}:${user}`]) {
          expect(redactor.text(`Basic ${Buffer.from(pair).toString('base64')}`)).toContain('[secret]');
        }
      }),
    );
  });
});

describe('text', () => {
  it('comes back identical without a secret', () => {
    fc.assert(
      fc.property(secrets, fc.string({ unit: 'binary' }), (secret, text) => {
        fc.pre(!text.includes(secret));
        expect(redactorOf(secret).text(text)).toBe(text);
      }),
    );
  });

  it('loses a secret inside a longer word, beside others, and many times', () => {
    const redactor = redactorOf('sk-live-0123456789');
    redactor.add('other-secret-abcdefgh');
    expect(redactor.text('xxsk-live-0123456789yy')).toBe('xx[secret]yy');
    expect(redactor.text('sk-live-0123456789other-secret-abcdefgh')).toBe('[secret][secret]');
    expect(redactor.text('sk-live-0123456789,'.repeat(3))).toBe('[secret],'.repeat(3));
  });

  it('loses every part of secrets that overlap or hold one another', () => {
    const redactor = redactorOf('abcdefghijkl');
    redactor.add('ijklmnopqrst');
    redactor.add('abcdefghijkl-longer');
    expect(redactor.text('<abcdefghijklmnopqrst>')).toBe('<[secret]>');
    expect(redactor.text('<abcdefghijkl-longer>')).toBe('<[secret]>');
    expect(redactor.text('<abcdefghijkl-long>')).toBe('<[secret]-long>');
  });

  it('loses a secret of several lines with either line ending, also as JSON', () => {
    const secret = '-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n';
    const redactor = redactorOf(secret);
    for (const form of [secret, secret.replaceAll('\n', '\r\n'), secret.trimEnd(), JSON.stringify(secret)]) {
      expect(redactor.text(`<${form}>`)).toContain('[secret]');
      expect(redactor.text(`<${form}>`)).not.toContain('MIIEvQ');
    }
  });

  it('keeps a secret under 8 characters, which could be anything', () => {
    expect(redactorOf('1234567').text('1234567')).toBe('1234567');
    expect(redactorOf('12345678').text('12345678')).toBe('[secret]');
  });

  it('is searched to its end when it is long', () => {
    const redactor = redactorOf('sk-live-0123456789');
    for (const at of [65_500, 65_520, 65_536, 65_537, 131_060, 200_000]) {
      const [before, after] = ['x'.repeat(at), 'y'.repeat(1000)];
      expect(redactor.text(`${before}sk-live-0123456789${after}`) === `${before}[secret]${after}`).toBe(true);
    }
  });
});
