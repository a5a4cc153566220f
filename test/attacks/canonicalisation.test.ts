import { describe, expect, it } from 'vitest';
import { assertHostHeader, canonicalTarget, canonicalUrl } from '../../src/destination/canonical-url.js';
import {
  assertAllowed,
  createDestinationIndex,
  destinationsOf,
  parseDestination,
} from '../../src/destination/destination.js';
import { matchPath, parsePathPattern } from '../../src/destination/path-pattern.js';
import { findClavigerError } from '../../src/errors.js';

const CANARY = 'canary-0f3a9c5d7b';
const host = 'api.example.com';
const publicOnly = [parseDestination(`https://${host}/v1/public/**`)];

/** How a request of a provider that is bound to `https://api.example.com/v1/public/**` is answered. */
function answer(input: string | URL, method = 'GET'): string {
  return outcome(() => {
    const url = canonicalUrl(input);
    assertAllowed('example', publicOnly, method, url);
    return url.href;
  });
}

/** The same for a raw request target on the allowed origin. */
function answerRaw(target: string): string {
  return outcome(() => {
    const url = canonicalTarget(`https://${host}`, target);
    assertAllowed('example', publicOnly, 'GET', url);
    return url.href;
  });
}

/** What comes out, or the code that it is refused with. No refusal repeats the canary. */
function outcome(run: () => string): string {
  try {
    return run();
  } catch (error) {
    const refusal = findClavigerError(error);
    if (refusal === undefined) throw error;
    expect(`${refusal.message} ${String(refusal.stack)} ${JSON.stringify(refusal)}`).not.toContain(CANARY);
    return refusal.code;
  }
}

const allowed = (rest: string): string => `https://${host}/v1/public${rest}`;
const AMBIGUOUS = 'ERR_DESTINATION_AMBIGUOUS';
const DENIED = 'ERR_DESTINATION_DENIED';

describe('a host', () => {
  it('in mixed case is the same destination (C1)', () => {
    expect(answer('https://API.Example.COM/v1/public/x')).toBe(allowed('/x'));
    expect(parseDestination('https://API.Example.COM').host.name).toBe(host);
  });

  it('in mixed case is found among several hundred patterns as among one (C2)', () => {
    const owners = Array.from({ length: 400 }, (_, index) => ({
      item: index,
      name: `provider-${index}`,
      destinations: [
        parseDestination(`https://Host-${index}.Example.com`),
        parseDestination(`https://*.Wild-${index}.example.com`),
      ],
    }));
    const index = createDestinationIndex(owners);
    for (const owner of owners) {
      const alone = createDestinationIndex([owner]);
      for (const name of [`hOST-${owner.item}.eXAMPLE.com`, `A.b.WILD-${owner.item}.Example.COM`]) {
        const url = canonicalUrl(`https://${name}/`);
        expect([index.find('GET', url), alone.find('GET', url)]).toEqual([owner.item, owner.item]);
      }
    }
    expect(index.find('GET', canonicalUrl('https://HOST-400.example.com/'))).toBeUndefined();
    expect(index.find('GET', canonicalUrl('https://WILD-1.example.com/'))).toBeUndefined();
  });

  it('that looks alike is its xn-- form, and denied (C3)', () => {
    const url = canonicalUrl('https://\u0430pi.example.com/v1/public/x');
    expect(url.host).toBe('xn--pi-6kc.example.com');
    expect(answer(url.href)).toBe(DENIED);
  });

  it('behind user information is refused, and the user information quoted nowhere (C4, C5)', () => {
    for (const text of [
      `https://${host}@evil.example/`,
      `https://${host}:443@evil.example/`,
      `https://user:${CANARY}@${host}/v1/public/x`,
      `https://${CANARY}@${host}/v1/public/x`,
      `https://@${host}/v1/public/x`,
    ]) {
      expect(answer(text)).toBe(AMBIGUOUS);
    }
    expect(answer(new URL(`https://user:${CANARY}@${host}/v1/public/x`))).toBe(AMBIGUOUS);
  });

  it('behind a backslash is refused, or the one that is connected to (C6)', () => {
    expect(answer(`https://${host}\\@evil.example/v1/public/x`)).toBe(AMBIGUOUS);
    expect(answer(`https://evil.example\\@${host}/v1/public/x`)).toBe(AMBIGUOUS);
    expect(canonicalUrl(new URL(`https://evil.example\\@${host}/`)).host).toBe('evil.example');
  });

  it('that only mentions the allowed one is denied (C7)', () => {
    for (const text of [
      `https://evil.example?x.${host}/`,
      `https://evil.example#.${host}/`,
      `https://evil.example/${host}/v1/public/x`,
      `https://${host}.evil.example/v1/public/x`,
      `https://evil${host}/v1/public/x`,
      `https://x.${host}/v1/public/x`,
    ]) {
      expect(answer(text)).toBe(DENIED);
    }
  });

  it('with NUL on either side is refused (C8)', () => {
    for (const text of [
      `https://${host}\0/v1/public/x`,
      `https://\0${host}/v1/public/x`,
      `https://${host}\0.evil.example/`,
      `https://evil.example\0.${host}/`,
      `https://${host}%00/v1/public/x`,
      `https://evil.example%00.${host}/`,
    ]) {
      expect(answer(text)).toBe(AMBIGUOUS);
    }
  });

  it('as an address is loopback only in its plain form (C9)', () => {
    expect(canonicalUrl('http://[::1]/').loopback).toBe(true);
    expect(canonicalUrl('http://[0:0:0:0:0:0:0:1]/').host).toBe('[::1]');
    for (const text of ['[::ffff:7f00:1]', '[::ffff:127.0.0.1]', '[::1%25lo]', '[::1%lo]', '[fe80::1%25eth0]']) {
      expect(answer(`http://${text}/`)).toBe(AMBIGUOUS);
    }
    for (const text of ['2130706433', '0x7f.1', '0177.0.0.1', '127.1']) {
      expect(canonicalUrl(`http://${text}/`)).toMatchObject({ host: '127.0.0.1', loopback: true });
    }
  });

  it('in brackets that is a name is refused (C10)', () => {
    expect(answer(`https://[${host}]/v1/public/x`)).toBe(AMBIGUOUS);
  });

  it('is no pattern when the wildcard stands for too much (C11)', () => {
    for (const pattern of ['*.com', '*', 'api.*.com', `*${host}`, '*.', '**.example.com', 'api.example.*']) {
      expect(outcome(() => parseDestination(`https://${pattern}/x`).text)).toBe('ERR_CONFIG_INVALID');
    }
  });

  it('with an odd port is the same everywhere (C12)', () => {
    for (const text of [
      `https://${host}:0443/v1/public/x`,
      `https://${host}:/v1/public/x`,
      `https://${host}:443/v1/public/x`,
    ]) {
      expect(answer(text)).toBe(allowed('/x'));
      expect(answer(new URL(text))).toBe(allowed('/x'));
      expect(canonicalTarget(text.replace('/v1/public/x', ''), '/v1/public/x').href).toBe(allowed('/x'));
    }
    expect(parseDestination(`https://${host}:0443`).port).toBe(443);
    expect(answer(`https://${host}:8443/v1/public/x`)).toBe(DENIED);
  });

  it('that the Host header does not name is refused (C13, C14)', () => {
    const url = canonicalUrl(allowed('/x'));
    expect(outcome(() => (assertHostHeader(url, 'API.EXAMPLE.com:443'), 'ok'))).toBe('ok');
    for (const header of [
      'evil.example',
      `${host}:8443`,
      `${host}.`,
      `${host}, evil.example`,
      `${CANARY}@${host}`,
      '',
    ]) {
      expect(outcome(() => (assertHostHeader(url, header), 'ok'))).toBe(AMBIGUOUS);
    }
  });

  it('ending with a dot is refused', () => {
    expect(answer(`https://${host}./v1/public/x`)).toBe(AMBIGUOUS);
    expect(answer(new URL(`https://${host}./v1/public/x`))).toBe(AMBIGUOUS);
  });
});

describe('a path', () => {
  it('with plain dot segments is judged and sent without them (C16)', () => {
    expect(answer(allowed('/../admin'))).toBe(DENIED);
    expect(answerRaw('/v1/public/../admin')).toBe(DENIED);
    expect(answerRaw('/v1/public/./a/../b')).toBe(allowed('/b'));
    expect(answer(allowed('/..'))).toBe(DENIED);
    expect(answer(`https://${host}/v1/admin/../public/x`)).toBe(allowed('/x'));
  });

  it('with encoded dot segments is refused, or judged as a URL parser collapsed it (C17)', () => {
    for (const rest of ['/%2e%2e/admin', '/%2E./admin', '/.%2e/admin', '/%2e/admin', '/x/%2e%2e']) {
      expect(answerRaw(`/v1/public${rest}`)).toBe(AMBIGUOUS);
      expect(answer(allowed(rest))).toBe(AMBIGUOUS);
    }
    expect(answer(new URL(allowed('/%2e%2e/admin')))).toBe(DENIED);
  });

  it('with dot segments beside an encoded slash or a parameter is refused (C18)', () => {
    for (const rest of [
      '/..%2fadmin',
      '/..%2Fadmin',
      '/%2e%2e%2fadmin',
      '/x%2f..%2fadmin',
      '/x%2f..',
      '/..;/admin',
      '/..;x/admin',
      '/..%3b/admin',
      '/..%3Bx/admin',
      '/%2e%2e;/admin',
      '/x%2f..;/admin',
      '/..\\admin',
      '/..%5cadmin',
    ]) {
      expect(answerRaw(`/v1/public${rest}`)).toBe(AMBIGUOUS);
      expect(answer(allowed(rest))).toBe(AMBIGUOUS);
      if (!rest.includes('\\')) expect(answer(new URL(allowed(rest)))).toBe(AMBIGUOUS);
    }
    // The URL parser reads the backslash as a slash, and what it read is judged.
    expect(answer(new URL(allowed('/..\\admin')))).toBe(DENIED);
  });

  it('encoded twice is refused (C19)', () => {
    for (const rest of ['/%252e%252e/admin', '/%252e', '/x%252fy', '/%255c', '/%25252e', '/%25%32%65', '/..%253bx']) {
      expect(answerRaw(`/v1/public${rest}`)).toBe(AMBIGUOUS);
      expect(answer(new URL(allowed(rest)))).toBe(AMBIGUOUS);
    }
  });

  it('in another letter case is denied (C20)', () => {
    expect(answer(`https://${host}/V1/public/x`)).toBe(DENIED);
  });

  it('with NUL, overlong UTF-8 or a stray percent sign is never read as another one (C21)', () => {
    for (const rest of [
      '/%00',
      '/x%00.json',
      '/%c0%ae%c0%ae/admin',
      '/%c0%af',
      '/%e0%80%af',
      '/%f0%80%80%af',
      '/%',
      '/%zz',
      '/%2',
      '/%u002e',
    ]) {
      expect(answerRaw(`/v1/public${rest}`)).toBe(AMBIGUOUS);
      expect(answer(allowed(rest))).toBe(AMBIGUOUS);
    }
  });

  it('keeps an encoded slash and a semicolon in their segment (C22)', () => {
    expect(answer(allowed('/group%2fname'))).toBe(allowed('/group%2Fname'));
    expect(answer(`https://${host}/v1/public%2Fx`)).toBe(DENIED);
    expect(answer(`https://${host}/v1%2Fpublic/x`)).toBe(DENIED);
    expect(answer(`https://${host}/v1/public;x/y`)).toBe(DENIED);
    expect(matchPath(parsePathPattern('/p/*'), '/p/a%2Fb')).toBe(true);
    expect(matchPath(parsePathPattern('/p/*'), '/p/a;v=1')).toBe(true);
    expect(matchPath(parsePathPattern('/p/a/b'), '/p/a%2Fb')).toBe(false);
    expect(matchPath(parsePathPattern('/p/a'), '/p/a;v=1')).toBe(false);
  });

  it('that is no path is refused (C23)', () => {
    for (const target of [
      '*',
      `https://${host}/v1/public/x`,
      'https://evil.example/v1/public/x',
      `${host}:443`,
      '',
      `//${host}/v1/public/x`,
    ]) {
      expect(answerRaw(target)).toBe(AMBIGUOUS);
    }
  });

  it('with white space is refused, or sent as it was judged (C24)', () => {
    for (const space of [' ', '\t', '\n', '\r', '\r\n', '\v', '\0']) {
      for (const text of [
        `${space}${allowed('/x')}`,
        allowed(`/x${space}y`),
        allowed(`/x${space}`),
        `https://${space}${host}/`,
        `ht${space}tps://${host}/`,
        allowed(`/.${space}./admin`),
      ]) {
        expect(answer(text)).toBe(AMBIGUOUS);
      }
      expect(answerRaw(`/v1/public/x${space}y`)).toBe(AMBIGUOUS);
      expect(answerRaw(`/v1/public/x?a${space}y`)).toBe(AMBIGUOUS);
    }
    expect(answer(new URL(allowed('/x y')))).toBe(allowed('/x%20y'));
    expect(answer(new URL(allowed('/.\t./admin')))).toBe(DENIED);
    expect(answer(allowed('/x?a b'))).toBe(allowed('/x?a%20b'));
  });

  it('is literal but for the star (C25)', () => {
    expect(matchPath(parsePathPattern('/v1/a.b'), '/v1/aXb')).toBe(false);
    expect(matchPath(parsePathPattern('/v1/(a|b)+'), '/v1/a')).toBe(false);
    expect(matchPath(parsePathPattern('/v1/[ab]'), '/v1/a')).toBe(false);
  });
});

describe('a rule', () => {
  it('never takes TRACE and TRACK (C26)', () => {
    for (const method of ['TRACE', 'TRACK', 'trace', 'Track']) expect(answer(allowed('/x'), method)).toBe(DENIED);
    expect(answer(allowed('/x'), 'DELETE')).toBe(allowed('/x'));
  });

  it('that is empty means nothing, not everything (C27)', () => {
    expect(outcome(() => (assertAllowed('example', [], 'GET', canonicalUrl(allowed('/x'))), 'sent'))).toBe(DENIED);
    expect(createDestinationIndex([]).find('GET', canonicalUrl(allowed('/x')))).toBeUndefined();
    for (const text of ['', ' ', ` https://${host}`, `,https://${host}`]) {
      expect(outcome(() => parseDestination(text).text)).toBe('ERR_CONFIG_INVALID');
    }
  });

  it('takes plain http to loopback hosts that were written down, and to no other (H5)', () => {
    expect(answer(`http://${host}/v1/public/x`)).toBe('ERR_DESTINATION_INSECURE');
    expect(answer('http://169.254.169.254/')).toBe('ERR_DESTINATION_INSECURE');
    expect(answer('http://127.0.0.1/v1/public/x')).toBe(DENIED);
    const local = destinationsOf('http://127.0.0.1:8080');
    expect(outcome(() => (assertAllowed('local', local, 'GET', canonicalUrl('http://127.0.0.1:8080/x')), 'sent'))).toBe(
      'sent',
    );
    expect(outcome(() => (assertAllowed('local', local, 'GET', canonicalUrl('http://127.0.0.1:8081/x')), 'sent'))).toBe(
      DENIED,
    );
    expect(outcome(() => (assertAllowed('local', local, 'GET', canonicalUrl('http://localhost:8080/x')), 'sent'))).toBe(
      DENIED,
    );
  });

  it('keeps scheme and port of the same host apart (R5)', () => {
    expect(answer(`https://${host}:80/v1/public/x`)).toBe(DENIED);
    expect(answer(`http://${host}:443/v1/public/x`)).toBe('ERR_DESTINATION_INSECURE');
  });

  it('judges where a Location leads, not how it is written (R10, R11, R12)', () => {
    const next = (location: string): string => outcome(() => answer(new URL(location, allowed('/x'))));
    expect(next('y?page=2')).toBe(allowed('/y?page=2'));
    for (const location of [
      '//evil.example/v1/public/x',
      '/\\evil.example/v1/public/x',
      '\\\\evil.example/v1/public/x',
      'https:\\\\evil.example/',
      'https://evil.example',
    ]) {
      expect(next(location)).toBe(DENIED);
    }
    expect(next('https:evil.example/../../admin')).toBe(DENIED);
    expect(next(`https://${host}@evil.example/`)).toBe(AMBIGUOUS);
    expect(next(`https://${host}%2eevil.example/v1/public/x`)).toBe(DENIED);
    expect(next('http://[::ffff:a9fe:a9fe]/')).toBe(AMBIGUOUS);
    expect(next('http://169.254.169.254/')).toBe('ERR_DESTINATION_INSECURE');
    expect(next('https://169.254.169.254/')).toBe(DENIED);
  });

  it('takes linear time for URLs of 100 kB and more (C29)', () => {
    const long = (part: string, total = 100_000): string => part.repeat(total / part.length);
    const rests = [
      'a',
      '/a',
      '/',
      '%',
      '%2f',
      '%41',
      '%25',
      '%2e',
      '..',
      '/..',
      '/../a',
      '/.',
      ';',
      '..;',
      'é',
      '\\',
      ' ',
      '?',
      '#',
      "?'",
      '@',
      ':',
      '%c3%a9',
      '😀',
      '/a;',
      '.%2F',
    ];
    const time = (text: string): number => {
      const start = performance.now();
      answer(text);
      return performance.now() - start;
    };
    for (const part of rests) {
      for (const text of [
        `https://${host}/v1/public/${long(part)}`,
        `https://${host}/v1/public/x${long(part)}%`,
        `https://a${long(part)}/`,
      ]) {
        // A quadratic reading of 100 kB takes many seconds.
        expect(time(text), `${part} repeated`).toBeLessThan(1_000);
      }
    }
  });
});
