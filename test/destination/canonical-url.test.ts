import fc from 'fast-check';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  assertHostHeader,
  canonicalTarget,
  canonicalUrl,
  type CanonicalUrl,
} from '../../src/destination/canonical-url.js';
import { isClavigerError } from '../../src/errors.js';

describe('the canonical URL', () => {
  it('has every part that policy and the wire need', () => {
    expect(canonicalUrl('HTTPS://API.example.com:443/%7eme/%41?q=%41 b#F g')).toEqual({
      href: 'https://api.example.com/~me/A?q=%41%20b#F%20g',
      origin: 'https://api.example.com',
      protocol: 'https:',
      host: 'api.example.com',
      hostname: 'api.example.com',
      port: 443,
      path: '/~me/A',
      search: '?q=%41%20b',
      hash: '#F%20g',
      loopback: false,
    });
    expect(canonicalUrl('http://[0:0::1]:8080')).toEqual({
      href: 'http://[::1]:8080/',
      origin: 'http://[::1]:8080',
      protocol: 'http:',
      host: '[::1]:8080',
      hostname: '[::1]',
      port: 8080,
      path: '/',
      search: '',
      hash: '',
      loopback: true,
    });
  });

  it.each([
    ['https://a?x', 'https://a/?x'],
    ['https://a#x', 'https://a/#x'],
    ['https://a/?', 'https://a/'],
    ['https://a/#', 'https://a/'],
    ['https://a/b/', 'https://a/b/'],
    ['https://a/./b/../c', 'https://a/c'],
    ['https://a/../../b', 'https://a/b'],
    ['https://a/b/..', 'https://a/'],
    ['https://a/b/.', 'https://a/b/'],
    ['https://a/b/c/..', 'https://a/b/'],
    ['https://a/.../.x/x.', 'https://a/.../.x/x.'],
    ['https://a/group%2fname', 'https://a/group%2Fname'],
    ['https://a/https%3a%2f%2fb.example', 'https://a/https%3A%2F%2Fb.example'],
    ['https://a/x;v=1/%3b', 'https://a/x;v=1/%3B'],
    ['https://a/%2d%2E%5f%7E%30%7a', 'https://a/-%2E_~0z'],
    ['https://a/%21%24%26%27%28%40%3a', 'https://a/%21%24%26%27%28%40%3A'],
    ['https://a/é/日本/😀', 'https://a/%C3%A9/%E6%97%A5%E6%9C%AC/%F0%9F%98%80'],
    ['https://a/"<>`{}^|[]\'', "https://a/%22%3C%3E%60%7B%7D%5E|[]'"],
    ['https://a/%25', 'https://a/%25'],
    ['https://a/100%25/%2541', 'https://a/100%25/%2541'],
    ['https://a/%20x', 'https://a/%20x'],
    ['https://a/?a/../b//c\\%5c%2e%zz%252f', 'https://a/?a/../b//c\\%5c%2e%zz%252f'],
    ['https://a/?a=\'"<>`é', 'https://a/?a=%27%22%3C%3E`%C3%A9'],
    ['https://a/#\'"<>`é#//', "https://a/#'%22%3C%3E%60%C3%A9#//"],
    ['https://a:0443/', 'https://a/'],
    ['https://a:/', 'https://a/'],
    ['http://a:443/', 'http://a:443/'],
    ['https://a:08443/', 'https://a:8443/'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://017700000001/', 'http://127.0.0.1/'],
    ['https://BÜCHER.example/', 'https://xn--bcher-kva.example/'],
    ['https://a。example/', 'https://a.example/'],
    ['https://a_b-c.example/', 'https://a_b-c.example/'],
  ])('of %s is %s', (input, href) => {
    expect(canonicalUrl(input).href).toBe(href);
    expect(canonicalUrl(new URL(input)).href).toBe(href);
  });

  it.each([
    ['no absolute URL', ['', 'a', '/a', '//a', 'https', ' https://a/', '\thttps://a/', '?u=https://a', 'a/https://b']],
    [
      'no two slashes',
      ['https:', 'https:a', 'https:/a', 'https:\\\\a', 'https:\\a', 'https://', 'https:///a', 'https://?a'],
    ],
    [
      'user information',
      [
        'https://u@a/',
        'https://@a/',
        'https://u:p@a',
        'https://:@a/',
        'https://a:443@e/',
        'https://a\\@e/',
        'https://u@[::1]',
      ],
    ],
    [
      'a backslash',
      ['https://a\\', 'https://a/\\', 'https://a/b\\c', 'https://a/%5c', 'https://a/b%5Cc', 'https://a\\e/'],
    ],
    [
      'white space and control characters',
      [
        'https://a /',
        'https://a/ b',
        'https://a/b ',
        'https://a/?b ',
        'https://a/#b ',
        'https://a/\n',
        'https://a/\tb',
        'ht\ntps://a/',
        'https://a\n.b/',
        'https://a/?\r',
        'https://a/?a\0',
        'https://a/#\x7f',
        'https://a/\x7f',
        'https://\0a/',
        'https://a\0.b/',
      ],
    ],
    [
      'encoded control characters',
      ['https://a/%00', 'https://a/b%0ac', 'https://a/%0D', 'https://a/%1f', 'https://a/%7f'],
    ],
    [
      'an empty segment',
      ['https://a//', 'https://a//b', 'https://a/b//', 'https://a/b//c', 'https://a/..//b', 'https://a//..'],
    ],
    [
      'a disguised dot segment',
      [
        'https://a/%2e',
        'https://a/%2e%2e/b',
        'https://a/.%2E/b',
        'https://a/b/%2e.',
        'https://a/..%2fb',
        'https://a/b%2f..',
        'https://a/b%2f..%2fc',
        'https://a/b%2F.%2Fc',
        'https://a/%2f..',
        'https://a/..;x',
        'https://a/..;/b',
        'https://a/.;x',
        'https://a/..%3b',
        'https://a/..%3Bx/b',
        'https://a/%2e%2e;x',
        'https://a/%2e%2e%3bx',
        'https://a/b%2f..;x',
        'https://a/..%253bx',
        'https://a/..;/..',
      ],
    ],
    [
      'double encoding',
      [
        'https://a/%252e',
        'https://a/%252E%252e/b',
        'https://a/b%252fc',
        'https://a/%255c',
        'https://a/%25252e',
        'https://a/%25%32%65',
        'https://a/%25%32e',
        'https://a/%25%32F',
      ],
    ],
    [
      'malformed triplets',
      [
        'https://a/%',
        'https://a/%z',
        'https://a/%zz',
        'https://a/%2',
        'https://a/%2/b',
        'https://a/%u002e',
        'https://a/%%32e',
        'https://a/%2%65',
      ],
    ],
    [
      'bytes that are not UTF-8',
      [
        'https://a/%c0%ae',
        'https://a/%c0%af',
        'https://a/%e0%80%ae',
        'https://a/%f0%80%80%ae',
        'https://a/%c1%9c',
        'https://a/%c0%2e',
        'https://a/%ff',
        'https://a/%e9',
        'https://a/%ed%a0%80',
        'https://a/%80',
        'https://a/\ud800',
        'https://a/?\udc00',
      ],
    ],
    [
      'a host that is no host name',
      [
        'https://a./',
        'https://a.b.:443/',
        'https://127.0.0.1./',
        'https://a。/',
        'https://.a/',
        'https://a..b/',
        'https://a%2eb/',
        'https://a%00/',
        'https://[a.example]/',
        'https://[::1%25eth0]/',
        'https://[::1',
        'https://[::ffff:127.0.0.1]/',
        'https://[::ffff:7f00:1]/',
        'https://[0:0:0:0:0:ffff:a9fe:a9fe]/',
        'https://a:65536/',
        'https://a:b/',
        'https://a:-1/',
        'https://1.2.3.4.5/',
        'https://a,b/',
        'https://a;b/',
        "https://a'b/",
        'https://*.a.b/',
        'https://a／b/',
        'https://℀/',
        'https://a:443:443/',
      ],
    ],
  ])('is refused for %s', (_, inputs) => {
    for (const input of inputs) {
      expect(() => canonicalUrl(input), JSON.stringify(input)).toThrow(
        expect.objectContaining({ code: 'ERR_DESTINATION_AMBIGUOUS' }),
      );
    }
  });

  it.each(['ftp://a/', 'file:///etc/passwd', 'data:,x', 'javascript:x', 'ws://a/', 'blob:https://a/x', 'mailto:a@b'])(
    'is denied for the scheme of %s',
    (input) => {
      for (const url of [input, new URL(input)]) {
        expect(() => canonicalUrl(url)).toThrow(expect.objectContaining({ code: 'ERR_DESTINATION_DENIED' }));
      }
    },
  );

  it('takes what a URL parser normalised before as simply normal', () => {
    expect(canonicalUrl(new URL('https://a/public/%2e%2e/admin')).path).toBe('/admin');
    expect(canonicalUrl(new URL('https://a\\@e/')).href).toBe('https://a/@e/');
    expect(canonicalUrl(new URL(' https:a/b c\n ')).href).toBe('https://a/b%20c');
    expect(canonicalUrl(new URL('https://A%2eB/')).host).toBe('a.b');
    for (const url of ['https://u:p@a/', 'https://a//b', 'https://a/..%2fb', 'https://a./', 'https://a/%zz']) {
      expect(() => canonicalUrl(new URL(url))).toThrow(expect.objectContaining({ code: 'ERR_DESTINATION_AMBIGUOUS' }));
    }
  });

  it('names the host in its errors and quotes nothing that may be secret (C5)', () => {
    const secret = 'hunter2-secret';
    for (const input of [
      `https://u:${secret}@a/`,
      `https://${secret}@a/`,
      `https://a/${secret}//?${secret}#${secret}`,
      `https://a/?${secret}\0`,
      secret,
      `${secret}://x`,
      `https://u:${secret}`,
      `https://a b${secret}/`,
    ]) {
      try {
        canonicalUrl(input);
        expect.unreachable();
      } catch (error) {
        expect(isClavigerError(error)).toBe(true);
        expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain(secret);
        expect((error as Error).cause).toBeUndefined();
      }
    }
    expect(() => canonicalUrl('https://API.example.com//')).toThrow(
      expect.objectContaining({ host: 'api.example.com' }),
    );
  });

  it('is the same on every call, however many hosts there were in between', () => {
    const before = canonicalUrl('https://one.example:0443/x');
    for (let index = 0; index < 3000; index++) canonicalUrl(`https://host-${index}.example/`);
    expect(canonicalUrl('https://one.example:0443/x')).toEqual(before);
  });
});

describe('the canonical request target', () => {
  it('is judged on the raw path', () => {
    const url = canonicalTarget('https://API.example.com:443', "/a/./b%7e?q='x'&p=a//b");
    expect(url).toMatchObject({ origin: 'https://api.example.com', path: '/a/b~', search: "?q='x'&p=a//b", hash: '' });
    expect(canonicalTarget(new URL('http://127.0.0.1:3000'), '/').href).toBe('http://127.0.0.1:3000/');
    expect(canonicalTarget('https://a/', '/').href).toBe('https://a/');
  });

  it.each([
    '',
    '*',
    'a',
    '?a',
    '//',
    '//e/a',
    '/\\e',
    'https://e/',
    'https://a/',
    'e:443',
    '/a b',
    '/a?b c',
    '/a#b',
    '/a?b#c',
    '/a\r\nX: y',
    '/é',
    '/?é',
    '/\0',
    '/%2e%2e/a',
    '/..%2fa',
    '/..;/a',
    '/%zz',
    '/a//b',
    '/%252e',
    '/\t',
  ])('is refused for %j (C23)', (path) => {
    expect(() => canonicalTarget('https://a', path)).toThrow(
      expect.objectContaining({ code: 'ERR_DESTINATION_AMBIGUOUS' }),
    );
  });

  it.each(['https://a/b', 'https://a?b', 'https://u@a', 'a', '', 'https://a#', 'https://a//'])(
    'needs an origin, not %j',
    (origin) => {
      expect(() => canonicalTarget(origin, '/')).toThrow(
        expect.objectContaining({ code: 'ERR_DESTINATION_AMBIGUOUS' }),
      );
    },
  );

  it('refuses a Host header for another host (C13)', () => {
    const url = canonicalUrl('https://api.example.com/');
    for (const host of ['api.example.com', 'API.example.com', 'api.example.com:443']) {
      expect(() => assertHostHeader(url, host)).not.toThrow();
    }
    for (const host of [
      '',
      'evil.example',
      'api.example.com:8443',
      'api.example.com.',
      'u@api.example.com',
      'api.example.com, evil.example',
      'api.example.com/x',
      ' api.example.com',
    ]) {
      expect(() => assertHostHeader(url, host)).toThrow(expect.objectContaining({ code: 'ERR_DESTINATION_AMBIGUOUS' }));
    }
  });
});

const token = fc.constantFrom(
  ...[
    '/',
    '/',
    '/',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%2F',
    '%5c',
    '%25',
    '%3b',
    ';',
    '%',
    '%41',
    '%7e',
    '%c3%a9',
    '%C3',
    '%A9',
    '%20',
    '%0a',
  ],
  ...[
    'a',
    'v1',
    'é',
    '日',
    '😀',
    '\\',
    ' ',
    '\t',
    '?',
    '#',
    '&',
    '=',
    "'",
    '"',
    '<',
    '`',
    '{',
    '^',
    '|',
    '[',
    '*',
    '~',
    '@',
    ':',
    '+',
    '252e',
  ],
);
const tail = fc.array(token, { maxLength: 12 }).map((parts) => parts.join(''));
const host = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'api.example.com',
      'A.b',
      '127.0.0.1:8080',
      '[::1]:0443',
      'bücher.example',
      'a:',
      '0x7f.1',
      'a_b',
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.constantFrom(
          'a',
          'B',
          '.',
          'é',
          '-',
          'xn--',
          '%2e',
          '@',
          ':',
          '443',
          '1',
          '0x7f',
          '[',
          ']',
          '::',
          '。',
          '／',
          '\u00ad',
          '_',
          '\\',
        ),
        { maxLength: 6 },
      )
      .map((parts) => parts.join('')),
  },
);
const anyUrl = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.constantFrom('https://', 'http://', 'HTTPS://'), host, fc.constantFrom('/', ''), tail)
      .map((parts) => parts.join('')),
  },
  { weight: 2, arbitrary: fc.webUrl({ withQueryParameters: true, withFragments: true }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => `https://a/${text}`) },
);

/** Undefined where it is refused; anything but a coded refusal fails the test. */
function judged(input: string | URL): CanonicalUrl | undefined {
  try {
    return canonicalUrl(input);
  } catch (error) {
    if (isClavigerError(error) && error.code === 'ERR_DESTINATION_AMBIGUOUS') return undefined;
    throw error;
  }
}

describe('any URL at all (C28)', () => {
  it('is refused, or has one form that nothing changes again', () => {
    fc.assert(
      fc.property(anyUrl, (input) => {
        const url = judged(input);
        if (url === undefined) return;
        expect(canonicalUrl(url.href)).toEqual(url);
        expect(canonicalTarget(url.origin, url.path + url.search).path).toBe(url.path);
        const parsed = new URL(url.href);
        expect(parsed.href).toBe(url.href);
        expect([parsed.host, parsed.hostname, parsed.pathname, parsed.search, parsed.hash]).toEqual([
          ...[url.host, url.hostname, url.path, url.search, url.hash],
        ]);
        expect(canonicalUrl(new URL(input))).toEqual(url);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is refused, or has no segment that another program could read as a dot segment', () => {
    fc.assert(
      fc.property(fc.constantFrom('https://a/', 'https://a/b/'), tail, fc.boolean(), (base, rest, parse) => {
        const text = `${base}${rest}`;
        const url = judged(parse ? new URL(text) : text);
        if (url === undefined) return;
        const decoded = decodeURIComponent(url.path);
        for (const reading of [url.path, decoded, decoded.replace(/%2e/gi, '.').replace(/%2f/gi, '/')]) {
          const segments = reading.split(/[/\\]/).map((segment) => segment.replace(/;.*$/s, ''));
          expect(segments).not.toContain('.');
          expect(segments).not.toContain('..');
          expect(reading).not.toContain('\0');
        }
        expect(url.path).not.toMatch(/\/\/|\\|%5c|%00|[^!-~]/i);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is judged alike whether or not it is canonical already', () => {
    fc.assert(
      fc.property(tail, (rest) => {
        const quick = judged(`https://a.example/${rest}`);
        expect(judged(`https://A.example/x/../${rest}`)).toEqual(quick);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('what policy judged is what is sent (C28)', () => {
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    server = createServer((incoming, response) => response.end(`${incoming.headers.host} ${incoming.url}`));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const sentByRequest = (url: CanonicalUrl): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = url;
      const sent = request({ hostname, port, path: url.path + url.search }, (response) => {
        response.setEncoding('latin1').once('error', reject);
        response.toArray().then((chunks) => resolve(chunks.join('')), reject);
      });
      sent.once('error', reject).end();
    });

  it('by a raw request and by fetch, host and path', async () => {
    await fc.assert(
      fc.asyncProperty(tail, async (rest) => {
        const url = judged(`${origin}/${rest}`);
        if (url === undefined) return;
        const expected = `${url.host} ${url.path}${url.search}`;
        expect(await sentByRequest(url)).toBe(expected);
        expect(await (await fetch(url.href)).text()).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });
});
