import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendPath } from '../../src/destination/append-path.js';
import { canonicalUrl } from '../../src/destination/canonical-url.js';
import { destinationsOf, matchDestination } from '../../src/destination/destination.js';
import { isClavigerError } from '../../src/errors.js';

describe('a path appended to a base URL', () => {
  it.each([
    ['https://api.x.com/v1', '/users/1', 'https://api.x.com/v1/users/1'],
    ['https://api.x.com/v1/', '/users/1', 'https://api.x.com/v1/users/1'],
    ['https://api.x.com/v1', 'users/1', 'https://api.x.com/v1/users/1'],
    ['https://api.x.com', '/users?q=a/../b#f', 'https://api.x.com/users?q=a/../b#f'],
    ['https://API.x.com:443/v1', '', 'https://api.x.com/v1'],
    ['https://api.x.com/v1/', '', 'https://api.x.com/v1/'],
    ['https://api.x.com/v1', '?q=1', 'https://api.x.com/v1?q=1'],
    ['https://api.x.com/v1', '/', 'https://api.x.com/v1/'],
    ['https://api.x.com/v1', '/a/../b', 'https://api.x.com/v1/b'],
    ['https://api.x.com/v1', '/a/..', 'https://api.x.com/v1/'],
    ['https://api.x.com/v1', '/a:b/c', 'https://api.x.com/v1/a:b/c'],
    ['https://api.x.com/@org', '/group%2fname', 'https://api.x.com/@org/group%2Fname'],
    ['http://127.0.0.1:80', '/x', 'http://127.0.0.1/x'],
  ])('%s + %s = %s', (base, path, url) => {
    expect(appendPath(base, path)).toBe(url);
  });

  it.each([
    '//evil.com/x',
    '/\\evil.com',
    '\\\\evil.com',
    '\\x',
    'https://evil.com',
    'https:evil.com',
    'javascript:x',
    '/../v2',
    '/..',
    '..',
    '../v10',
    '/a/../../v10',
    '/%2e%2e/admin',
    '/..%2fadmin',
    '/a//b',
    '/a\n',
    ' /a',
  ])('refuses %j', (path) => {
    expect(() => appendPath('https://api.x.com/v1', path)).toThrow(
      expect.objectContaining({ code: 'ERR_DESTINATION_AMBIGUOUS' }),
    );
  });

  it.each([
    'https://u:hunter2-secret@a/',
    'https://a/?key=hunter2-secret',
    'https://a/#hunter2-secret',
    'https://a/*',
    'hunter2-secret',
    'ftp://a/',
  ])('refuses the base URL %s and does not quote it', (base) => {
    expect(() => appendPath(base, '/x')).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG_INVALID',
        message: expect.not.stringContaining('hunter2') as string,
      }),
    );
  });

  it('never leaves the destinations that the base URL stands for', () => {
    const [destination] = destinationsOf('https://api.x.com/v1');
    if (destination === undefined) throw new Error('no destination');
    const part = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      'v1',
      'v10',
      '@',
      ':',
      '\\',
      '?',
      '#',
      ';',
      'é',
      '%',
      'https:',
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
        (path) => {
          try {
            return matchDestination(destination, 'GET', canonicalUrl(appendPath('https://api.x.com/v1', path)));
          } catch (error) {
            return isClavigerError(error) && error.code === 'ERR_DESTINATION_AMBIGUOUS';
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
