import type { Duplex } from 'node:stream';
import type { DispatchController, DispatchHandler, HeaderRecord } from './dispatch.js';

/** The handler interface that undici 7's own `request` and `fetch`, and the `fetch` of Node up to 24, still use. */
interface LegacyHandler {
  onConnect?(abort: (reason: Error) => void, context: unknown): void;
  onUpgrade?(statusCode: number, headers: Buffer[], socket: Duplex): void;
  onHeaders?(statusCode: number, headers: Buffer[], resume: () => void, statusMessage?: string): boolean | undefined;
  onData?(chunk: Buffer): boolean | undefined;
  onComplete?(trailers: Buffer[]): void;
  onError?(error: Error): void;
}

/** A handler that has today's interface, whichever it had. */
export function modernHandler(handler: DispatchHandler): DispatchHandler {
  return typeof handler.onRequestStart === 'function' ? handler : new ModernHandler(handler as LegacyHandler);
}

class ModernHandler implements DispatchHandler {
  readonly readsRaw = true;
  readonly #handler: LegacyHandler;

  constructor(handler: LegacyHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: DispatchController, context: unknown): void {
    this.#handler.onConnect?.((reason) => controller.abort(reason), context);
  }

  onRequestUpgrade(controller: DispatchController, statusCode: number, headers: HeaderRecord, socket: Duplex): void {
    this.#handler.onUpgrade?.(statusCode, rawPairs(controller.rawHeaders, headers), socket);
  }

  onResponseStart(
    controller: DispatchController,
    statusCode: number,
    headers: HeaderRecord,
    statusMessage?: string,
  ): void {
    const raw = rawPairs(controller.rawHeaders, headers);
    const goesOn = this.#handler.onHeaders?.(statusCode, raw, () => controller.resume(), statusMessage);
    if (goesOn === false && statusCode >= 200) controller.pause();
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd(controller: DispatchController, trailers: HeaderRecord): void {
    this.#handler.onComplete?.(rawPairs(controller.rawTrailers, trailers));
  }

  onResponseError(_controller: DispatchController, error: Error): void {
    if (this.#handler.onError === undefined) throw error;
    this.#handler.onError(error);
  }
}

function rawPairs(raw: unknown, headers: HeaderRecord): Buffer[] {
  return Array.isArray(raw) ? (raw as Buffer[]) : toRawHeaders(headers);
}

/** Names and values in turn, as they come from the wire. */
export function toRawHeaders(headers: HeaderRecord): Buffer[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((each) => [Buffer.from(name, 'latin1'), Buffer.from(each, 'latin1')]),
  );
}
