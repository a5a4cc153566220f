import { types } from 'node:util';
import { assertHostHeader, type CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import { isOverridingHeader } from '../placement/overriding-headers.js';
import { isRequest } from './find-signal.js';
import { assertNotLedAway } from './leading-away.js';

/** The options of a fetch-like call, as far as they concern us. */
export interface RequestOptions {
  url?: unknown;
  method?: unknown;
  headers?: unknown;
  redirect?: unknown;
  maxRedirects?: unknown;
  followRedirect?: unknown;
  body?: unknown;
  data?: unknown;
}

/** A call as it was read, once: what is judged is what is sent. All but the values of its options is ours. */
export interface RequestCall {
  readonly target: { readonly method: string; readonly url: string | URL };
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** `request`: a `Request` and perhaps options; `url`: a URL and perhaps options; `object`: one object that holds the URL. */
  readonly form: 'request' | 'url' | 'object';
  readonly options: RequestOptions;
  /** What the `Request` says of itself. */
  readonly request: RequestInit;
  /** Further arguments. */
  readonly rest: readonly unknown[];
}

/**
 * Reads a call that is made like `fetch(input, init?)`, or with one object that holds a `url`. Getters of the caller's run
 * once.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` for arguments of another kind, and for options that lead away from the URL.
 */
export function readRequest(args: readonly unknown[]): RequestCall {
  const input = args[0];
  if (isRequest(input)) {
    const options = initOf(args[1]);
    const { url, ...request } = copyOf(input, requestNames, {}) as { url: string; method: string; headers: Headers };
    return callOf('request', url, options, args.slice(2), request);
  }
  if (typeof input === 'string' || input instanceof URL) {
    return callOf('url', input, initOf(args[1]), args.slice(2));
  }
  const options = copyOf(input, ['url', ...optionNames]);
  const { url } = options;
  if (typeof url === 'string' || url instanceof URL) return callOf('object', url, options, args.slice(1));
  throw invalid(
    'a request placement needs a function called like fetch, (input, init?), or with one object that holds "url"',
  );
}

function callOf(
  form: RequestCall['form'],
  url: string | URL,
  options: RequestOptions,
  rest: readonly unknown[],
  request: RequestInit = {},
): RequestCall {
  assertNotLedAway(options, form === 'object' ? 'one object' : 'beside a URL');
  const { method = request.method, headers = request.headers } = options;
  return { target: { method: methodOf(method), url }, headers: pairsOf(headers), form, options, request, rest };
}

/** Fetch takes these from a prototype as well. */
const optionNames = ['method', 'headers', 'redirect', 'body', 'data', 'signal', 'duplex'];

/** All that makes up a `Request`, but no property that somebody gave it, such as a dispatcher. */
const requestNames = [
  ...['url', 'method', 'headers', 'body', 'duplex', 'redirect', 'signal', 'mode', 'credentials', 'cache'],
  ...['referrer', 'referrerPolicy', 'integrity', 'keepalive'],
];

function initOf(value: unknown): RequestOptions {
  const options = copyOf(value, optionNames);
  // every `Request` says that: it is nobody's choice
  if (options.redirect === 'follow' && isRequest(value)) delete options.redirect;
  return options;
}

/** Everything of a caller's object that can be seen, each property read once. */
function copyOf(value: unknown, names: readonly string[], start?: object): RequestOptions {
  if (typeof value !== 'object' || value === null) return {};
  const copy = { ...(start ?? value) } as Record<string, unknown>;
  if (Object.hasOwn(copy, '__proto__')) delete copy['__proto__'];
  if (start === undefined && Object.getPrototypeOf(value) === Object.prototype && !types.isProxy(value)) return copy;
  for (const name of names) {
    if (Object.hasOwn(copy, name)) continue;
    const inherited = (value as Record<string, unknown>)[name];
    if (inherited !== undefined && inherited !== null) copy[name] = inherited;
  }
  return copy;
}

/** Refuses a `Host` header for another place than the URL. */
export function assertOwnHost({ headers }: RequestCall, url: CanonicalUrl): void {
  for (const [name, value] of headers) if (name.toLowerCase() === 'host') assertHostHeader(url, value);
}

/** Whether the call can be made twice: a body that is a stream is gone after the first time. */
export function isReplayable({ options, request }: RequestCall): boolean {
  return !isStream(options.body ?? request.body) && !isStream(options.data);
}

function isStream(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const { getReader, pipe, next } = body as Record<string, unknown>;
  return [getReader, pipe, next].some((method) => typeof method === 'function') || Symbol.asyncIterator in body;
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
