import { BASE64_MEMBERS, redactBase64 } from '../redaction/redact-base64.js';
import type { Redactor } from '../redaction/redactor.js';
import { REDACTED } from '../secret.js';
import { splice, stringEnd, type Span } from './json-span.js';

/** A string or a number in a line, and the name of the member whose value it is. */
interface Token extends Span {
  readonly name: string | undefined;
}

/**
 * A line without secrets: the identical one if it holds none. It stays valid JSON, numbers keep their spelling, and what was
 * base64 in a `blob` or in `data` still is. `undefined` if that can't be done.
 */
export function redactLine(line: Buffer, redactors: readonly Redactor[]): Buffer | undefined {
  const plain = redactBytes(line, redactors);
  if (plain === line) return line;
  const redacted = isJson(line) ? redactTokens(line, redactors) : plain;
  const result = redactBytes(redacted, redactors); // a secret could lie across two tokens
  return result === redacted || isJson(result) ? result : undefined;
}

/** Bytes without what any of the redactors knows; the identical object if there is nothing. */
export function redactBytes(bytes: Buffer, redactors: readonly Redactor[]): Buffer {
  let result: Uint8Array = bytes;
  for (const redactor of redactors) result = redactor.bytes(result);
  return result === bytes ? bytes : Buffer.from(result.buffer, result.byteOffset, result.byteLength);
}

function redactTokens(line: Buffer, redactors: readonly Redactor[]): Buffer {
  const changes: (Span & { text: string | Buffer })[] = [];
  for (const token of tokensOf(line)) {
    const bytes = line.subarray(token.start, token.end);
    const text = bytes[0] === 0x22 ? redactString(bytes, token.name, redactors) : redactNumber(bytes, redactors);
    if (text !== bytes) changes.push({ start: token.start, end: token.end, text });
  }
  return splice(line, changes);
}

function redactString(literal: Buffer, name: string | undefined, redactors: readonly Redactor[]): string | Buffer {
  if (name === undefined || !BASE64_MEMBERS.has(name)) return redactBytes(literal, redactors);
  const text = JSON.parse(literal.toString()) as string;
  const inBase64 = redactBase64(text, (bytes) => redactBytes(bytes, redactors));
  if (inBase64 === undefined) return redactBytes(literal, redactors);
  return inBase64 === text ? literal : JSON.stringify(inBase64);
}

/** A number in which a secret shows becomes a text. */
function redactNumber(literal: Buffer, redactors: readonly Redactor[]): string | Buffer {
  return redactBytes(literal, redactors) === literal ? literal : JSON.stringify(REDACTED);
}

/** All strings and numbers of a JSON text, names of members too. */
function* tokensOf(line: Buffer): Generator<Token> {
  const pattern = /["\d-]/;
  let name: string | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const unit = String.fromCharCode(line[at] ?? 0);
    if (unit === ',' || unit === '[' || unit === '{') name = undefined;
    if (!pattern.test(unit)) continue;
    const end = unit === '"' ? stringEnd(line, at) : numberEnd(line, at);
    yield { start: at, end, name };
    name = isName(line, end) ? line.toString('utf8', at + 1, end - 1) : undefined;
    at = end - 1;
  }
}

function numberEnd(line: Buffer, start: number): number {
  let at = start;
  while (at < line.length && /[\d.eE+-]/.test(String.fromCharCode(line[at] ?? 0))) at += 1;
  return at;
}

function isName(line: Buffer, end: number): boolean {
  let at = end;
  while (at < line.length && (line[at] === 0x20 || line[at] === 0x09)) at += 1;
  return line[at] === 0x3a;
}

export function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString());
    return true;
  } catch {
    return false;
  }
}
