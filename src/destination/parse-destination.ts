import { ClavigerError, isClavigerError } from '../errors.js';
import { canonicalUrl, type CanonicalUrl } from './canonical-url.js';
import { parseAuthorityPattern, type AuthorityPattern } from './host-pattern.js';
import { parsePathPattern, type PathPattern } from './path-pattern.js';

/** Where a credential may go: methods, origin and path pattern. */
export interface Destination extends AuthorityPattern {
  readonly text: string;
  /** Absent = all. GET brings HEAD with it. */
  readonly methods?: ReadonlySet<string>;
  readonly path: PathPattern;
}

/** Methods that no list admits: the first two send the credential back, the third is a tunnel and no request. */
export const REFUSED_METHODS: ReadonlySet<string> = new Set(['TRACE', 'TRACK', 'CONNECT']);

/**
 * Reads `[METHODS ]scheme://host[:port][/path]`.
 *
 * Methods are case-sensitive (RFC 9110, 9.1), in upper case and parted by commas alone; none = all; GET includes HEAD.
 * The host may start with `*.` (see {@link parseAuthorityPattern}), the path has wildcards (see
 * {@link parsePathPattern}); no path = every path.
 *
 * @throws `ERR_CONFIG_INVALID` with one issue
 * @example
 * parseDestination('GET,POST https://*.example.com:8443/v1/users/*')
 */
export function parseDestination(text: string): Destination {
  try {
    if (/[?#]/.test(text)) throw invalid('a query or a fragment has no place in it');
    const [, list, authority = '', path = ''] = /^(?:([^ :/]*) )?([^/]*\/\/[^/]*)(\/.*)?$/s.exec(text) ?? [];
    if (authority === '') throw invalid('it must read "[METHODS ]scheme://host[:port][/path]"');
    const origin = parseAuthorityPattern(authority);
    assertReachable(path);
    const methods = list === undefined ? {} : { methods: parseMethods(list) };
    return { text, ...methods, ...origin, path: parsePathPattern(path === '' ? '/' : path) };
  } catch (error) {
    if (!isClavigerError(error)) throw error;
    // What stands before an @ may be a password, and a query may hold a key.
    const shown = /[@?#]/.test(text) ? '' : ` ${JSON.stringify(text)}`;
    const message = `the destination${shown} is not valid: ${error.message}`;
    throw invalid(message, [{ path: 'destinations', message }]);
  }
}

/**
 * The destinations of a provider that lists none: everything under its base URL.
 *
 * @throws `ERR_CONFIG_INVALID` if the base URL has user information, a query, a fragment or a `*`, can be read in two
 * ways, or is plain http to a host that is not loopback
 * @example
 * destinationsOf('https://api.example.com/v1/') // that of 'https://api.example.com/v1/**'
 */
export function destinationsOf(baseUrl: string): Destination[] {
  const { origin, path } = parseBaseUrl(baseUrl);
  return [parseDestination(`${origin}${path.replace(/\/$/, '')}/**`)];
}

/**
 * The canonical form of a base URL.
 *
 * @throws `ERR_CONFIG_INVALID` as {@link destinationsOf}
 */
export function parseBaseUrl(baseUrl: string): CanonicalUrl {
  try {
    if (/[?#*]/.test(baseUrl)) throw invalid('a query, a fragment or a "*" has no place in it');
    return canonicalUrl(baseUrl);
  } catch (error) {
    if (!isClavigerError(error)) throw error;
    const message = `the base URL is not valid: ${error.message}`;
    throw invalid(message, [{ path: 'baseUrl', message }]);
  }
}

function parseMethods(list: string): Set<string> {
  const methods = new Set(list.split(','));
  for (const method of methods) {
    if (REFUSED_METHODS.has(method)) throw invalid(`a credential never goes with ${method}`);
    if (!/^[A-Z][A-Z0-9_-]*$/.test(method)) {
      throw invalid('methods are written in upper case, parted by commas without spaces: "GET,POST https://…"');
    }
  }
  if (methods.has('GET')) methods.add('HEAD');
  return methods;
}

/** A path that no canonical URL has would silently match nothing. */
function assertReachable(path: string): void {
  if (path.includes('//')) throw invalid('a path never holds "//"');
  if (/\/\.{1,2}(?:\/|$)/.test(path)) throw invalid('a path never holds a dot segment');
}

function invalid(message: string, issues?: { path: string; message: string }[]): ClavigerError {
  return new ClavigerError('ERR_CONFIG_INVALID', message, { issues });
}
