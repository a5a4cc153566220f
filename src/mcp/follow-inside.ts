import { tooMany } from '../http/redirect.js';
import type { Unit } from '../registry/admission.js';

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;
/** Hops of one request belong to one unit of quota. */
type CountedFetch = (url: string | URL, init?: RequestInit, unit?: Unit | 'skip') => Promise<Response>;

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirections = 5;

/**
 * Follows redirects as long as each hop lies inside the destinations: every hop is asked for as a first one, and so refused
 * outside. Messages and the id of their session go nowhere else, with a credential or without. A redirect that would turn a
 * message into a GET is left as it is, after `judge` has said whether it leads outside.
 */
export function followInside(send: CountedFetch, judge: (method: string, url: URL) => Promise<unknown>): Fetch {
  return async (input, init) => {
    let url = new URL(input);
    const method = init?.method ?? 'GET';
    const unit: Unit | 'skip' = countsAsUse(init?.body) ? new Map() : 'skip';
    for (let left = maxRedirections; ; left -= 1) {
      const response = await send(url, { ...init, redirect: 'manual' }, unit);
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

/** The upkeep of a session: whatever a client does before and between what it is used for. */
const upkeep = new Set([
  'initialize',
  'ping',
  'logging/setLevel',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
]);

/** Whether a message is what quotas count: a request that asks for something, such as a tool call. */
function countsAsUse(body: RequestInit['body']): boolean {
  if (typeof body !== 'string') return false; // a stream of the server's messages, or the end of the session
  const message = JSON.parse(body) as { id?: unknown; method?: unknown };
  if (Array.isArray(message)) return true;
  const { id, method } = message;
  return id !== undefined && typeof method === 'string' && !upkeep.has(method);
}

function redirectOf({ status, headers }: Response, url: URL): URL | undefined {
  const location = redirects.has(status) ? headers.get('location') : null;
  return location !== null && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
}

function keepsMethod(status: number, method: string): boolean {
  return status === 307 || status === 308 || method === 'GET';
}
