import { ambiguous } from './ambiguous.js';
import { canonicalUrl } from './canonical-url.js';
import { parseBaseUrl } from './parse-destination.js';

/**
 * A path appended to a base URL; `/` in front of it does not mean the root of the host. Query and fragment of the path
 * stay.
 *
 * @returns The canonical `href`.
 * @throws `ERR_DESTINATION_AMBIGUOUS` for `//…`, a backslash, anything that looks like a URL, and dot segments that
 * leave the base; `ERR_CONFIG_INVALID` for the base URL itself
 * @example
 * appendPath('https://api.example.com/v1', '/users/1?full') // 'https://api.example.com/v1/users/1?full'
 */
export function appendPath(baseUrl: string, path: string): string {
  const base = parseBaseUrl(baseUrl);
  if (/^[a-z][a-z0-9+.-]*:/i.test(path))
    throw ambiguous('what is appended to the base URL looks like a URL', base.host);
  if (/^(?:\/\/|\\)/.test(path))
    throw ambiguous('what is appended to the base URL starts like another host', base.host);
  const root = base.origin + base.path.replace(/\/$/, '');
  if (path === '' || /^[?#]/.test(path)) return canonicalUrl(`${base.href}${path}`).href;
  const url = canonicalUrl(`${root}${path.startsWith('/') ? '' : '/'}${path}`);
  const within = `${url.origin}${url.path}/`.startsWith(`${root}/`);
  if (!within) throw ambiguous('dot segments lead out of the base URL', base.host);
  return url.href;
}
