import { AnswerStream } from './answer-stream.js';
import type { OpenHttpRequest } from './open-http-request.js';
import type { Reading } from './redact-events.js';

/** A stream, and the request that is answered on it. */
interface Answering {
  readonly stream: AnswerStream;
  readonly request: OpenHttpRequest;
}

/** The streams on which requests are being answered. */
export class AnswerStreams {
  readonly #streams = new Map<string, Answering>();
  /** Events of streams that nobody waits for any more. */
  readonly #abandoned = new Set<string>();

  open(body: ReadableStream<Uint8Array>, request: OpenHttpRequest, reading: Reading, token?: string): AnswerStream {
    const stream = new AnswerStream(body, reading, token);
    request.stream = stream;
    request.failure = undefined;
    this.#streams.set(stream.number, { stream, request });
    return stream;
  }

  /** One that has ended. */
  take(number: string): Answering | undefined {
    const ended = this.#streams.get(number);
    this.#streams.delete(number);
    return ended;
  }

  /** Those that have broken. */
  takeBroken(): Answering[] {
    const broken = [...this.#streams.values()].filter(({ stream }) => stream.isBroken);
    for (const { stream } of broken) this.#streams.delete(stream.number);
    return broken;
  }

  /** Nobody waits for the answer any more. */
  abandon({ stream, token }: OpenHttpRequest): void {
    if (stream !== undefined && this.#streams.delete(stream.number)) stream.stop();
    else if (token !== undefined) this.#abandoned.add(token);
  }

  /** Whether what comes after an event need not be asked for; once. */
  wasAbandoned(token: string): boolean {
    return this.#abandoned.delete(token);
  }
}
