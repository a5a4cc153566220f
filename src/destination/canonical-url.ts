import { ambiguous } from './ambiguous.js';
import { authorityOf, type Authority } from './authority.js';
import { canonicalPath } from './canonical-path.js';

/** The one reading of a URL: what policy judges and what goes on the wire. */
export interface CanonicalUrl {
  readonly href: string;
  readonly origin: string;
  readonly protocol: 'https:' | 'http:';
  /** As in the `Host` header: the default port is dropped. */
  readonly host: string;
  /** Lower case, IDNA applied; IPv6 in brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The canonical path, without the query; never empty. */
  readonly path: string;
  /** `''` or `'?…'`, byte for byte as it goes on the wire. */
  readonly search: string;
  /** `''` or `'#…'`; never goes on the wire. */
  readonly hash: string;
  readonly loopback: boolean;
}

/**
 * The one reading of an absolute URL, or an error where there are two.
 *
 * A string is judged as it was written. A `URL` is judged as its parser left it: what that normalised is simply
 * normal. The result is a fixed point, also of the WHATWG parser: `new URL(href).href === href`.
 *
 * @throws `ERR_DESTINATION_AMBIGUOUS` naming the rule (API.md, "Canonical URL"), `ERR_DESTINATION_DENIED` for a scheme
 * other than http and https. Neither quotes the URL.
 * @example
 * canonicalUrl('https://API.example.com:443/%7eme?q=1').href // 'https://api.example.com/~me?q=1'
 */
export function canonicalUrl(input: string | URL): CanonicalUrl {
  const raw = typeof input === 'string' ? input : input.href;
  const end = authorityEnd(raw);
  const authority = authorityOf(raw.slice(0, end));
  if (raw.endsWith(' ')) throw ambiguous('it ends with a space', authority.host);
  const hashAt = raw.indexOf('#', end);
  const hash = hashAt === -1 ? '' : raw.slice(hashAt);
  const target = hashAt === -1 ? raw.slice(end) : raw.slice(end, hashAt);
  const queryAt = target.indexOf('?');
  const path = canonicalPath(queryAt === -1 ? target : target.slice(0, queryAt), authority.host);
  const search = queryAt === -1 ? '' : encodeTail(target.slice(queryAt), PLAIN_QUERY, /[^!$-&(-;=?-~]+/g, authority);
  return compose(
    authority,
    path,
    search,
    hash === '' ? '' : encodeTail(hash, PLAIN_HASH, /[^!#-;=?-_a-~]+/g, authority),
  );
}

/**
 * The one reading of a request that is given as an origin and a raw request target (origin-form, RFC 9112, 3.2.1), as
 * undici's `dispatch` and a server's `request.url` have it. No URL parser touches the target, since it would repair
 * what goes on the wire.
 *
 * @param origin `scheme://host[:port]`, a final `/` allowed
 * @param rawPath Path and query. An absolute target, `*`, a `#`, and anything but printable ASCII is refused.
 * @throws as {@link canonicalUrl}
 */
export function canonicalTarget(origin: string | URL, rawPath: string): CanonicalUrl {
  const base = typeof origin === 'string' ? origin : origin.href;
  const authority = authorityOf(base.endsWith('/') ? base.slice(0, -1) : base);
  if (!rawPath.startsWith('/')) throw ambiguous('its request target does not start with "/"', authority.host);
  if (!/^[!"$-~]+$/.test(rawPath)) {
    throw ambiguous('its request target holds a space, a "#", a control or a non-ASCII character', authority.host);
  }
  const queryAt = rawPath.indexOf('?');
  const path = canonicalPath(queryAt === -1 ? rawPath : rawPath.slice(0, queryAt), authority.host);
  return compose(authority, path, queryAt === -1 ? '' : rawPath.slice(queryAt), '');
}

/**
 * Refuses a `Host` header that names another place than the URL: the one is routed by, the other judged.
 *
 * @throws `ERR_DESTINATION_AMBIGUOUS`
 */
export function assertHostHeader(url: CanonicalUrl, hostHeader: string): void {
  let host: string | undefined;
  try {
    host = authorityOf(`${url.protocol}//${hostHeader}`).host;
  } catch {
    // Unreadable is as bad as different; its own error would not say which of the two hosts is meant.
  }
  if (host !== url.host) throw ambiguous('its Host header names another host', url.host);
}

function compose(authority: Authority, path: string, search: string, hash: string): CanonicalUrl {
  const { origin, protocol, host, hostname, port, loopback } = authority;
  const query = search === '?' ? '' : search;
  const fragment = hash === '#' ? '' : hash;
  const href = origin + path + query + fragment;
  return { href, origin, protocol, host, hostname, port, path, search: query, hash: fragment, loopback };
}

/** Where the path, the query or the fragment begins: at a delimiter of any reading, the backslash included. */
function authorityEnd(raw: string): number {
  for (let index = raw.indexOf('://') + 3; index < raw.length; index++) {
    const code = raw.charCodeAt(index);
    if (code === 0x2f || code === 0x3f || code === 0x23 || code === 0x5c) return index;
  }
  return raw.length;
}

/** The query and the fragment of a `URL` in Node: the query percent-encode set of special URLs, the fragment's. */
const PLAIN_QUERY = /^[!$-&(-;=?-~]*$/;
const PLAIN_HASH = /^[!#-;=?-_a-~]*$/;

/** Query or fragment as the URL parser writes it; only control characters and lone surrogates are refused. */
function encodeTail(raw: string, plain: RegExp, others: RegExp, { host }: Authority): string {
  if (plain.test(raw)) return raw;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\0-\x1f\x7f]/.test(raw)) throw ambiguous('its query or fragment holds a control character', host);
  try {
    return raw.replace(others, (text) => encodeURIComponent(text).replaceAll("'", '%27'));
  } catch {
    throw ambiguous('its query or fragment holds half a surrogate pair', host);
  }
}
