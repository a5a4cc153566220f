import { ItemRedaction, type Redaction } from './item-redaction.js';

type Result = IteratorResult<unknown, unknown>;
type Passed = [] | [unknown];

/** What came of a source and was not given on yet. */
class Backlog {
  readonly #redaction: Redaction;
  readonly #items: ItemRedaction;
  #ready: unknown[] = [];
  #end: IteratorReturnResult<unknown> | undefined;

  constructor(redaction: Redaction) {
    this.#redaction = redaction;
    this.#items = new ItemRedaction(redaction, 'kept');
  }

  /** The next thing to give on; `undefined` if the source has to be asked. */
  shift(): Result | undefined {
    if (this.#ready.length > 0) return { done: false, value: this.#ready.shift() };
    const end = this.#end;
    if (end !== undefined) this.#end = { done: true, value: undefined };
    return end;
  }

  take(result: Result): void {
    if (result.done === true) {
      this.#ready.push(...this.#items.flush());
      this.#end = { done: true, value: this.#redaction.value(result.value) };
    } else this.#ready.push(...this.#items.push(result.value));
  }

  /** The consumer wants nothing more; a generator may still yield in its `finally`. */
  drop(result: Result): Result {
    this.#ready = [];
    const value = this.#redaction.value(result.value);
    if (result.done !== true) return { done: false, value };
    this.#end = { done: true, value: undefined };
    return { done: true, value };
  }

  fail(error: unknown): unknown {
    this.#ready = [];
    this.#end = { done: true, value: undefined };
    return this.#redaction.error(error);
  }
}

/** A generator or another iterator. What is passed to `next`, `return` and `throw` reaches the source. */
export class RedactedIterator implements Iterator<unknown, unknown, unknown> {
  readonly #source: Iterator<unknown, unknown, unknown>;
  readonly #backlog: Backlog;

  constructor(source: Iterator<unknown, unknown, unknown>, redaction: Redaction) {
    this.#source = source;
    this.#backlog = new Backlog(redaction);
  }

  next(...passed: Passed): Result {
    return this.#guard(() => {
      let asked = passed;
      for (;;) {
        const ready = this.#backlog.shift();
        if (ready !== undefined) return ready;
        this.#backlog.take(this.#source.next(...asked));
        asked = [];
      }
    });
  }

  return(value?: unknown): Result {
    return this.#guard(() => this.#backlog.drop(this.#source.return?.(value) ?? { done: true, value }));
  }

  throw(error?: unknown): Result {
    return this.#guard(() => {
      if (this.#source.throw === undefined) throw error;
      return this.#backlog.drop(this.#source.throw(error));
    });
  }

  [Symbol.iterator](): this {
    return this;
  }

  #guard(step: () => Result): Result {
    try {
      return step();
    } catch (error) {
      throw this.#backlog.fail(error);
    }
  }
}

/** The same for an async one. Calls of `next` wait for one another; `return` and `throw` don't, as they may end a waiting one. */
export class RedactedAsyncIterator implements AsyncIterator<unknown, unknown, unknown> {
  readonly #source: AsyncIterator<unknown, unknown, unknown>;
  readonly #backlog: Backlog;
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: AsyncIterator<unknown, unknown, unknown>, redaction: Redaction) {
    this.#source = source;
    this.#backlog = new Backlog(redaction);
  }

  next(...passed: Passed): Promise<Result> {
    const next = this.#last.then(() => this.#guard(() => this.#next(passed)));
    this.#last = next.catch(() => undefined);
    return next;
  }

  return(value?: unknown): Promise<Result> {
    return this.#guard(async () => this.#backlog.drop((await this.#source.return?.(value)) ?? { done: true, value }));
  }

  throw(error?: unknown): Promise<Result> {
    return this.#guard(async () => {
      if (this.#source.throw === undefined) throw error;
      return this.#backlog.drop(await this.#source.throw(error));
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #next(passed: Passed): Promise<Result> {
    let asked = passed;
    for (;;) {
      const ready = this.#backlog.shift();
      if (ready !== undefined) return ready;
      this.#backlog.take(await this.#source.next(...asked));
      asked = [];
    }
  }

  async #guard(step: () => Promise<Result>): Promise<Result> {
    try {
      return await step();
    } catch (error) {
      throw this.#backlog.fail(error);
    }
  }
}
