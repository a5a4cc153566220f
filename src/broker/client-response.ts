import type { ServerResponse } from 'node:http';
import type { DispatchController, DispatchHandler, HeaderRecord } from '../http/dispatch.js';
import { headerPairs } from '../http/request-head.js';

/** What belongs to the connection with the upstream (RFC 9110 §7.6.1), or would lead past the broker. */
const dropped = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'alt-svc',
]);

/** A field of a head, or the same with another value. */
export type RewriteField = (name: string, value: string) => string;

/** Writes what comes from an upstream, its secrets already gone, to the caller: no faster than that reads. */
export class ClientResponse implements DispatchHandler {
  readonly #response: ServerResponse;
  readonly #rewrite: RewriteField | undefined;
  readonly #onEnd: () => void;
  #length: number | undefined;
  #first: Buffer | undefined;
  #isWaiting = false;

  constructor(response: ServerResponse, rewrite: RewriteField | undefined, onEnd: () => void) {
    this.#response = response;
    this.#rewrite = rewrite;
    this.#onEnd = onEnd;
  }

  onRequestStart(): void {}

  onResponseStart(
    controller: DispatchController,
    statusCode: number,
    headers: HeaderRecord,
    statusMessage?: string,
  ): void {
    if (statusCode < 200 || this.#response.destroyed) return; // what an interim head says is said again by the final one
    const fields = this.#fields(controller.rawHeaders as readonly Buffer[], headers);
    if (statusMessage === undefined) this.#response.writeHead(statusCode, fields);
    else this.#response.writeHead(statusCode, printable(statusMessage), fields);
    const length = headers['content-length'];
    this.#length = typeof length === 'string' ? Number(length) : undefined;
    // What has no length may take its time to come: the head does not wait for it.
    if (this.#length === undefined) this.#response.flushHeaders();
  }

  onResponseData(controller: DispatchController, chunk: Buffer): void {
    const response = this.#response;
    if (this.#length === chunk.length && this.#first === undefined) {
      this.#first = chunk; // all of it: it goes out together with the head
      return;
    }
    if (response.destroyed || response.write(chunk) || this.#isWaiting) return;
    this.#isWaiting = true;
    controller.pause();
    response.once('drain', () => {
      this.#isWaiting = false;
      controller.resume();
    });
  }

  onResponseEnd(controller: DispatchController, trailers: HeaderRecord): void {
    const response = this.#response;
    const raw = controller.rawTrailers;
    if (Object.keys(trailers).length > 0 && Array.isArray(raw))
      response.addTrailers(headerPairs(this.#fields(raw as Buffer[], trailers)));
    if (this.#first === undefined) response.end();
    else response.end(this.#first);
    this.#onEnd();
  }

  /** The head is out: that something is missing shows in a connection that breaks off. */
  onResponseError(): void {
    this.#response.destroy();
  }

  #fields(raw: readonly Buffer[], headers: HeaderRecord): string[] {
    const nominated = nominatedBy(headers['connection']);
    const fields: string[] = [];
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = raw[index]?.toString('latin1') ?? '';
      const lower = name.toLowerCase();
      if (dropped.has(lower) || nominated.includes(lower)) continue;
      const value = raw[index + 1]?.toString('latin1') ?? '';
      fields.push(name, this.#rewrite === undefined ? value : this.#rewrite(lower, value));
    }
    return fields;
  }
}

/** The fields that go no further (RFC 9110 §7.6.1); most upstreams say no more than what is dropped anyway. */
function nominatedBy(connection: string | string[] | undefined): readonly string[] {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return none;
  return [connection]
    .flat()
    .join(',')
    .toLowerCase()
    .split(/\s*,\s*/);
}

const none: readonly string[] = [];

/** Node refuses to write a reason phrase (RFC 9112 §4) with control characters in it. */
function printable(statusMessage: string): string {
  return statusMessage.replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
}
