import type { Span } from './document-node.js';

/** What replaces what in a text. */
export interface Splice {
  readonly at: number;
  readonly removed: string;
  readonly inserted: string;
}

export function splice(text: string, { start, end }: Span, inserted: string): Splice {
  return { at: start, removed: text.slice(start, end), inserted };
}

export function applySplice(text: string, { at, removed, inserted }: Splice): string {
  return text.slice(0, at) + inserted + text.slice(at + removed.length);
}

/** The line end that a text uses. */
export function eolOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Before the line's end, and before the `\r` of one. */
export function lineEnd(text: string, offset: number): number {
  const found = text.indexOf('\n', offset);
  const end = found === -1 ? text.length : found;
  return end > offset && text[end - 1] === '\r' ? end - 1 : end;
}

export function nextLine(text: string, offset: number): number {
  const found = text.indexOf('\n', offset);
  return found === -1 ? text.length : found + 1;
}

/** What a new line begins with to stand below this place: the blanks before it, or as many where other things are there. */
export function indentAt(text: string, offset: number): string {
  const before = text.slice(lineStart(text, offset), offset);
  return before.trim() === '' ? before : ' '.repeat(before.length);
}

/** Whether nothing but blanks stands before it on its line. */
export function beginsLine(text: string, offset: number): boolean {
  return text.slice(lineStart(text, offset), offset).trim() === '';
}
