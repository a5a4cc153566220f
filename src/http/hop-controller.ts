import type { DispatchController, DispatchHandler } from './dispatch.js';

/** What can be paused and resumed in the place of a connection. */
export interface Gate {
  pause(): void;
  resume(): void;
}

/**
 * The one controller that a handler sees while connections change under it: none yet, the first, that of a repeat. A
 * handler can abort before there is one.
 */
export class HopController implements DispatchController {
  rawHeaders: unknown = null;
  rawTrailers: unknown = null;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  /** Whether the handler knows of the request; it is told once, whatever happens further in. */
  announced = false;
  #target: DispatchController | undefined;
  #gate: Gate | undefined;
  #aborting: AbortController | undefined;

  get target(): DispatchController | undefined {
    return this.#target;
  }

  set target(target: DispatchController | undefined) {
    this.#target = target;
    if (this.reason !== null) target?.abort(this.reason);
    else if (this.paused && this.#gate === undefined) target?.pause();
  }

  /** For what is waited for before there is a connection. */
  get signal(): AbortSignal {
    this.#aborting ??= new AbortController();
    if (this.aborted) this.#aborting.abort(this.reason);
    return this.#aborting.signal;
  }

  /** Something between the connection and the handler that does its own pausing of the connection. */
  set gate(gate: Gate) {
    this.#gate = gate;
    if (this.paused) gate.pause();
  }

  pause(): void {
    this.paused = true;
    (this.#gate ?? this.#target)?.pause();
  }

  resume(): void {
    this.paused = false;
    (this.#gate ?? this.#target)?.resume();
  }

  /** Lets the connection go on after it was held, unless the handler has paused it meanwhile. */
  letGo(): void {
    if (!this.paused || this.#gate !== undefined) this.#target?.resume();
  }

  announce(handler: DispatchHandler, context: unknown): void {
    if (this.announced) return;
    this.announced = true;
    handler.onRequestStart?.(this, context);
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#aborting?.abort(reason);
    this.#target?.abort(reason);
  }
}
