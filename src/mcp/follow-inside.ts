import { tooMany } from '../http/redirect.js';

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirections = 5;

/**
 * Follows redirects as long as each hop lies inside the destinations: every hop is asked for as a first one, and so refused
 * outside. Messages and the id of their session go nowhere else, with a credential or without. A redirect that would turn a
 * message into a GET is left as it is, after `judge` has said whether it leads outside.
 */
export function followInside(send: Fetch, judge: (method: string, url: URL) => Promise<unknown>): Fetch {
  return async (input, init) => {
    let url = new URL(input);
    const method = init?.method ?? 'GET';
    for (let left = maxRedirections; ; left -= 1) {
      const response = await send(url, { ...init, redirect: 'manual' });
      const next = redirectOf(response, url);
      if (next === undefined) return response;
      if (!keepsMethod(response.status, method)) {
        await judge(method, next);
        return response;
      }
      await response.body?.cancel();
      if (left === 0) throw tooMany(next);
      url = next;
    }
  };
}

function redirectOf({ status, headers }: Response, url: URL): URL | undefined {
  const location = redirects.has(status) ? headers.get('location') : null;
  return location !== null && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
}

function keepsMethod(status: number, method: string): boolean {
  return status === 307 || status === 308 || method === 'GET';
}
