import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchHost, parseAuthorityPattern } from '../../src/destination/host-pattern.js';

const matches = (pattern: string, host: string): boolean =>
  matchHost(parseAuthorityPattern(`https://${pattern}`).host, host);

describe('the host of a destination', () => {
  it('is compared in its canonical form', () => {
    expect(matches('API.Example.COM', 'api.example.com')).toBe(true);
    expect(matches('bücher.example', 'xn--bcher-kva.example')).toBe(true);
    expect(matches('example.com', 'api.example.com')).toBe(false);
    expect(matches('example.com', 'example.com.evil.net')).toBe(false);
    expect(parseAuthorityPattern('HTTPS://a.example:0443')).toMatchObject({ protocol: 'https:', port: 443 });
    expect(parseAuthorityPattern('https://a.example:8443').port).toBe(8443);
    expect(parseAuthorityPattern('http://localhost').port).toBe(80);
  });

  it('may start with a wildcard for one or more labels, not the apex', () => {
    for (const host of ['a.example.com', 'a.b.example.com', 'xn--80a.example.com']) {
      expect(matches('*.Example.com', host)).toBe(true);
    }
    for (const host of ['example.com', 'aexample.com', 'a.example.com.evil.net', 'example.org', '.example.com']) {
      expect(matches('*.example.com', host)).toBe(false);
    }
  });

  it.each([
    '*',
    '*.com',
    '*.',
    '*.com.',
    'api.*.com',
    '*api.example.com',
    'a*.example.com',
    '*.*.example.com',
    'a:*',
    '*.1.2.3.4',
    '*.0x7f.1',
    '*.[::1]',
    '*.localhost',
  ])('has no other wildcard: %s (C11)', (host) => {
    expect(() => parseAuthorityPattern(`https://${host}`)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    );
  });

  it.each([
    'https://a.',
    'https://user@a',
    'https://u:p@a',
    'https://a b',
    'https://a%2eb',
    'https://a..b',
    'https://a:99999',
    'https://[a.example]',
    'https://[::ffff:127.0.0.1]',
    'https://',
    'ftp://a',
    '//a',
    'https:a',
    'https://169.254.169.254',
    'https://[fe80::1]',
    'https://0.0.0.0',
    'https://[::]',
  ])('refuses %s', (text) => {
    expect(() => parseAuthorityPattern(text)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
  });

  it('takes plain http for loopback hosts only (H5)', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.8.7:3000', '[::1]:8080', 'LOCALHOST']) {
      expect(parseAuthorityPattern(`http://${host}`).loopback).toBe(true);
    }
    for (const host of [
      'example.com',
      '10.0.0.1',
      '[::2]',
      '127.0.0.1.example.com',
      'localhost.example.com',
      '*.a.localhost',
    ]) {
      expect(() => parseAuthorityPattern(`http://${host}`)).toThrow(/plain http|link-local/);
    }
  });

  it('agrees with comparing labels from the right', () => {
    const host = fc
      .array(fc.constantFrom('a', 'b', 'ab', 'com'), { minLength: 1, maxLength: 5 })
      .map((all) => all.join('.'));
    const pattern = fc.tuple(fc.boolean(), host).filter(([wildcard, name]) => !wildcard || name.includes('.'));
    fc.assert(
      fc.property(pattern, host, ([wildcard, name], tried) => {
        const wanted = name.split('.').reverse();
        const given = tried.split('.').reverse();
        const tail = wanted.every((label, index) => given[index] === label);
        const expected = tail && (wildcard ? given.length > wanted.length : given.length === wanted.length);
        return matches(wildcard ? `*.${name}` : name, tried) === expected;
      }),
      { numRuns: 5_000 },
    );
  });
});
