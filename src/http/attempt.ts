import type { Duplex } from 'node:stream';
import { ClavigerError } from '../errors.js';
import type { DispatchController, DispatchHandler, HeaderRecord } from './dispatch.js';
import type { HopController } from './hop-controller.js';

/** A refused answer up to this is read to its end, so that the connection can be used again. */
const MAX_DRAINED = 64 * 1024;

/**
 * The handler of one attempt. Its promise settles with the head; a 401 is held back until it is known whether there will
 * be another attempt, every other answer goes on at once.
 */
export class Attempt implements DispatchHandler {
  readonly readsRaw: boolean;
  readonly answered: Promise<{ statusCode: number }>;
  readonly #controller: HopController;
  readonly #handler: DispatchHandler;
  #answer: ((head: { statusCode: number }) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  /** What has happened since a 401; undefined when nothing is held back. */
  #held: (() => void)[] | undefined;
  #connection: DispatchController | undefined;
  #discarded = false;
  #drained = 0;

  constructor(controller: HopController, handler: DispatchHandler) {
    this.#controller = controller;
    this.#handler = handler;
    this.readsRaw = handler.readsRaw === true;
    this.answered = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#reject = reject;
    });
  }

  onRequestStart(connection: DispatchController, context: unknown): void {
    this.#connection = connection;
    if (followsRedirects(context)) {
      connection.abort(wrongOrder());
      return;
    }
    this.#handler.onRequestStart?.(connection, context);
  }

  onRequestUpgrade(connection: DispatchController, statusCode: number, headers: HeaderRecord, socket: Duplex): void {
    this.#handler.onRequestUpgrade?.(connection, statusCode, headers, socket);
    this.#settle(statusCode);
  }

  onResponseStart(
    connection: DispatchController,
    statusCode: number,
    headers: HeaderRecord,
    statusMessage?: string,
  ): void {
    if (this.#discarded) return;
    if (statusCode === 401) {
      this.#held = [() => this.#handler.onResponseStart?.(connection, statusCode, headers, statusMessage)];
      connection.pause();
    } else {
      this.#handler.onResponseStart?.(connection, statusCode, headers, statusMessage);
    }
    if (statusCode >= 200) this.#settle(statusCode);
  }

  onResponseData(connection: DispatchController, chunk: Buffer): void {
    if (this.#discarded) this.#drain(connection, chunk);
    else if (this.#held !== undefined) this.#held.push(() => this.#handler.onResponseData?.(connection, chunk));
    else this.#handler.onResponseData?.(connection, chunk);
  }

  onResponseEnd(connection: DispatchController, trailers: HeaderRecord): void {
    if (this.#discarded) return;
    if (this.#held !== undefined) this.#held.push(() => this.#handler.onResponseEnd?.(connection, trailers));
    else this.#handler.onResponseEnd?.(connection, trailers);
  }

  onResponseError(connection: DispatchController, error: Error): void {
    if (this.#discarded) return;
    if (this.#held !== undefined) this.#held.push(() => this.#handler.onResponseError?.(connection, error));
    else if (this.#reject !== undefined) this.#reject(error);
    else this.#handler.onResponseError?.(connection, error);
  }

  /** There will be no other attempt: what was held back goes on. */
  release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    try {
      for (const step of held) step();
    } catch (error) {
      // Nobody further in hears what a handler throws from here.
      this.#connection?.abort(error as Error);
      this.#handler.onResponseError?.(this.#controller, error as Error);
      return;
    }
    this.#controller.letGo();
  }

  /** Another attempt takes its place. */
  discard(): void {
    this.#discarded = true;
    this.#held = undefined;
    this.#connection?.resume();
  }

  #settle(statusCode: number): void {
    this.#answer?.({ statusCode });
    this.#answer = undefined;
    this.#reject = undefined;
  }

  #drain(connection: DispatchController, chunk: Buffer): void {
    this.#drained += chunk.length;
    if (this.#drained > MAX_DRAINED) connection.abort(new Error('the rest of a refused answer is not needed'));
  }
}

/** undici's redirect handler gives its history to whatever is further out. */
function followsRedirects(context: unknown): boolean {
  return typeof context === 'object' && context !== null && 'history' in context;
}

function wrongOrder(): ClavigerError {
  const message =
    'a redirect interceptor stands inside the credential interceptor and would take the credential along: ' +
    'compose credentialInterceptor first, or use createAgent';
  return new ClavigerError('ERR_CONFIG_INVALID', message);
}
