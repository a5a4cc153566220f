import { stringify, type ParsedUrlQueryInput } from 'node:querystring';
import { isIP } from 'node:net';
import { isLoopbackHost } from '../destination/address.js';
import type { RequestHead } from '../placement/apply-to-request.js';
import type { DispatchOptions } from './dispatch.js';

/**
 * The headers of a dispatch as pairs of our own, whatever form they came in: none, a flat array, pairs, a record or
 * anything iterable.
 */
export function headerPairs(headers: unknown): RequestHead['headers'] {
  const pairs: RequestHead['headers'] = [];
  if (typeof headers !== 'object' || headers === null) return pairs;
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    if (headers.length % 2 !== 0) throw new TypeError('a flat array of headers needs a value for every name');
    for (let index = 0; index < headers.length; index += 2) add(pairs, headers[index], headers[index + 1]);
  } else if (isPairs(headers)) {
    for (const [name, value] of headers) add(pairs, name, value);
  } else {
    for (const name of Object.keys(headers)) add(pairs, name, (headers as Record<string, unknown>)[name]);
  }
  return pairs;
}

/** `Headers`, a `Map`, an array of pairs; a plain object with a planted iterator stays a record. */
function isPairs(headers: object): headers is Iterable<[unknown, unknown]> {
  return Object.getPrototypeOf(headers) !== Object.prototype && Symbol.iterator in headers;
}

/** As undici reads them: `undefined` is absent, an array is several lines. */
function add(pairs: RequestHead['headers'], name: unknown, value: unknown): void {
  if (Array.isArray(value)) for (const each of value) pairs.push([String(name), valueText(each)]);
  else if (value !== undefined) pairs.push([String(name), valueText(value)]);
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) throw new TypeError('the value of a header must be a text');
  return value === null || value === undefined ? '' : `${value as number | boolean}`;
}

/** Names and values in turn: the form that undici takes up fastest. */
export function flatHeaders(pairs: RequestHead['headers']): string[] {
  const flat: string[] = [];
  for (const [name, value] of pairs) flat.push(name, value);
  return flat;
}

/** Path and query as they would go on the wire, undici's `query` option included. */
export function rawTarget({ path, query }: DispatchOptions): string {
  const added = query === undefined || query === null ? '' : stringify(query as ParsedUrlQueryInput);
  if (added === '') return path;
  if (/[?#]/.test(path)) throw new TypeError('the query option can not be used with a path that has a query already');
  return `${path}?${added}`;
}

/** Every value of a header. */
export function valuesOf(pairs: RequestHead['headers'], name: string): string[] {
  const values: string[] = [];
  for (const [other, value] of pairs) if (other.toLowerCase() === name) values.push(value);
  return values;
}

export function hasHeader(pairs: RequestHead['headers'], name: string): boolean {
  return pairs.some(([other]) => other.toLowerCase() === name);
}

/**
 * The origin that a request is meant for. undici's dns interceptor puts an address in its place and the name into `Host`
 * and `servername`: over https the certificate has to bear that name, over http both have to be loopback.
 */
export function logicalOrigin(options: DispatchOptions, hosts: readonly string[]): string | undefined {
  const { origin, servername } = options;
  if (origin === undefined) return undefined;
  const [host] = hosts;
  if (typeof servername !== 'string' || host === undefined || hosts.length > 1) return originText(origin);
  const url = new URL(origin);
  const named = URL.canParse(`${url.protocol}//${host}`) ? new URL(`${url.protocol}//${host}`) : undefined;
  const isResolved =
    isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 && named?.hostname === servername && named.port === url.port;
  const isVouchedFor = url.protocol === 'https:' || (isLoopbackHost(url.hostname) && isLoopbackHost(servername));
  return isResolved && isVouchedFor ? `${url.protocol}//${host}` : originText(origin);
}

function originText(origin: string | URL): string {
  return typeof origin === 'string' ? origin : origin.origin;
}

/**
 * Headers of the caller's that never go with a credential: those of one connection only (RFC 9110 §7.6.1), those that
 * let an upstream read another method, path or host than was judged, and codings, as what is compressed together with a
 * secret betrays it by its length.
 */
const dropped = new Set([
  'host',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'accept-encoding',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
  'x-forwarded-host',
]);

/** Parts of a body can't be searched for a secret that reaches over their edges. */
const ranges = new Set(['range', 'if-range']);

/** What may travel with a credential, and whether the caller wanted the connection closed. */
export function cleanHeaders(
  pairs: RequestHead['headers'],
  keepRanges: boolean,
): { headers: RequestHead['headers']; close: boolean } {
  if (pairs.length === 0) return { headers: [], close: false };
  const nominated = valuesOf(pairs, 'connection').flatMap((value) =>
    value.split(',').map((token) => token.trim().toLowerCase()),
  );
  const headers: RequestHead['headers'] = [];
  for (const pair of pairs) {
    const name = pair[0].toLowerCase();
    if (dropped.has(name) || nominated.includes(name) || name.startsWith('proxy-')) continue;
    if (!keepRanges && ranges.has(name)) continue;
    headers.push(pair);
  }
  return { headers, close: nominated.includes('close') };
}
