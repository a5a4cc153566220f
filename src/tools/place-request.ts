import type { RequestHead } from '../placement/apply-to-request.js';
import type { RequestPlacement } from '../placement/placement.js';
import { applyGrant } from '../registry/apply-grant.js';
import type { Grant } from '../registry/use.js';
import { placeQuery } from './place-query.js';
import type { AnyFunction } from './injected-type.js';
import type { RequestCall } from './request-call.js';

type HeaderBag = Headers | [string, string][] | Record<string, string | string[]>;

/**
 * The arguments of the call with the credential on a copy of the request: method, URL and headers as they were judged.
 *
 * Redirects are not followed unless the caller says so, as a client would take a custom header or a query parameter along:
 * `redirect: 'error'` is what fetch and its like understand, `maxRedirects: 0` axios, got and follow-redirects. Node's http and
 * `undici.request` follow none. got refuses options that it does not know, so it gets only its own.
 */
export function placeRequest(fn: AnyFunction, call: RequestCall, grant: Grant, placement: RequestPlacement): unknown[] {
  const { target, form, options, request, rest } = call;
  const head: RequestHead = {
    search: grant.url?.search ?? '',
    headers: call.headers.map(([name, value]) => [name, value]),
  };
  applyGrant(head, grant, [placement]);
  const url = urlOf(grant, head);
  if (form === 'request') {
    const redirect = options.redirect ?? (request.redirect === 'follow' ? 'error' : request.redirect);
    const placed = { ...options, method: target.method, headers: new Headers(head.headers), redirect };
    return [new Request(url, request), placed, ...rest];
  }
  const placed = Object.assign({}, placeQuery(options, head, grant, placement)); // ours: no setter, no own "__proto__"
  if ('method' in options) placed.method = target.method;
  placed.headers = likeBefore(options.headers, head);
  placed.redirect = options.redirect ?? 'error';
  if (options.followRedirect === undefined) placed.maxRedirects = options.maxRedirects ?? 0;
  if (isGot(fn)) delete placed.redirect;
  const placedUrl = typeof target.url === 'string' ? url : new URL(url);
  if (form === 'url') return [placedUrl, placed, ...rest];
  placed.url = placedUrl;
  return [placed, ...rest];
}

/** By its surface: whoever hands it in has it installed, we don't. */
function isGot(fn: AnyFunction & { extend?: unknown; stream?: unknown; paginate?: unknown }): boolean {
  return typeof fn.extend === 'function' && typeof fn.stream === 'function' && typeof fn.paginate === 'function';
}

function urlOf({ url }: Grant, head: RequestHead): string {
  if (url === undefined) throw new Error('unreachable: a request placement has a destination');
  return `${url.origin}${url.path}${head.search}${url.hash}`;
}

/** In the shape in which the caller gave them; a plain object where there were none. */
function likeBefore(before: unknown, { headers }: RequestHead): HeaderBag {
  if (Array.isArray(before)) return headers;
  if (typeof before === 'object' && before !== null && Symbol.iterator in before) return new Headers(headers);
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
