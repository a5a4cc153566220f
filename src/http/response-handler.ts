import type { Duplex } from 'node:stream';
import { ClavigerError } from '../errors.js';
import type { Redactor, Scanner } from '../redaction/redactor.js';
import { BodyDecoder, isEncoded } from './body-decoder.js';
import type { DispatchController, DispatchHandler, HeaderRecord } from './dispatch.js';
import type { HopController } from './hop-controller.js';
import { ResponseHead } from './response-head.js';

export interface ResponseOptions {
  /** What the handler behind this one holds on to. */
  readonly controller: HopController;
  readonly method: string;
  /** For errors. */
  readonly host: string;
  /** None: the response passes as it is. */
  readonly redactor: Redactor | undefined;
  /** Whether a credential was sent for it: no cache further out may keep it for other callers then. */
  readonly injected: boolean;
}

/** A body of known length up to this is looked at in one piece, so that its head can tell its true length. */
const WHOLE_BODY = 64 * 1024;

/** What says something of the exact bytes of a body. */
const bodyFields = ['content-length', 'etag', 'content-md5', 'digest', 'content-digest', 'repr-digest'];

/** Hands a response on without secrets: head, body, trailers and late errors. */
export class ResponseHandler implements DispatchHandler {
  readonly readsRaw = true;
  readonly #handler: DispatchHandler;
  readonly #options: ResponseOptions;
  #scanner: Scanner | undefined;
  #decoder: BodyDecoder | undefined;
  #whole: WholeBody | undefined;
  #trailers: HeaderRecord = {};
  #failed = false;

  constructor(handler: DispatchHandler, options: ResponseOptions) {
    this.#handler = handler;
    this.#options = options;
  }

  onRequestStart(connection: DispatchController, context: unknown): void {
    const { controller } = this.#options;
    controller.target = connection;
    controller.announce(this.#handler, context);
  }

  onRequestUpgrade(connection: DispatchController, statusCode: number, headers: HeaderRecord, socket: Duplex): void {
    const { controller, redactor } = this.#options;
    const head = new ResponseHead(headers, connection.rawHeaders);
    if (redactor !== undefined) head.redact(redactor);
    controller.rawHeaders = head.raw;
    this.#handler.onRequestUpgrade?.(controller, statusCode, head.headers, socket);
  }

  /** @throws ClavigerError `ERR_BROKER_UPSTREAM` for a body that can't be read. */
  onResponseStart(
    connection: DispatchController,
    statusCode: number,
    headers: HeaderRecord,
    statusMessage?: string,
  ): void {
    const { redactor, injected } = this.#options;
    const head = new ResponseHead(headers, connection.rawHeaders, statusMessage);
    if (redactor !== undefined) head.redact(redactor);
    if (injected && statusCode >= 200) forbidStorage(head);
    if (redactor !== undefined && this.#mayHaveBody(statusCode))
      this.#startBody(statusCode, head, connection, redactor);
    else this.#pass(statusCode, head);
  }

  onResponseData(_connection: DispatchController, chunk: Buffer): void {
    if (this.#whole !== undefined) this.#gather(this.#whole, chunk);
    else if (this.#decoder !== undefined) this.#decoder.write(chunk);
    else this.#forward(chunk);
  }

  onResponseEnd(connection: DispatchController, trailers: HeaderRecord): void {
    const { redactor, controller } = this.#options;
    controller.rawTrailers = connection.rawTrailers;
    const tail = new ResponseHead(trailers, connection.rawTrailers);
    if (redactor !== undefined && !tail.isEmpty) {
      tail.redact(redactor);
      controller.rawTrailers = tail.raw;
    }
    this.#trailers = tail.recordFor(this.#handler);
    if (this.#whole !== undefined) this.#release(this.#whole);
    if (this.#decoder !== undefined) this.#decoder.end();
    else this.#finish();
  }

  onResponseError(_connection: DispatchController, error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    const { redactor, controller } = this.#options;
    this.#decoder?.destroy();
    this.#whole = undefined;
    this.#handler.onResponseError?.(controller, redactor?.error(error) ?? error);
  }

  /** RFC 9110 §6.4.1. */
  #mayHaveBody(statusCode: number): boolean {
    return statusCode >= 200 && statusCode !== 204 && statusCode !== 304 && this.#options.method !== 'HEAD';
  }

  #startBody(statusCode: number, head: ResponseHead, connection: DispatchController, redactor: Redactor): void {
    const coding = head.value('content-encoding');
    assertPlainTransfer(head, this.#options.host);
    const length = Number(head.value('content-length'));
    if (isEncoded(coding)) {
      this.#decoder = this.#decode(coding, connection);
      head.remove(['content-encoding']);
    } else if (length > 0 && length <= WHOLE_BODY) {
      this.#whole = { statusCode, head, length, chunks: [], received: 0 };
      return;
    }
    if (length !== 0) {
      this.#scanner = redactor.scanner();
      head.remove(bodyFields);
    }
    this.#pass(statusCode, head);
  }

  #pass(statusCode: number, head: ResponseHead): void {
    const { controller } = this.#options;
    controller.rawHeaders = head.raw;
    this.#handler.onResponseStart?.(controller, statusCode, head.recordFor(this.#handler), head.statusMessage);
  }

  #gather(whole: WholeBody, chunk: Buffer): void {
    whole.chunks.push(chunk);
    whole.received += chunk.length;
    if (whole.received >= whole.length) this.#release(whole);
  }

  /** Head and body, now that it is known whether they change. */
  #release({ statusCode, head, chunks }: WholeBody): void {
    this.#whole = undefined;
    const [only] = chunks;
    const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    const clean = this.#options.redactor?.bytes(body) ?? body;
    if (clean !== body) {
      head.remove(bodyFields);
      head.set('content-length', String(clean.length));
    }
    this.#pass(statusCode, head);
    if (clean.length > 0) this.#handler.onResponseData?.(this.#options.controller, asBuffer(clean));
  }

  #forward(chunk: Buffer): void {
    const ready = this.#scanner === undefined ? chunk : this.#scanner.push(chunk);
    if (ready.length > 0) this.#handler.onResponseData?.(this.#options.controller, asBuffer(ready));
  }

  #finish(): void {
    const rest = this.#scanner?.flush();
    if (rest !== undefined && rest.length > 0) {
      this.#handler.onResponseData?.(this.#options.controller, asBuffer(rest));
    }
    this.#handler.onResponseEnd?.(this.#options.controller, this.#trailers);
  }

  #decode(coding: string, connection: DispatchController): BodyDecoder {
    const { controller, host } = this.#options;
    const fail = (error: Error) => {
      this.onResponseError(connection, error);
      connection.abort(error);
    };
    // A decoder calls from the event loop: what a handler throws has nobody else to go to.
    const guarded = (step: () => void) => {
      try {
        if (!this.#failed) step();
      } catch (error) {
        fail(error as Error);
      }
    };
    const decoder = new BodyDecoder(coding, host, connection, {
      onData: (chunk) => guarded(() => this.#forward(chunk)),
      onEnd: () => guarded(() => this.#finish()),
      onError: fail,
    });
    controller.gate = decoder;
    return decoder;
  }
}

interface WholeBody {
  readonly statusCode: number;
  readonly head: ResponseHead;
  readonly length: number;
  readonly chunks: Buffer[];
  received: number;
}

/**
 * HTTP clients take off `chunked` only (RFC 9112 §6.1): what lies under another transfer coding can't be searched.
 *
 * @throws ClavigerError `ERR_BROKER_UPSTREAM`
 */
function assertPlainTransfer(head: ResponseHead, host: string): void {
  const coding = head.value('transfer-encoding');
  if (coding === undefined || coding.trim().toLowerCase() === 'chunked') return;
  const message = `the response of ${host} has a transfer coding that can't be searched for secrets`;
  throw new ClavigerError('ERR_BROKER_UPSTREAM', message, { host });
}

const noStore = [Buffer.from('cache-control'), Buffer.from('no-store')];

/** A cache between the interceptor and the caller knows nothing of the credential: it must not keep the response. */
function forbidStorage(head: ResponseHead): void {
  const stated = head.value('cache-control');
  if (stated === undefined) {
    head.add('cache-control', 'no-store', noStore);
    return;
  }
  if (!/(?:^|[\s,])no-store(?:$|[\s,])/i.test(stated)) head.set('cache-control', `${stated}, no-store`);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
