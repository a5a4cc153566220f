import type { RequestHead } from '../placement/apply-to-request.js';
import type { RequestPlacement } from '../placement/placement.js';
import { applyGrant } from '../registry/apply-grant.js';
import type { Grant } from '../registry/use.js';
import { isRequest } from './find-signal.js';
import type { RequestCall, RequestOptions } from './request-call.js';

type HeaderBag = Headers | [string, string][] | Record<string, string | string[]>;

/** The arguments of the call with the credential on a copy of the request: method, URL and headers as they were judged. */
export function placeRequest(
  args: readonly unknown[],
  call: RequestCall,
  grant: Grant,
  placement: RequestPlacement,
): unknown[] {
  const [input, init, ...rest] = args as [unknown, RequestOptions | null | undefined, ...unknown[]];
  const head: RequestHead = {
    search: grant.url?.search ?? '',
    headers: call.headers.map(([name, value]) => [name, value]),
  };
  applyGrant(head, grant, [placement]);
  const url = urlOf(grant, head);
  if (isRequest(input)) {
    const headers = new Headers(head.headers);
    return [
      new Request(url, input),
      { ...init, method: call.target.method, headers, redirect: redirectOf(init, input.redirect) },
      ...rest,
    ];
  }
  const placedUrl = typeof call.target.url === 'string' ? url : new URL(url);
  if (typeof input === 'string' || input instanceof URL)
    return [placedUrl, placedOptions(init ?? {}, call, head), ...rest];
  return [{ ...placedOptions(input as RequestOptions, call, head), url: placedUrl }, ...args.slice(1)];
}

function placedOptions(options: RequestOptions, { target }: RequestCall, head: RequestHead): RequestOptions {
  return {
    ...options,
    ...('method' in options ? { method: target.method } : {}),
    headers: likeBefore(options.headers, head),
    redirect: redirectOf(options),
  };
}

/** A redirect would carry a custom header or a query parameter along: not unless the caller says so. */
function redirectOf(options: RequestOptions | null | undefined, inherited?: string): unknown {
  if (options?.redirect !== undefined) return options.redirect;
  return inherited === undefined || inherited === 'follow' ? 'error' : inherited;
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
