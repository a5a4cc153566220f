import type { Readable } from 'node:stream';
import type { Redaction } from './item-redaction.js';
import { isNodeReadable } from './value-kinds.js';
import { wrapNodeReadable, wrapReadableStream } from './wrap-stream.js';

type ResponseClass = new (body: unknown, init: Record<string, unknown>) => Response;

/** Said of the bytes as they were. */
const bodyHeaders = new Set(['content-length', 'content-md5', 'content-digest', 'repr-digest', 'digest', 'etag']);

/** A response of the same class (fetch's, undici's own, node-fetch's) with redacted body, headers and status text. */
export function wrapResponse(source: Response, redaction: Redaction): Response {
  // A network error or an opaque response: it shows nothing.
  if (source.status === 0) return source;
  const body = bodyOf(source, redaction);
  const init = {
    status: source.status,
    statusText: redaction.value(source.statusText),
    headers: headersOf(source, redaction, body !== null),
    url: redaction.value(source.url),
  };
  return decorate(construct(source, body, init), source, redaction);
}

function bodyOf(source: Response, redaction: Redaction): unknown {
  const body = source.body as unknown;
  if (typeof body !== 'object' || body === null || source.bodyUsed) return null;
  if (isNodeReadable(body)) return wrapNodeReadable(body as Readable, redaction);
  return wrapReadableStream(body as ReadableStream<unknown>, redaction);
}

function headersOf(source: Response, redaction: Redaction, hasBody: boolean): [string, string][] {
  return [...(source.headers as Iterable<[string, string]>)]
    .filter(([name]) => redaction.value(name) === name && !(hasBody && bodyHeaders.has(name.toLowerCase())))
    .map(([name, value]) => [name, redaction.value(value)]);
}

function construct(source: Response, body: unknown, init: Record<string, unknown>): Response {
  for (const Class of [source.constructor as unknown as ResponseClass, Response as unknown as ResponseClass]) {
    try {
      const response = new Class(body, init);
      if (response.status === source.status) return response;
    } catch {
      // A subclass may take other arguments; a status such as 101 can't be constructed at all.
    }
  }
  return new Response(null, { headers: init['headers'] as [string, string][] });
}

/** What a constructor can't set. */
function decorate(response: Response, source: Response, redaction: Redaction): Response {
  const { status, ok, redirected, type, bodyUsed } = source;
  const url = redaction.value(source.url);
  const known = { status, ok, redirected, type, url, ...(bodyUsed ? { bodyUsed } : {}) };
  for (const [name, value] of Object.entries(known)) {
    if (Reflect.get(response, name) !== value) Object.defineProperty(response, name, { value, configurable: true });
  }
  const clone = response.clone.bind(response);
  const value = () => decorate(clone(), source, redaction);
  Object.defineProperty(response, 'clone', { value, configurable: true, writable: true });
  return response;
}
