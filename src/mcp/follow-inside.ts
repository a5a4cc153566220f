import { tooMany } from '../http/redirect.js';

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirections = 5;

/**
 * Follows redirects as long as each hop lies inside the destinations: every hop is asked for as a first one, and so refused
 * outside. Messages and the id of their session go nowhere else, with a credential or without. A redirect that would turn a
 * message into a GET is left as it is.
 */
export function followInside(send: Fetch): Fetch {
  return async (input, init) => {
    let url = new URL(input);
    for (let left = maxRedirections; ; left -= 1) {
      const response = await send(url, { ...init, redirect: 'manual' });
      const next = redirectOf(response, url, init?.method ?? 'GET');
      if (next === undefined) return response;
      await response.body?.cancel();
      if (left === 0) throw tooMany(next);
      url = next;
    }
  };
}

function redirectOf({ status, headers }: Response, url: URL, method: string): URL | undefined {
  const location = redirects.has(status) ? headers.get('location') : null;
  const keepsMethod = status === 307 || status === 308 || method === 'GET';
  return location !== null && keepsMethod && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
}
