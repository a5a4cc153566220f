import type { Redactor } from '../redaction/redactor.js';
import { REDACTED, SHORT_SECRET } from '../secret.js';
import type { HeaderRecord } from './dispatch.js';
import { toRawHeaders } from './legacy-handler.js';

/**
 * The head of a response, and its trailers, on their way to the caller. It changes what undici made for this one response:
 * its record of headers, with names in lower case, and the pairs as they came from the wire.
 */
export class ResponseHead {
  headers: HeaderRecord;
  statusMessage: string | undefined;
  /** Undefined once the record says something else. */
  #raw: Buffer[] | undefined;

  constructor(headers: HeaderRecord, raw: unknown, statusMessage?: string) {
    this.headers = headers;
    this.statusMessage = statusMessage;
    this.#raw = Array.isArray(raw) ? (raw as Buffer[]) : undefined;
  }

  get raw(): Buffer[] {
    this.#raw ??= toRawHeaders(this.headers);
    return this.#raw;
  }

  set(name: string, value: string): void {
    this.headers[name] = value;
    this.#raw = undefined;
  }

  /** A header that is not there yet, and its bytes. */
  add(name: string, value: string, bytes: readonly Buffer[]): void {
    this.headers[name] = value;
    this.#raw?.push(...bytes);
  }

  remove(names: readonly string[]): void {
    for (const name of names) {
      if (this.headers[name] === undefined) continue;
      this.headers = Object.fromEntries(Object.entries(this.headers).filter(([other]) => other !== name));
      this.#raw = undefined;
    }
  }

  /**
   * Takes secrets out of values and the status line, and drops a header whose name holds one. undici gives the bytes of the
   * wire as Latin-1, so UTF-8 in them is looked at as bytes too.
   */
  redact(redactor: Redactor): void {
    if (isClean(redactor, this.#text())) return;
    const telling = new Set(this.#names().filter((name) => !isClean(redactor, name)));
    const kept = Object.entries(this.headers).filter(([name]) => !isIn(telling, name));
    this.headers = Object.fromEntries(
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

  /** One text, so that a clean head, as nearly all are, costs one scan. No secret reaches over a line break. */
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
