import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ClavigerError, safeCause } from '../errors.js';
import type { DispatchController } from './dispatch.js';
import type { Gate } from './hop-controller.js';

export interface DecodedBody {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** Takes off the content coding of a body as it streams, and hands its back-pressure on to the connection. */
export class BodyDecoder implements Gate {
  readonly #coding: string;
  readonly #host: string;
  readonly #connection: DispatchController;
  readonly #body: DecodedBody;
  #decoder: Transform | undefined;
  #paused = false;
  #ended = false;

  /** @throws ClavigerError `ERR_BROKER_UPSTREAM` for a coding that is unknown here or put on more than once. */
  constructor(coding: string, host: string, connection: DispatchController, body: DecodedBody) {
    this.#coding = coding.trim().toLowerCase();
    this.#host = host;
    this.#connection = connection;
    this.#body = body;
    if (!isKnown(this.#coding)) {
      const message = `the response of ${host} has a content coding that can't be searched for secrets: ask for "identity", or set redact: false`;
      throw new ClavigerError('ERR_BROKER_UPSTREAM', message, { host });
    }
  }

  write(chunk: Buffer): void {
    this.#decoder ??= this.#open(chunk);
    if (!this.#decoder.write(chunk)) this.#connection.pause();
  }

  end(): void {
    this.#ended = true;
    if (this.#decoder === undefined) this.#body.onEnd();
    else this.#decoder.end();
  }

  pause(): void {
    this.#paused = true;
    this.#decoder?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#decoder?.resume();
  }

  destroy(): void {
    this.#decoder?.removeAllListeners().on('error', () => undefined);
    this.#decoder?.destroy();
  }

  #open(first: Buffer): Transform {
    const decoder = decoderOf(this.#coding, first);
    decoder.on('data', (chunk: Buffer) => this.#body.onData(chunk));
    decoder.on('end', () => this.#body.onEnd());
    decoder.on('drain', () => {
      if (!this.#ended) this.#connection.resume();
    });
    decoder.on('error', (error) => {
      const message = `the response body of ${this.#host} is not what its content coding says`;
      const details = { host: this.#host, cause: safeCause(error) };
      this.#body.onError(new ClavigerError('ERR_BROKER_UPSTREAM', message, details));
    });
    if (this.#paused) decoder.pause();
    return decoder;
  }
}

/** Whether there is a coding to take off. */
export function isEncoded(coding: string | undefined): coding is string {
  return coding !== undefined && !/^(?:\s*identity\s*)?$/i.test(coding);
}

function isKnown(coding: string): boolean {
  return /^(?:gzip|x-gzip|deflate|br)$/.test(coding) || (coding === 'zstd' && createZstdDecompress !== undefined);
}

/** Node 22.15 and later have it. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

/** As browsers and `fetch` do, a body that breaks off is passed as far as it goes. */
function decoderOf(coding: string, first: Buffer): Transform {
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  const options = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };
  if (coding === 'zstd' && createZstdDecompress !== undefined) return createZstdDecompress();
  if (coding === 'br') {
    return zlib.createBrotliDecompress({ flush: BROTLI_OPERATION_FLUSH, finishFlush: BROTLI_OPERATION_FLUSH });
  }
  if (coding !== 'deflate') return zlib.createGunzip(options);
  // Some servers leave the zlib header (RFC 1950 §2.2, method 8) away.
  return ((first[0] ?? 0) & 0x0f) === 8 ? zlib.createInflate(options) : zlib.createInflateRaw(options);
}
