import { assertHostHeader, type CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import { isOverridingHeader } from '../placement/overriding-headers.js';
import { isRequest } from './find-signal.js';

/** The options of a fetch-like call, as far as they concern us. */
export interface RequestOptions {
  url?: unknown;
  method?: unknown;
  headers?: unknown;
  redirect?: unknown;
  body?: unknown;
  data?: unknown;
}

/** What is judged of a call, read once: it is also what is sent. */
export interface RequestCall {
  readonly target: { readonly method: string; readonly url: string | URL };
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Options with which a client sends the request to another place than its URL: axios … */
const leadingAway = ['baseURL', 'socketPath', 'proxy'];
/** … and, beside a URL of its own, Node's http and undici. In one object such names can mean anything. */
const leadingAwayFromUrl = [...leadingAway, 'protocol', 'host', 'hostname', 'port', 'path'];

/**
 * Reads a call that is made like `fetch(input, init?)`, or with one object that holds a `url`.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` for arguments of another kind.
 */
export function readRequest(args: readonly unknown[]): RequestCall {
  const [input, init] = args as [unknown, RequestOptions | null | undefined];
  if (isRequest(input)) {
    assertNotLedAway(init, leadingAwayFromUrl);
    const { method = input.method, headers = input.headers } = init ?? {};
    return { target: { method: methodOf(method), url: input.url }, headers: pairsOf(headers) };
  }
  if (typeof input === 'string' || input instanceof URL) {
    assertNotLedAway(init, leadingAwayFromUrl);
    return { target: { method: methodOf(init?.method), url: input }, headers: pairsOf(init?.headers) };
  }
  const { url, method, headers } = (input ?? {}) as RequestOptions;
  assertNotLedAway(input, leadingAway);
  if (typeof url === 'string' || url instanceof URL) {
    return { target: { method: methodOf(method), url }, headers: pairsOf(headers) };
  }
  throw invalid(
    'a request placement needs a function called like fetch, (input, init?), or with one object that holds "url"',
  );
}

/** Refuses a `Host` header for another place than the URL. */
export function assertOwnHost({ headers }: RequestCall, url: CanonicalUrl): void {
  for (const [name, value] of headers) if (name.toLowerCase() === 'host') assertHostHeader(url, value);
}

/** Whether the call can be made twice: a body that is a stream is gone after the first time. */
export function isReplayable(args: readonly unknown[]): boolean {
  const [input, init] = args as [unknown, RequestOptions | null | undefined];
  if (isRequest(input)) return !isStream(init?.body ?? input.body);
  if (typeof input === 'string' || input instanceof URL) return !isStream(init?.body);
  const { body, data } = (input ?? {}) as RequestOptions;
  return !isStream(body) && !isStream(data);
}

function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const { getReader, pipe, next } = body as Record<string, unknown>;
  return [getReader, pipe, next].some((method) => typeof method === 'function') || Symbol.asyncIterator in body;
}

function assertNotLedAway(options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) return;
  const isSet = (value: unknown) => value !== undefined && value !== null && value !== false;
  const away = names.find((name) => isSet((options as Record<string, unknown>)[name]));
  if (away === undefined) return;
  throw invalid(`"${away}" would send the request to another place than its URL: set it inside the function instead`);
}

/** Clients spell the usual methods in capitals; so do we, before the destinations are asked and in what is sent. */
function methodOf(method: unknown): string {
  if (method === undefined) return 'GET';
  // an array of one text is a method to a client that turns it into a text
  if (typeof method !== 'string') throw invalid('the method of a request must be a text');
  return method.toUpperCase();
}

function pairsOf(headers: unknown): RequestCall['headers'] {
  if (headers === undefined || headers === null) return [];
  if (typeof headers !== 'object') throw invalid('the headers of a request must be an object');
  const entries: [unknown, unknown][] =
    Symbol.iterator in headers ? [...(headers as Iterable<unknown>)].map(pairOf) : Object.entries(headers);
  return entries
    .flatMap(([name, value]) => linesOf(value).map((line) => [textOf(name), textOf(line)] as const))
    .filter(([name]) => !isOverridingHeader(name));
}

function pairOf(entry: unknown): [unknown, unknown] {
  if (Array.isArray(entry) && entry.length === 2) return entry as [unknown, unknown];
  throw invalid('a list of headers must hold pairs of name and value');
}

/** An array is several lines, and what is not there is none. */
function linesOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid('names and values of headers must be texts');
}

function invalid(message: string): ClavigerError {
  return new ClavigerError('ERR_PLACEMENT_INVALID', message);
}
