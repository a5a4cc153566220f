import type { IncomingMessage, ServerResponse } from 'node:http';
import { isReplayable, RecordedBody } from '../http/replayable-body.js';
import { Refusal } from './refusal.js';

/** A body up to this is read before it is sent on: it then goes out in one piece, with its head. */
const MAX_GATHERED = 64 * 1024;

/** The body of a caller's request on its way: byte for byte, and no faster than the upstream takes it. */
export class RequestBody {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #idleMs: number;
  readonly #length: number;
  readonly #isExpecting: boolean;
  #taken: Buffer | RecordedBody | undefined;
  #iterator: AsyncIterator<Buffer> | undefined;

  /** @param idleMs How long a caller may let us wait for the next piece. */
  constructor(request: IncomingMessage, response: ServerResponse, idleMs: number, isExpecting: boolean) {
    this.#request = request;
    this.#response = response;
    this.#idleMs = idleMs;
    this.#isExpecting = isExpecting;
    this.#length = Number(request.headers['content-length'] ?? (request.headers['transfer-encoding'] ? -1 : 0));
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Unknown for a chunked one. */
  get contentLength(): string | undefined {
    return this.#length > 0 ? String(this.#length) : undefined;
  }

  /** Read by hand, as a loop that is left early would close the connection. */
  get #chunks(): AsyncIterator<Buffer> {
    this.#iterator ??= this.#request[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    return this.#iterator;
  }

  /** Whether it can be sent a second time. */
  get isReplayable(): boolean {
    return this.isEmpty || isReplayable(this.#taken);
  }

  /** Reads a small one whole, unless its sender waits to be asked for it. */
  gather(): Promise<void> | undefined {
    const isSmall = this.#length > 0 && this.#length <= MAX_GATHERED && !this.#isExpecting;
    return isSmall ? this.#gather() : undefined;
  }

  /** What is sent, the second time as the first. RFC 9110 §10.1.1: whoever asked is told to go on only now. */
  take(): Buffer | RecordedBody | null {
    if (this.isEmpty) return null;
    if (this.#taken === undefined) {
      if (this.#isExpecting) this.#response.writeContinue();
      this.#taken = new RecordedBody(this.#pieces());
    }
    return this.#taken;
  }

  /** The rest goes nowhere: an upstream has answered before it had read all. */
  discard(): void {
    if (!this.isEmpty && !this.#request.readableEnded) void this.#drain();
  }

  /** By events: an iterator costs more than all else that happens to a small request. */
  #gather(): Promise<void> {
    const request = this.#request;
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const timer = setTimeout(() => request.destroy(tooSlow()), this.#idleMs);
      request.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        timer.refresh();
      });
      request.once('end', () => {
        const [only] = chunks;
        this.#taken = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
        clearTimeout(timer);
        resolve();
      });
      request.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
  }

  async #drain(): Promise<void> {
    try {
      while ((await this.#chunks.next()).done !== true);
    } catch {
      // whoever sent it has gone
    }
  }

  async *#pieces(): AsyncGenerator<Uint8Array> {
    const request = this.#request;
    for (;;) {
      const timer = setTimeout(() => request.destroy(tooSlow()), this.#idleMs);
      const next = await this.#chunks.next().finally(() => clearTimeout(timer));
      if (next.done === true) return;
      yield next.value;
    }
  }
}

function tooSlow(): Refusal {
  return new Refusal(408, 'ERR_BROKER_UNAUTHORIZED', 'the rest of the request did not come');
}
