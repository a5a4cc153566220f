import { Buffer } from 'node:buffer';
import { Duplex, Readable, type ReadableOptions } from 'node:stream';
import { arrayBuffer, blob, json, text } from 'node:stream/consumers';
import { ItemRedaction, type Redaction } from './item-redaction.js';
import { isDuplex, isNodeReadable } from './value-kinds.js';

/** A web stream of bytes, texts or values. It is read only as far as the wrapper is. */
export function wrapReadableStream(source: ReadableStream<unknown>, redaction: Redaction): ReadableStream<unknown> {
  const items = new ItemRedaction(redaction, 'free');
  const reader = source.locked ? undefined : source.getReader();
  return new ReadableStream<unknown>(
    {
      async pull(controller) {
        if (reader === undefined) throw new TypeError('the stream is locked: somebody else reads it');
        for (let given = 0; given === 0;) {
          const { done, value } = await redacted(redaction, () => reader.read());
          const ready = done ? items.flush() : items.push(value);
          for (const item of ready) controller.enqueue(item);
          if (done) {
            controller.close();
            return;
          }
          given = ready.length;
        }
      },
      async cancel(reason) {
        await redacted(redaction, async () => reader?.cancel(reason));
      },
    },
    { highWaterMark: 0 },
  );
}

async function redacted<T>(redaction: Redaction, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw redaction.error(error);
  }
}

/** A stream of Node's; of one that can be written to as well, what is read is redacted. */
export function wrapNodeReadable(source: Readable, redaction: Redaction): Readable {
  const pump = new Pump(source, redaction);
  const options: ReadableOptions = {
    objectMode: source.readableObjectMode,
    highWaterMark: source.readableHighWaterMark,
    read: () => {
      pump.run(wrapper);
    },
    destroy(error, done) {
      source.destroy(error ?? undefined);
      done(error);
    },
  };
  const wrapper: Readable = isDuplex(source) ? duplexOf(source, options) : new Readable(options);
  if (source.readableEncoding !== null && !source.readableObjectMode) wrapper.setEncoding(source.readableEncoding);
  pump.watch(wrapper);
  copySurface(source, wrapper, redaction);
  return wrapper;
}

function duplexOf(source: Duplex, options: ReadableOptions): Duplex {
  return new Duplex({
    ...options,
    write: (chunk: unknown, encoding, done) => source.write(chunk, encoding, done),
    final: (done) => source.end(done),
  });
}

/** Carries a stream's data into its wrapper, as fast as that is read. */
class Pump {
  readonly #source: Readable;
  readonly #redaction: Redaction;
  readonly #items: ItemRedaction;
  #isRunning = false;

  constructor(source: Readable, redaction: Redaction) {
    this.#source = source;
    this.#redaction = redaction;
    this.#items = new ItemRedaction(redaction, 'free');
  }

  /** Ends and failures must be seen also by who has not read yet. */
  watch(wrapper: Readable): void {
    this.#source.once('error', (error) => {
      // Node keeps quiet about a broken response that nobody listens to, and so must its wrapper.
      wrapper.destroy(wrapper.listenerCount('error') > 0 ? this.#redaction.error(error) : undefined);
    });
    this.#source.once('close', () => {
      if (!this.#source.readableEnded) wrapper.destroy();
    });
  }

  run(wrapper: Readable): void {
    if (this.#isRunning) {
      this.#source.resume();
      return;
    }
    this.#isRunning = true;
    if (this.#source.readableEnded) wrapper.push(null);
    else if (this.#source.destroyed) wrapper.destroy();
    this.#source.on('data', (chunk: unknown) => {
      if (!this.#give(wrapper, this.#items.push(this.#bytesOf(chunk)))) this.#source.pause();
    });
    this.#source.once('end', () => {
      this.#give(wrapper, this.#items.flush());
      wrapper.push(null);
    });
  }

  #bytesOf(chunk: unknown): unknown {
    const isText = typeof chunk === 'string' && !this.#source.readableObjectMode;
    return isText ? Buffer.from(chunk, this.#source.readableEncoding ?? 'utf8') : chunk;
  }

  #give(wrapper: Readable, ready: readonly unknown[]): boolean {
    return ready.map((item) => wrapper.push(item)).every(Boolean);
  }
}

/** What an HTTP response or a body has beside its data. Much of it is set only at the end, so it is read when asked for. */
function copySurface(source: Readable, wrapper: Readable, redaction: Redaction): void {
  const names = [...Object.keys(source), ...messageNames].filter((name) => !name.startsWith('_') && !(name in wrapper));
  for (const name of names) {
    if (!(name in source)) continue;
    Object.defineProperty(wrapper, name, {
      get: () => surfaceOf((source as unknown as Record<string, unknown>)[name], redaction),
      enumerable: true,
      configurable: true,
    });
  }
  copyBody(source, wrapper);
}

const messageNames = ['headers', 'headersDistinct', 'trailers', 'trailersDistinct'];

function surfaceOf(value: unknown, redaction: Redaction): unknown {
  const isWithheld =
    typeof value === 'function' || (typeof value === 'object' && value !== null && isOtherStream(value));
  return isWithheld ? undefined : redaction.value(value);
}

/** The request and the socket behind a response. */
function isOtherStream(value: object): boolean {
  return isNodeReadable(value) || ('pipe' in value && 'on' in value);
}

/** undici's bodies have fetch's methods. */
function copyBody(source: Readable, wrapper: Readable): void {
  if (typeof (source as { arrayBuffer?: unknown }).arrayBuffer !== 'function') return;
  const methods = {
    text: () => text(wrapper),
    json: () => json(wrapper),
    arrayBuffer: () => arrayBuffer(wrapper),
    bytes: async () => new Uint8Array(await arrayBuffer(wrapper)),
    blob: () => blob(wrapper),
    dump: async () => {
      wrapper.destroy();
      return Promise.resolve();
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    if (name in source) Object.defineProperty(wrapper, name, { value, configurable: true, writable: true });
  }
}
