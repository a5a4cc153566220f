import type { Duplex } from 'node:stream';
import type { Redactor, Scanner } from '../redaction/redactor.js';
import { BodyDecoder, isEncoded } from './body-decoder.js';
import type { DispatchController, DispatchHandler, HeaderRecord } from './dispatch.js';
import type { HopController } from './hop-controller.js';
import { toRawHeaders } from './legacy-handler.js';
import { redactFields } from './redact-head.js';

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

  onRequestStart(controller: DispatchController, context: unknown): void {
    this.#options.controller.target = controller;
    this.#options.controller.announce(this.#handler, context);
  }

  onRequestUpgrade(controller: DispatchController, statusCode: number, headers: HeaderRecord, socket: Duplex): void {
    const head = this.#cleanHead(controller, statusCode, headers, undefined);
    this.#handler.onRequestUpgrade?.(this.#options.controller, statusCode, head.headers, socket);
  }

  /** @throws ClavigerError `ERR_BROKER_UPSTREAM` for a body that can't be read. */
  onResponseStart(
    connection: DispatchController,
    statusCode: number,
    headers: HeaderRecord,
    statusMessage?: string,
  ): void {
    const head = this.#cleanHead(connection, statusCode, headers, statusMessage);
    const { redactor, method } = this.#options;
    if (statusCode < 200 || redactor === undefined || hasNoBody(method, statusCode)) return this.#pass(head);
    const coding = headers['content-encoding'];
    if (isEncoded(coding)) {
      this.#decoder = this.#decode([coding].flat().join(','), connection, redactor);
      return this.#pass(withoutFields(head, [...bodyFields, 'content-encoding']));
    }
    const length = Number(headers['content-length']);
    if (length === 0) return this.#pass(head);
    if (length <= WHOLE_BODY) {
      this.#whole = { head, length, chunks: [], received: 0 };
      return;
    }
    this.#scanner = redactor.scanner();
    this.#pass(withoutFields(head, bodyFields));
  }

  onResponseData(_connection: DispatchController, chunk: Buffer): void {
    if (this.#whole !== undefined) this.#gather(this.#whole, chunk);
    else if (this.#decoder !== undefined) this.#decoder.write(chunk);
    else this.#forward(chunk);
  }

  onResponseEnd(connection: DispatchController, trailers: HeaderRecord): void {
    const { redactor, controller } = this.#options;
    const clean =
      redactor === undefined ? trailers : redactFields(redactor, { headers: trailers, statusMessage: '' }).headers;
    controller.rawTrailers = clean === trailers ? connection.rawTrailers : toRawHeaders(clean);
    this.#trailers = clean;
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
    this.#handler.onResponseError?.(controller, (redactor?.error(error) ?? error) as Error);
  }

  #cleanHead(connection: DispatchController, statusCode: number, headers: HeaderRecord, statusMessage?: string): Head {
    const { redactor, injected } = this.#options;
    const before = { headers, statusMessage };
    const after = redactor === undefined ? before : redactFields(redactor, before);
    const head: Head = { statusCode, ...after, raw: after === before ? connection.rawHeaders : undefined };
    return injected && statusCode >= 200 ? unstorable(head) : head;
  }

  #pass({ statusCode, headers, statusMessage, raw }: Head): void {
    const { controller } = this.#options;
    controller.rawHeaders = Array.isArray(raw) ? raw : toRawHeaders(headers);
    this.#handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
  }

  #gather(whole: WholeBody, chunk: Buffer): void {
    whole.chunks.push(chunk);
    whole.received += chunk.length;
    if (whole.received >= whole.length) this.#release(whole);
  }

  /** Head and body, now that it is known whether they change. */
  #release({ head, chunks }: WholeBody): void {
    this.#whole = undefined;
    const [only] = chunks;
    const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    const clean = this.#options.redactor?.bytes(body) ?? body;
    this.#pass(clean === body ? head : withLength(withoutFields(head, bodyFields), clean.length));
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

  #decode(coding: string, connection: DispatchController, redactor: Redactor): BodyDecoder {
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
    this.#scanner = redactor.scanner();
    controller.gate = decoder;
    return decoder;
  }
}

interface Head {
  readonly statusCode: number;
  readonly headers: HeaderRecord;
  readonly statusMessage: string | undefined;
  /** As it came from the wire; undefined once it differs from `headers`. */
  readonly raw: unknown;
}

interface WholeBody {
  readonly head: Head;
  readonly length: number;
  readonly chunks: Buffer[];
  received: number;
}

/** RFC 9110 §6.4.1. */
function hasNoBody(method: string, statusCode: number): boolean {
  return method === 'HEAD' || statusCode === 204 || statusCode === 304;
}

/** A cache between the interceptor and the caller knows nothing of the credential: it must not keep the response. */
function unstorable(head: Head): Head {
  const stated = [head.headers['cache-control'] ?? []].flat().join(', ');
  if (/(?:^|[\s,])no-store(?:$|[\s,])/i.test(stated)) return head;
  const value = stated === '' ? 'no-store' : `${stated}, no-store`;
  return { ...head, headers: { ...head.headers, 'cache-control': value }, raw: rawWith(head.raw, stated, value) };
}

/** The usual head says nothing of caches, so a pair is added instead of building all of them anew. */
function rawWith(raw: unknown, stated: string, value: string): unknown {
  return Array.isArray(raw) && stated === ''
    ? [...(raw as Buffer[]), Buffer.from('cache-control'), Buffer.from(value)]
    : undefined;
}

function withoutFields(head: Head, names: readonly string[]): Head {
  const headers = Object.fromEntries(
    Object.entries(head.headers).filter(([name]) => !names.includes(name.toLowerCase())),
  );
  return { ...head, headers, raw: undefined };
}

function withLength(head: Head, length: number): Head {
  return { ...head, headers: { ...head.headers, 'content-length': String(length) } };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
