import { Buffer, isAscii } from 'node:buffer';
import { util } from 'undici';
import type { Redactor } from '../redaction/redactor.js';
import { REDACTED, SHORT_SECRET } from '../secret.js';
import { unread, type HeaderRecord } from './dispatch.js';
import { toRawHeaders } from './legacy-handler.js';

/**
 * The head of a response, and its trailers, on their way to the caller. It changes what undici made for this one response:
 * its record of headers, with names in lower case, and the pairs as they came from the wire. As long as nobody reads the
 * record, there is none.
 */
export class ResponseHead {
  statusMessage: string | undefined;
  #record: HeaderRecord | undefined;
  /** Undefined once the record says something else. */
  #raw: Buffer[] | undefined;

  constructor(headers: HeaderRecord, raw: unknown, statusMessage?: string) {
    this.statusMessage = statusMessage;
    this.#raw = pairsOf(raw);
    this.#record = headers === unread || (this.#raw !== undefined && isEmpty(headers)) ? undefined : headers;
  }

  get headers(): HeaderRecord {
    this.#record ??= util.parseHeaders(this.#raw ?? []) as HeaderRecord;
    return this.#record;
  }

  get raw(): Buffer[] {
    this.#raw ??= toRawHeaders(this.headers);
    return this.#raw;
  }

  get isEmpty(): boolean {
    if (this.#record === undefined) return this.#raw === undefined || this.#raw.length === 0;
    return isEmpty(this.#record);
  }

  /** For a handler: the record, or none for one that reads the bytes. */
  recordFor(handler: { readonly readsRaw?: boolean }): HeaderRecord {
    return handler.readsRaw === true && this.#record === undefined ? unread : this.headers;
  }

  /** The value of a header, several lines joined. @param name in lower case */
  value(name: string): string | undefined {
    if (this.#record !== undefined) return joined(this.#record[name]);
    const raw = this.#raw ?? [];
    let value: string | undefined;
    for (let index = 0; index < raw.length; index += 2) {
      const field = raw[index];
      if (field?.length !== name.length || field.toString('latin1').toLowerCase() !== name) continue;
      const line = String(raw[index + 1]?.toString('latin1'));
      value = value === undefined ? line : `${value}, ${line}`;
    }
    return value;
  }

  set(name: string, value: string): void {
    this.headers[name] = value;
    this.#raw = undefined;
  }

  /** A header that is not there yet, and its bytes. */
  add(name: string, value: string, bytes: readonly Buffer[]): void {
    if (this.#record !== undefined || this.#raw === undefined) this.headers[name] = value;
    this.#raw?.push(...bytes);
  }

  remove(names: readonly string[]): void {
    for (const name of names) {
      if (this.value(name) === undefined) continue;
      this.#record = Object.fromEntries(Object.entries(this.headers).filter(([other]) => other !== name));
      this.#raw = undefined;
    }
  }

  /**
   * Takes secrets out of values and the status line, and drops a header whose name holds one. undici gives the bytes of the
   * wire as Latin-1, so UTF-8 in them is looked at as bytes too.
   */
  redact(redactor: Redactor): void {
    if (this.#isClean(redactor)) return;
    const telling = new Set(this.#names().filter((name) => !isClean(redactor, name)));
    const kept = Object.entries(this.headers).filter(([name]) => !isIn(telling, name));
    this.#record = Object.fromEntries(
      kept.map(([name, value]) => [
        name,
        Array.isArray(value) ? value.map((each) => redactField(redactor, each)) : redactField(redactor, value ?? ''),
      ]),
    );
    if (this.statusMessage !== undefined) this.statusMessage = redactField(redactor, this.statusMessage);
    this.#raw = undefined;
  }

  /** As on the wire, where they are known: undici's record has them in lower case, which would hide a secret in one. */
  #names(): string[] {
    const raw = this.#raw;
    if (raw === undefined) return Object.keys(this.headers);
    const names: string[] = [];
    for (let index = 0; index < raw.length; index += 2) names.push(String(raw[index]));
    return names;
  }

  /** As nearly all heads are: at the cost of one scan. */
  #isClean(redactor: Redactor): boolean {
    const wire = this.#record === undefined && this.#raw !== undefined ? onTheWire(this.#raw) : undefined;
    if (wire === undefined) return isClean(redactor, this.#text());
    return redactor.bytes(wire) === wire && (this.statusMessage === undefined || isClean(redactor, this.statusMessage));
  }

  /** One text: no secret reaches over a line break. */
  #text(): string {
    let text = this.statusMessage ?? '';
    for (const name of this.#names()) if (name.length >= SHORT_SECRET) text += `\n${name}`;
    for (const name in this.headers) {
      const value = this.headers[name];
      if (Array.isArray(value)) text += `\n${value.join('\n')}`;
      else if (value !== undefined && value.length >= SHORT_SECRET) text += `\n${value}`;
    }
    return text;
  }
}

/**
 * All of a head in one piece, where it is ASCII and still lies in the bytes that came from the socket, as it does when it
 * came in one chunk: between two parts there is at most a colon, or a line break, and some blanks.
 */
function onTheWire(raw: readonly Buffer[]): Uint8Array | undefined {
  const first = raw[0];
  if (first === undefined) return undefined;
  const { buffer, byteOffset } = first;
  let end = byteOffset;
  for (const part of raw) {
    const start = part.byteOffset;
    if (start < end || start > end + MAX_GAP || part.buffer !== buffer) return undefined;
    end = start + part.length;
  }
  const wire = new Uint8Array(buffer, byteOffset, end - byteOffset);
  return isAscii(wire) ? wire : undefined;
}

const MAX_GAP = 16;

/** undici 7 gives the trailers of HTTP/2 as a record where the bytes of the wire belong, and an empty record beside it. */
function pairsOf(raw: unknown): Buffer[] | undefined {
  if (Array.isArray(raw)) return raw as Buffer[];
  return typeof raw === 'object' && raw !== null ? toRawHeaders(raw as HeaderRecord) : undefined;
}

function isEmpty(record: HeaderRecord): boolean {
  for (const _ in record) return false;
  return true;
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function isIn(names: ReadonlySet<string>, lower: string): boolean {
  for (const name of names) if (name.toLowerCase() === lower) return true;
  return false;
}

function isClean(redactor: Redactor, text: string): boolean {
  if (redactor.text(text) !== text) return false;
  if (!/[\x80-\xff]/.test(text)) return true;
  const bytes = Buffer.from(text, 'latin1');
  return redactor.bytes(bytes) === bytes;
}

function redactField(redactor: Redactor, value: string): string {
  const redacted = redactor.text(value);
  return isClean(redactor, redacted) ? redacted : REDACTED;
}
