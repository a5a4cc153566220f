import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { EventRedaction, resumptionPoint, type Reading } from './redact-events.js';
import { emptyAnswer } from './stand-ins.js';

/** A message to ourselves: the stream on which a request was to be answered has ended, and all before was read. */
const endMethod = 'notifications/claviger/end-of-stream';

/** The number of the stream that a message tells the end of. */
export function endedStream(message: JSONRPCMessage): unknown {
  if (!('method' in message) || message.method !== endMethod) return undefined;
  return message.params?.['stream'];
}

let streams = 0;

/**
 * A stream of events, redacted. The SDK says nothing when a stream ends without the answer that it was opened for, so its end
 * is told by a last message, which arrives after all others.
 */
export class AnswerStream {
  readonly number = String((streams += 1));
  readonly readable: ReadableStream<Uint8Array>;
  /** Broken off; the SDK reports it at once. */
  isBroken = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #redaction: EventRedaction;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly #backlog: Reading['backlog'];
  #finish: ((isAnswered: boolean) => void) | undefined;

  constructor(body: ReadableStream<Uint8Array>, reading: Reading, resumedAfter?: string) {
    this.#reader = body.getReader();
    this.#redaction = new EventRedaction(reading);
    this.#backlog = reading.backlog;
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
        if (resumedAfter !== undefined) controller.enqueue(resumptionPoint(resumedAfter));
      },
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => this.#reader.cancel(reason),
    });
  }

  /** Lets the stream end; the SDK then asks for the rest, unless there was an answer. */
  finish(isAnswered: boolean): void {
    this.#finish?.(isAnswered);
  }

  /** Ends it now; nobody waits for the answer any more. */
  stop(): void {
    const controller = this.#controller;
    this.#controller = undefined;
    if (controller === undefined || this.isBroken) return;
    controller.enqueue(event(emptyAnswer));
    controller.close();
    void this.#reader.cancel().catch(() => undefined); // it may have broken meanwhile
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    for (;;) {
      await this.#backlog?.();
      const read = await this.#read();
      if (this.#isOver()) return;
      if (read.done) break;
      const lines = this.#redaction.push(read.value);
      if (lines.length === 0) continue;
      controller.enqueue(lines);
      return;
    }
    controller.enqueue(event({ jsonrpc: '2.0', method: endMethod, params: { stream: this.number } }));
    const isAnswered = await new Promise<boolean>((resolve) => (this.#finish = resolve));
    if (this.#isOver()) return;
    this.#controller = undefined;
    if (isAnswered) controller.enqueue(event(emptyAnswer));
    controller.close();
  }

  #isOver(): boolean {
    return this.#controller === undefined;
  }

  async #read(): ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']> {
    try {
      return await this.#reader.read();
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }
}

/** After an empty line: whatever stood there unfinished is over. */
function event(message: JSONRPCMessage): Buffer {
  return Buffer.from(`\n\nevent: message\ndata: ${JSON.stringify(message)}\n\n`);
}
