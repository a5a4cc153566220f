/** A body that can be sent a second time as it stands: none, text, bytes, a `Blob`, a form. A stream can't. */
export function isReplayable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  if (typeof body !== 'object') return false;
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return true;
  if (body instanceof RecordedBody) return body.isWhole;
  const tag = (body as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return tag === 'Blob' || tag === 'File' || tag === 'FormData';
}

/** Kept of a body for a repeat; a larger one is sent once only. */
const MAX_RECORDED = 4 * 1024 * 1024;

/**
 * The body of a `fetch` as its dispatcher gets it, a generator that runs once, with a memory: what has gone out whole can be
 * sent again.
 */
export class RecordedBody implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>;
  #chunks: Uint8Array[] | undefined = [];
  #size = 0;
  #started = false;
  isWhole = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#started) {
      yield* this.#chunks ?? [];
      return;
    }
    this.#started = true;
    for await (const chunk of this.#source) {
      this.#keep(chunk);
      yield chunk;
    }
    this.isWhole = this.#chunks !== undefined;
  }

  #keep(chunk: Uint8Array): void {
    this.#size += chunk.byteLength;
    if (this.#size > MAX_RECORDED) this.#chunks = undefined;
    else this.#chunks?.push(chunk);
  }
}
