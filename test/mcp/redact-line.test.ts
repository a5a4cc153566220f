import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../src/index.js';
import { redactLine } from '../../src/mcp/redact-line.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';

function redacted(line: string, ...secrets: string[]): string | undefined {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return redactLine(Buffer.from(line), [redactor])?.toString();
}

describe('a line without its secrets', () => {
  it('is the very same one if there were none', () => {
    const redactor = createRedactor();
    redactor.add(canary());
    const line = Buffer.from('{"a":1.0}');
    expect(redactLine(line, [redactor, createRedactor()])).toBe(line);
  });

  it('is valid and keeps the spelling of its numbers', () => {
    const key = canary();
    expect(redacted(`{"n":9007199254740993,"x":1.50, "${key}":"a ${key} b","e":-1E+2}`, key)).toBe(
      '{"n":9007199254740993,"x":1.50, "[secret]":"a [secret] b","e":-1E+2}',
    );
  });

  it('has a text where a number was the secret', () => {
    expect(redacted('{"a":[12345678,1.5],"b":"12345678","12345678":12}', '12345678')).toBe(
      '{"a":["[secret]",1.5],"b":"[secret]","[secret]":12}',
    );
  });

  it('keeps base64 valid in blob and data (M17)', () => {
    const key = canary();
    const bytes = (name: string) => Buffer.from(`${name}\0\xff ${key} \xfe`, 'latin1');
    const line = JSON.stringify({
      blob: bytes('a').toString('base64'),
      data: bytes('b').toString('base64'),
      text: key,
    });
    const { blob, data, text } = JSON.parse(redacted(line, key) ?? '') as Record<string, string>;
    expect(Buffer.from(blob ?? '', 'base64').toString('latin1')).toBe('a\0\xff [secret] \xfe');
    expect(Buffer.from(data ?? '', 'base64').toString('base64')).toBe(data);
    expect(text).toBe('[secret]');
  });

  it('replaces a secret in the letters of base64, and data that is none', () => {
    const key = 'abcd1234abcd1234';
    const found = JSON.parse(redacted(JSON.stringify({ blob: `AAAA${key}`, data: `no base64: ${key}` }), key) ?? '');
    expect(found).toEqual({ blob: Buffer.from('[secret]').toString('base64'), data: 'no base64: [secret]' });
  });

  it('is valid for secrets that look like JSON themselves', () => {
    for (const key of ['a","b":"c', '{"k":[1,2]}', '\\"\\"\\"\\"\\"', 'x\\u0041y\\nzz']) {
      const line = JSON.stringify({ [key]: key, nested: JSON.stringify({ key }), other: 'stays' });
      const result = redacted(line, key) ?? '';
      expect(JSON.parse(result)).toMatchObject({ other: 'stays' });
      expectNoLeak(result, key);
    }
  });

  it('is not given where that can not be done', () => {
    expect(redacted('{"a":"x","b":"y"}', '"x","b":"y"}')).toBeUndefined();
  });

  it('is redacted as text where it is no JSON', () => {
    expect(redacted('{"a": SECRET-123456', 'SECRET-123456')).toBe('{"a": [secret]');
  });

  it('is valid JSON and clean, whatever held the secret', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ minLength: 9, maxLength: 30 }), (value, suffix) => {
        const key = `k${suffix.replace(/[\r\n\0]/g, '-')}y`;
        const line = JSON.stringify({
          value,
          text: `<${key}>`,
          [key]: [key],
          blob: Buffer.from(`..${key}..`).toString('base64'),
        });
        const result = redacted(line, key);
        if (result === undefined) return;
        const parsed = JSON.parse(result) as { blob: string };
        expect(Buffer.from(parsed.blob, 'base64').toString('base64')).toBe(parsed.blob);
        expect(Object.keys(parsed)).not.toContain(key);
        expect(JSON.stringify(parsed)).not.toContain(`<${key}>`);
      }),
    );
  });
});
