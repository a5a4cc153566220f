import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalUrl } from '../../src/destination/canonical-url.js';
import {
  assertAllowed,
  assertSecure,
  createDestinationIndex,
  destinationsOf,
  matchDestination,
  mostSpecific,
  parseDestination,
} from '../../src/destination/destination.js';
import { findClavigerError, type ClavigerError } from '../../src/errors.js';

const matches = (text: string, method: string, url: string): boolean =>
  matchDestination(parseDestination(text), method, canonicalUrl(url));

describe('a destination', () => {
  it('has methods, origin and path', () => {
    const text = 'GET,POST https://*.example.com:8443/v1/users/*';
    expect(matches(text, 'POST', 'https://a.example.com:8443/v1/users/1')).toBe(true);
    expect(matches(text, 'PUT', 'https://a.example.com:8443/v1/users/1')).toBe(false);
    expect(matches(text, 'POST', 'https://a.example.com/v1/users/1')).toBe(false);
    expect(matches(text, 'POST', 'https://a.example.com:8443/v1/users')).toBe(false);
    expect(matches(text, 'POST', 'https://example.com:8443/v1/users/1')).toBe(false);
    expect(parseDestination(text).text).toBe(text);
  });

  it('without methods takes all, without a path every path, without a port the default one', () => {
    for (const method of ['GET', 'PATCH', 'PROPFIND', 'post']) {
      expect(matches('https://example.com', method, 'https://example.com/any/path?q')).toBe(true);
    }
    expect(matches('https://example.com', 'GET', 'https://example.com:8443/')).toBe(false);
    expect(matches('http://localhost', 'GET', 'http://localhost:3000/')).toBe(false);
    expect(matches('http://localhost:443', 'GET', 'https://localhost/')).toBe(false);
  });

  it('with GET takes HEAD too, and the other way round not', () => {
    expect(matches('GET https://example.com', 'HEAD', 'https://example.com/')).toBe(true);
    expect(matches('HEAD https://example.com', 'GET', 'https://example.com/')).toBe(false);
    expect(matches('POST https://example.com', 'HEAD', 'https://example.com/')).toBe(false);
    expect(matches('GET https://example.com', 'get', 'https://example.com/')).toBe(false);
  });

  it.each(['TRACE', 'TRACK', 'CONNECT', 'trace', 'Track'])('never takes %s (C26)', (method) => {
    expect(matches('https://example.com', method, 'https://example.com/')).toBe(false);
    expect(() => parseDestination(`${method} https://example.com`)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    );
  });

  it.each([
    '',
    'example.com',
    '/v1',
    'ftp://example.com/',
    'http://example.com/',
    'GET http://example.com/',
    'http://*.example.com/',
    'https://*/',
    'https://*.com/',
    'https://example.com:*/',
    'https:///v1',
    'https://example.com/**/x',
    'https://example.com/***',
    'https://example.com/a**',
    'https://example.com//a',
    'https://example.com/a//b',
    'https://example.com/../a',
    'https://example.com/a/..',
    'https://example.com/%2e%2e/a',
    'https://example.com/a\\b',
    'https://example.com\\a',
    'https://example.com/a b',
    'https://example.com/?',
    'https://example.com?q',
    'https://example.com/#',
    'get https://example.com',
    'GET, POST https://example.com',
    'GET,,POST https://example.com',
    ',GET https://example.com',
    '* https://example.com',
    'GET  https://example.com',
    ' https://example.com',
    'https://example.com ',
    'https://example.com/ ',
    'GET,https://example.com',
    'https://example.com\n',
  ])('is refused when it reads %j', (text) => {
    const error = caught(() => parseDestination(text));
    expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID', issues: [{ path: 'destinations' }] });
    expect(error.message).toContain(JSON.stringify(text).replace(/.*[?#].*/, ''));
  });

  it('keeps what may be a password or a key out of the error', () => {
    for (const text of [
      'https://u:hunter2-secret@a/',
      'https://u:p/hunter2-secret@a',
      'https://a/?k=hunter2-secret',
      'https://a/#hunter2-secret',
    ]) {
      const error = caught(() => parseDestination(text));
      expect(error.code).toBe('ERR_CONFIG_INVALID');
      expect(JSON.stringify(error) + String(error.stack)).not.toContain('hunter2');
    }
  });

  it('may hold an @ in its path', () => {
    expect(matches('https://registry.example.com/@scope/*', 'GET', 'https://registry.example.com/@scope/x')).toBe(true);
  });
});

describe('the destinations of a base URL', () => {
  it('are everything under it', () => {
    expect(destinationsOf('https://API.x.com/v1').map(({ text }) => text)).toEqual(['https://api.x.com/v1/**']);
    expect(destinationsOf('https://api.x.com/v1/').map(({ text }) => text)).toEqual(['https://api.x.com/v1/**']);
    expect(destinationsOf('https://api.x.com').map(({ text }) => text)).toEqual(['https://api.x.com/**']);
    expect(destinationsOf('http://[::1]:8080/a').map(({ text }) => text)).toEqual(['http://[::1]:8080/a/**']);
  });

  it.each([
    'https://a/*',
    'https://*.example.com',
    'https://a/?q',
    'https://a/#f',
    'http://example.com',
    'https://u@a',
    'a',
    '',
  ])('are refused for %j', (baseUrl) => {
    expect(caught(() => destinationsOf(baseUrl)).code).toBe('ERR_CONFIG_INVALID');
  });
});

describe('plain http', () => {
  it('is refused for any host but loopback, before the list (H5)', () => {
    expect(caught(() => assertSecure(canonicalUrl('http://api.example.com/'))).code).toBe('ERR_DESTINATION_INSECURE');
    expect(caught(() => assertAllowed('x', [], 'GET', canonicalUrl('http://api.example.com/'))).code).toBe(
      'ERR_DESTINATION_INSECURE',
    );
    for (const url of ['https://api.example.com/', 'http://127.0.0.1:3000/', 'http://[::1]/', 'http://localhost/']) {
      expect(() => assertSecure(canonicalUrl(url))).not.toThrow();
    }
  });

  it('goes to a loopback host only where that is written (H5)', () => {
    const url = canonicalUrl('http://127.0.0.1:3000/x');
    expect(caught(() => assertAllowed('x', destinationsOf('https://a.example'), 'GET', url)).code).toBe(
      'ERR_DESTINATION_DENIED',
    );
    expect(() => assertAllowed('x', destinationsOf('http://127.0.0.1:3000'), 'GET', url)).not.toThrow();
  });
});

describe('a request outside the destinations', () => {
  it('is refused with provider, host, what is allowed and what to do (H1)', () => {
    const error = caught(() =>
      assertAllowed(
        'github',
        destinationsOf('https://api.github.com'),
        'GET',
        canonicalUrl('https://evil.example/bot-path?key=query-value'),
      ),
    );
    expect(error).toMatchObject({ code: 'ERR_DESTINATION_DENIED', provider: 'github', host: 'evil.example' });
    expect(error.message).toMatch(/github.*evil\.example.*https:\/\/api\.github\.com\/\*\*.*add a destination/);
    expect(error.message).not.toMatch(/bot-path|query-value/);
  });

  it('is everything where the list is empty (C27, H4)', () => {
    const error = caught(() => assertAllowed('bare', [], 'GET', canonicalUrl('https://api.example.com/')));
    expect(error.code).toBe('ERR_DESTINATION_DENIED');
    expect(error.message).toMatch(/no destinations.*baseUrl/);
    const index = createDestinationIndex([{ item: 1, name: 'bare', destinations: [] }]);
    expect(index.find('GET', canonicalUrl('https://api.example.com/'))).toBeUndefined();
  });
});

describe('the most specific destination', () => {
  const found = (method: string, url: string, ...texts: string[][]): unknown => {
    const owners = texts.map((list, index) => ({
      item: list[0],
      name: `p${index}`,
      destinations: list.map(parseDestination),
    }));
    const answers = [owners, owners.toReversed()].flatMap((all) => [
      createDestinationIndex(all).find(method, canonicalUrl(url)),
      mostSpecific(all, method, canonicalUrl(url)),
    ]);
    expect(new Set(answers).size).toBe(1);
    return answers[0];
  };

  it.each([
    ['an exact host over a wildcard', 'https://api.example.com', 'https://*.example.com/v1/users/*'],
    ['the longer literal path', 'https://api.example.com/v1/**', 'https://api.example.com/**'],
    [
      'the longer literal path, whatever the wildcards',
      'https://api.example.com/v1/*/*',
      'https://api.example.com/v1/**',
    ],
    ['the longer literal path, before a method list', 'https://api.example.com/v1/**', 'GET https://api.example.com'],
    ['a path over no path', 'https://api.example.com/v1/users/1', 'https://api.example.com'],
    ['an exact path over a star', 'https://api.example.com/v1/users/1', 'https://api.example.com/v1/users/*'],
    ['fewer wildcards', 'https://api.example.com/v1/users/*', 'https://api.example.com/v1/user*/1/**'],
    [
      'the path itself over all beneath it',
      'https://api.example.com/v1/users/1',
      'https://api.example.com/v1/users/1/**',
    ],
    [
      'fewer wildcards, none of which counts as literal',
      'https://api.example.com/v1/users/**',
      'https://api.example.com/v1/*sers/*',
    ],
    ['a method list', 'GET https://api.example.com/v1/**', 'https://api.example.com/v1/**'],
  ])('is that with %s', (_, first, second) => {
    expect(found('GET', 'https://api.example.com/v1/users/1', [first], [second])).toBe(first);
  });

  it('counts only destinations that match (H2, H3)', () => {
    const lists = [['GET https://a.example/v1/**'], ['https://a.example/**'], ['https://b.example']];
    expect(found('GET', 'https://a.example/v1/x', ...lists)).toBe('GET https://a.example/v1/**');
    expect(found('POST', 'https://a.example/v1/x', ...lists)).toBe('https://a.example/**');
    expect(found('POST', 'https://c.example/v1/x', ...lists)).toBeUndefined();
    expect(found('TRACE', 'https://a.example/v1/x', ...lists)).toBeUndefined();
  });

  it('is ambiguous on a tie between two providers, which the error names', () => {
    const owners = ['https://a.example', 'https://a.example/', 'https://a.example/**'].map((text, index) => ({
      item: index,
      name: `provider-${index}`,
      destinations: [parseDestination(text)],
    }));
    for (const find of [
      () => createDestinationIndex(owners).find('GET', canonicalUrl('https://a.example/x')),
      () => mostSpecific(owners, 'GET', canonicalUrl('https://a.example/x')),
    ]) {
      const error = caught(find);
      expect(error).toMatchObject({ code: 'ERR_DESTINATION_AMBIGUOUS', host: 'a.example' });
      for (const { name } of owners) expect(error.message).toContain(name);
    }
  });

  it('is no tie where one provider has the same destination twice, or a third is more specific', () => {
    expect(found('GET', 'https://a.example/x', ['https://a.example', 'https://a.example/**'])).toBe(
      'https://a.example',
    );
    expect(
      found('GET', 'https://a.example/x', ['https://a.example'], ['https://a.example/'], ['https://a.example/x']),
    ).toBe('https://a.example/x');
    expect(found('GET', 'https://b.a.example/x', ['https://*.a.example'], ['https://b.a.example'])).toBe(
      'https://b.a.example',
    );
  });

  it('is the same with an index as without', () => {
    const destination = fc
      .tuple(
        fc.constantFrom('', 'GET ', 'POST '),
        fc.constantFrom('a.b.c', '*.b.c', '*.a.b.c', 'b.c', 'a.b.c:8443'),
        fc.constantFrom('', '/**', '/x', '/x/**', '/*', '/x/*'),
      )
      .map(([methods, host, path]) => parseDestination(`${methods}https://${host}${path}`));
    const owners = fc
      .array(fc.array(destination, { maxLength: 3 }), { maxLength: 6 })
      .map((lists) => lists.map((destinations, item) => ({ item, name: `p${item}`, destinations })));
    const url = fc
      .tuple(
        fc.constantFrom('a.b.c', 'z.a.b.c', 'b.c', 'z.b.c', 'a.b.c:8443', 'other'),
        fc.constantFrom('', '/x', '/x/y', '/z'),
      )
      .map(([host, path]) => canonicalUrl(`https://${host}${path}`));
    const outcome = (find: () => unknown): unknown => {
      try {
        return find();
      } catch (error) {
        return findClavigerError(error)?.code;
      }
    };
    fc.assert(
      fc.property(owners, url, (all, tried) => {
        const indexed = outcome(() => createDestinationIndex(all).find('GET', tried));
        return indexed === outcome(() => mostSpecific(all, 'GET', tried));
      }),
      { numRuns: 2_000 },
    );
  });
});

function caught(run: () => unknown): ClavigerError {
  try {
    run();
  } catch (error) {
    const found = findClavigerError(error);
    if (found !== undefined) return found;
    throw error;
  }
  throw new Error('nothing was thrown');
}
