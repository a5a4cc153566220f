import { countInWindow, counterName, type Count, type CountRequest, type Window } from './fixed-window.js';
import { applyChanges, type AccessState, type Changes, type Records } from './state.js';

/** Counters whose window has ended go when there are this many more. */
const SWEEP_AFTER = 1024;

/**
 * The state of one process, which ends with it. Several `createAccess` may share one.
 *
 * @example
 * const access = createAccess({ products, apps, state: memoryState() });
 */
export function memoryState(): AccessState {
  return new MemoryState();
}

class MemoryState implements AccessState {
  readonly kind = 'memory';
  readonly #records = new Map<string, unknown>();
  readonly #windows = new Map<string, Window>();
  #sweepAt = SWEEP_AFTER;

  read(): Records {
    return this.#records;
  }

  async update(change: (now: Records) => Changes | undefined): Promise<void> {
    applyChanges(this.#records, change(this.#records) ?? new Map());
  }

  count(request: CountRequest): Count {
    const name = counterName(request);
    const { window, count } = countInWindow(this.#windows.get(name), request);
    if (request.peek !== true) this.#windows.set(name, window);
    if (this.#windows.size >= this.#sweepAt) this.#sweep(request.now);
    return count;
  }

  #sweep(now: number): void {
    for (const [name, { end }] of this.#windows) if (end <= now) this.#windows.delete(name);
    this.#sweepAt = this.#windows.size + SWEEP_AFTER;
  }
}
