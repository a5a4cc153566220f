import { ClavigerError } from '../errors.js';
import type { RequestHead } from '../placement/apply-to-request.js';
import type { RequestPlacement } from '../placement/placement.js';
import { applyGrant } from '../registry/apply-grant.js';
import type { Grant, Target } from '../registry/use.js';
import { isRequest } from './find-signal.js';

type HeaderBag = Headers | readonly (readonly [string, string])[] | Record<string, string | readonly string[]>;

/** The options of a fetch-like call, as far as they concern us. */
interface RequestOptions {
  url?: unknown;
  method?: unknown;
  headers?: HeaderBag;
  redirect?: unknown;
}

/**
 * Where a call goes that is made like `fetch(input, init?)`, or with one object that holds a `url`.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` for arguments of another kind.
 */
export function targetOf(args: readonly unknown[]): Target {
  const [input, init] = args as [unknown, RequestOptions | undefined];
  if (isRequest(input)) return { method: methodOf(init?.method ?? input.method), url: input.url };
  if (typeof input === 'string' || input instanceof URL) return { method: methodOf(init?.method), url: input };
  const { url, method } = (input ?? {}) as RequestOptions;
  if (typeof url === 'string' || url instanceof URL) return { method: methodOf(method), url };
  throw new ClavigerError(
    'ERR_PLACEMENT_INVALID',
    'a request placement needs a function called like fetch, (input, init?), or with one object that holds "url"',
  );
}

/** Fetch normalises the spelling of the usual methods; so do we, before the destinations are asked. */
function methodOf(method: unknown): string {
  return typeof method === 'string' ? method.toUpperCase() : 'GET';
}

/** The arguments of the call with the credential on a copy of the request. */
export function placeRequest(args: readonly unknown[], grant: Grant, placement: RequestPlacement): unknown[] {
  const [input, init, ...rest] = args as [unknown, RequestOptions | undefined, ...unknown[]];
  if (isRequest(input)) {
    const head = headOf(init?.headers ?? input.headers, grant, placement);
    const request = new Request(urlOf(grant, head), input);
    return [
      request,
      { ...init, headers: new Headers(head.headers), redirect: redirectOf(init, input.redirect) },
      ...rest,
    ];
  }
  if (typeof input === 'string' || input instanceof URL) {
    const head = headOf(init?.headers, grant, placement);
    const url = urlOf(grant, head);
    const options = { ...init, headers: likeBefore(init?.headers, head), redirect: redirectOf(init) };
    return [typeof input === 'string' ? url : new URL(url), options, ...rest];
  }
  const options = input as RequestOptions;
  const head = headOf(options.headers, grant, placement);
  const url = urlOf(grant, head);
  const placed = {
    ...options,
    url: typeof options.url === 'string' ? url : new URL(url),
    headers: likeBefore(options.headers, head),
    redirect: redirectOf(options),
  };
  return [placed, ...args.slice(1)];
}

/** A redirect would carry a custom header or a query parameter along: not unless the caller says so. */
function redirectOf(options: RequestOptions | undefined, inherited?: string): unknown {
  if (options?.redirect !== undefined) return options.redirect;
  return inherited === undefined || inherited === 'follow' ? 'error' : inherited;
}

function headOf(headers: HeaderBag | undefined, grant: Grant, placement: RequestPlacement): RequestHead {
  const head: RequestHead = { search: grant.url?.search ?? '', headers: pairsOf(headers) };
  applyGrant(head, grant, [placement]);
  return head;
}

function urlOf({ url }: Grant, head: RequestHead): string {
  if (url === undefined) throw new Error('unreachable: a request placement has a destination');
  return `${url.origin}${url.path}${head.search}${url.hash}`;
}

function pairsOf(headers: HeaderBag | undefined): [string, string][] {
  if (headers === undefined) return [];
  if (Symbol.iterator in headers) return [...headers].map(([name, value]) => [name, value]);
  return Object.entries(headers).flatMap(([name, value]) =>
    typeof value === 'string'
      ? [[name, value] as [string, string]]
      : [...value].map((one): [string, string] => [name, one]),
  );
}

/** In the shape in which the caller gave them; a plain object where there were none. */
function likeBefore(before: HeaderBag | undefined, { headers }: RequestHead): HeaderBag {
  if (Array.isArray(before)) return headers;
  if (before !== undefined && Symbol.iterator in before) return new Headers(headers);
  const record: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const there = Object.hasOwn(record, name) ? record[name] : undefined;
    Object.defineProperty(record, name, {
      value: there === undefined ? value : [there, value].flat(),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return record;
}
