import { Buffer } from 'node:buffer';
import { REDACTED } from '../secret.js';
import type { FormIndex, Units } from './form-index.js';

/** What stands in the place of what was found, as text of single bytes; undefined: `[secret]`. */
export type StandIn = (found: string) => string | undefined;

/** A text without what known forms cover; the identical text if they cover nothing. */
export function redactText(forms: FormIndex, text: string, standIn?: StandIn): string {
  const spans = forms.find(text);
  return spans === undefined ? text : replaceSpans(text, spans, 0, text.length, standIn);
}

/** Bytes without what known forms cover; the identical object if they cover nothing. */
export function redactBytes(forms: FormIndex, bytes: Uint8Array, standIn?: StandIn): Uint8Array {
  const spans = forms.find(bytes);
  return spans === undefined ? bytes : replaceSpans(bytes, spans, 0, bytes.length, standIn);
}

/**
 * What stands between `from` and `to`, each span replaced by `[secret]`, or by its stand-in. The replacement of a span that begins before `from`
 * has been given already.
 */
export function replaceSpans<T extends Units>(
  source: T,
  spans: readonly number[],
  from: number,
  to: number,
  standIn?: StandIn,
): T {
  const parts: Units[] = [];
  let done = from;
  for (let index = 0; index < spans.length; index += 2) {
    const [start = 0, end = 0] = [spans[index], spans[index + 1]];
    if (start >= to) break;
    if (end <= from) continue;
    if (start >= from) parts.push(between(source, done, start), replacement(between(source, start, end), standIn));
    done = Math.min(end, to);
  }
  parts.push(between(source, done, Math.max(done, to)));
  return joined(parts, source) as T;
}

function replacement(found: Units, standIn: StandIn | undefined): Units {
  if (typeof found === 'string') return standIn?.(found) ?? REDACTED;
  const { buffer, byteOffset, length } = found;
  const text = standIn?.(Buffer.from(buffer, byteOffset, length).toString('latin1')) ?? REDACTED;
  return Buffer.from(text, 'latin1');
}

function between<T extends Units>(source: T, start: number, end: number): T {
  return (typeof source === 'string' ? source.slice(start, end) : source.subarray(start, end)) as T;
}

/** One text, or bytes in a buffer of their own: `Buffer.concat` would lend a pool that holds other things too. */
export function joined(parts: readonly Units[], like: Units): Units {
  if (parts.length === 1) return parts[0] as Units;
  if (typeof like === 'string') return parts.join('');
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts as readonly Uint8Array[]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
