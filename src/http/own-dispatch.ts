import type { Duplex } from 'node:stream';
import { util, type Agent, type Dispatcher } from 'undici';
import { unread, type Dispatch, type DispatchController, type DispatchHandler, type HeaderRecord } from './dispatch.js';

/**
 * The dispatch of an Agent of our own, in undici's older handler interface, which its core still speaks: heads arrive as the
 * bytes of the wire, and are read only where somebody reads them.
 */
export function ownDispatch(agent: Agent): Dispatch {
  return (options, handler) =>
    agent.dispatch(
      options as Dispatcher.DispatchOptions,
      new Connection(handler) as unknown as Dispatcher.DispatchHandler,
    );
}

/** What undici's core calls, and what the handler behind it holds on to. */
class Connection implements DispatchController {
  rawHeaders: Buffer[] | null = null;
  rawTrailers: Buffer[] | null = null;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly #handler: DispatchHandler;
  #abort: ((reason: Error) => void) | undefined;
  #resume: (() => void) | undefined;

  constructor(handler: DispatchHandler) {
    this.#handler = handler;
  }

  onConnect(abort: (reason: Error) => void, context: unknown): void {
    this.#abort = abort;
    this.#handler.onRequestStart?.(this, context);
  }

  onUpgrade(statusCode: number, raw: Buffer[], socket: Duplex): void {
    this.rawHeaders = raw;
    this.#handler.onRequestUpgrade?.(this, statusCode, parse(raw), socket);
  }

  onHeaders(statusCode: number, raw: Buffer[], resume: () => void, statusMessage?: string): boolean {
    this.#resume = resume;
    this.rawHeaders = raw;
    this.#handler.onResponseStart?.(this, statusCode, this.#read(raw), statusMessage);
    return !this.paused;
  }

  onData(chunk: Buffer): boolean {
    this.#handler.onResponseData?.(this, chunk);
    return !this.paused;
  }

  onComplete(raw: Buffer[]): void {
    this.rawTrailers = raw;
    this.#handler.onResponseEnd?.(this, this.#read(raw));
  }

  onError(error: Error): void {
    this.#handler.onResponseError?.(this, error);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#resume?.();
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#abort?.(reason);
  }

  #read(raw: Buffer[]): HeaderRecord {
    return this.#handler.readsRaw === true ? unread : parse(raw);
  }
}

function parse(raw: Buffer[]): HeaderRecord {
  return util.parseHeaders(raw);
}
