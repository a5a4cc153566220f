import type { Duplex } from 'node:stream';

/**
 * undici's dispatch interfaces, as far as they are the same in undici 7 and 8. They are written down here, as users bring
 * dispatchers of either version.
 */
export interface DispatchOptions {
  origin?: string | URL | undefined;
  path: string;
  method: string;
  headers?: unknown;
  body?: unknown;
  query?: Record<string, unknown> | null | undefined;
  upgrade?: boolean | string | null | undefined;
  reset?: boolean | undefined;
  /** As undici's redirect interceptor has it; 0 keeps one from following. */
  maxRedirections?: number | undefined;
  /** The name in the certificate, where it is not that of the origin (undici's dns interceptor sets it). */
  servername?: string | null | undefined;
}

export type HeaderRecord = Record<string, string | string[] | undefined>;

/** Stands for a record that nobody has made yet. */
export const unread: HeaderRecord = Object.freeze({});

export interface DispatchController {
  readonly aborted: boolean;
  readonly paused: boolean;
  readonly reason: Error | null;
  rawHeaders?: unknown;
  rawTrailers?: unknown;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

export interface DispatchHandler {
  /** Whether it takes heads from the controller's `rawHeaders` and `rawTrailers` and can do without a record: {@link unread}. */
  readonly readsRaw?: boolean;
  onRequestStart?(controller: DispatchController, context: unknown): void;
  onRequestUpgrade?(controller: DispatchController, statusCode: number, headers: HeaderRecord, socket: Duplex): void;
  onResponseStart?(
    controller: DispatchController,
    statusCode: number,
    headers: HeaderRecord,
    statusMessage?: string,
  ): void;
  onResponseData?(controller: DispatchController, chunk: Buffer): void;
  onResponseEnd?(controller: DispatchController, trailers: HeaderRecord): void;
  onResponseError?(controller: DispatchController, error: Error): void;
}

export type Dispatch = (options: DispatchOptions, handler: DispatchHandler) => boolean;

/** The `dispatch` of any version of undici, whatever its types call options and handlers. */
export type AnyDispatch = (options: never, handler: never) => boolean;

/** Anything with undici's `dispatch`: an Agent, a Pool, a ProxyAgent, a MockAgent, of undici 7 or 8. */
export interface Dispatching {
  readonly dispatch: AnyDispatch;
}

/** Takes a foreign dispatcher at its word: its interface is the one above in all but the names of types. */
export function dispatchOf(dispatcher: Dispatching): Dispatch {
  return (options, handler) => (dispatcher as { dispatch: Dispatch }).dispatch(options, handler);
}
