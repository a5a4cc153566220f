import type { Duplex } from 'node:stream';
import { ClavigerError } from '../errors.js';
import { removeHeader, type RequestHead } from '../placement/apply-to-request.js';
import type { DispatchController, DispatchHandler, DispatchOptions, HeaderRecord } from './dispatch.js';
import { isReplayable } from './replayable-body.js';
import { flatHeaders, headerPairs, rawTarget } from './request-head.js';

/** Sends one hop; what it carries is decided there. */
export type SendHop = (options: DispatchOptions, handler: DispatchHandler) => boolean;

const redirects = new Set([301, 302, 303, 307, 308]);

/** The body of a redirect up to this is read to its end, so that the connection can be used again. */
const MAX_DRAINED = 64 * 1024;

/**
 * Follows redirects as Fetch does (HTTP-redirect fetch): methods change as there, and across origins the caller's own
 * `Authorization` and cookies stay behind. Everything else is the business of whoever sends the next hop.
 *
 * A redirect that would need a body that can't be sent again is handed to the caller. One too many is
 * `ERR_BROKER_UPSTREAM`.
 */
export class RedirectHandler implements DispatchHandler {
  readonly #send: SendHop;
  readonly #handler: DispatchHandler;
  readonly #history: URL[] = [];
  #options: DispatchOptions;
  #left: number;
  #next: DispatchOptions | undefined;
  #drained = 0;

  constructor(send: SendHop, options: DispatchOptions, handler: DispatchHandler, maxRedirections: number) {
    this.#send = send;
    this.#options = options;
    this.#handler = handler;
    this.#left = maxRedirections;
  }

  onRequestStart(controller: DispatchController, context: unknown): void {
    this.#handler.onRequestStart?.(controller, { ...(context as object | undefined), history: this.#history });
  }

  onRequestUpgrade(controller: DispatchController, statusCode: number, headers: HeaderRecord, socket: Duplex): void {
    this.#handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  /** @throws ClavigerError `ERR_BROKER_UPSTREAM` */
  onResponseStart(
    controller: DispatchController,
    statusCode: number,
    headers: HeaderRecord,
    statusMessage?: string,
  ): void {
    const { location } = headers;
    if (redirects.has(statusCode) && typeof location === 'string') this.#next = this.#follow(statusCode, location);
    if (this.#next === undefined) this.#handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    if (this.#next === undefined) {
      this.#handler.onResponseData?.(controller, chunk);
      return;
    }
    this.#drained += chunk.length;
    if (this.#drained > MAX_DRAINED) controller.abort(new Error('the rest of a redirect is not needed'));
  }

  onResponseEnd(controller: DispatchController, trailers: HeaderRecord): void {
    if (this.#next === undefined) this.#handler.onResponseEnd?.(controller, trailers);
    else this.#goOn(this.#next);
  }

  onResponseError(controller: DispatchController, error: Error): void {
    if (this.#next === undefined || this.#drained <= MAX_DRAINED) this.#handler.onResponseError?.(controller, error);
    else this.#goOn(this.#next);
  }

  #goOn(next: DispatchOptions): void {
    this.#options = next;
    this.#next = undefined;
    this.#drained = 0;
    this.#send(next, this);
  }

  #follow(statusCode: number, location: string): DispatchOptions | undefined {
    const { method, origin } = this.#options;
    const from = new URL(rawTarget(this.#options), origin);
    const becomesGet =
      isPostTurnedGet(statusCode, method) || (statusCode === 303 && method !== 'GET' && method !== 'HEAD');
    if (!becomesGet && !isReplayable(this.#options.body)) return undefined;
    const to = parse(location, from);
    if (this.#left-- <= 0) throw tooMany(from);
    this.#history.push(from);
    return {
      ...this.#options,
      origin: to.origin,
      path: to.pathname + to.search,
      query: undefined,
      headers: flatHeaders(this.#headers(from.origin === to.origin, becomesGet)),
      ...(becomesGet ? { method: 'GET', body: null } : {}),
    };
  }

  #headers(sameOrigin: boolean, withoutBody: boolean): RequestHead['headers'] {
    const head: RequestHead = { search: '', headers: headerPairs(this.#options.headers) };
    const left = sameOrigin ? ['host'] : ['host', 'authorization', 'cookie', 'proxy-authorization'];
    for (const name of left) removeHeader(head, name);
    return withoutBody ? head.headers.filter(([name]) => !/^content-/i.test(name)) : head.headers;
  }
}

function isPostTurnedGet(statusCode: number, method: string): boolean {
  return (statusCode === 301 || statusCode === 302) && method === 'POST';
}

function parse(location: string, from: URL): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to !== undefined && /^https?:$/.test(to.protocol)) return to;
  const message = `${from.host} redirects to what is no http or https URL`;
  throw new ClavigerError('ERR_BROKER_UPSTREAM', message, { host: from.host });
}

export function tooMany({ host }: { host: string }): ClavigerError {
  const message = `${host} redirects once more than maxRedirections allows: raise it, or look for a loop`;
  return new ClavigerError('ERR_BROKER_UPSTREAM', message, { host });
}
