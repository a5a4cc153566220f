/** A part of a JSON text, in bytes; `end` is the first byte behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A member of an object, its name as JSON reads it. */
export interface Member extends Span {
  readonly name: string;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Where a value stands in a text that holds nothing else. */
export function wholeValue(bytes: Buffer): Span {
  const start = skipSpace(bytes, 0);
  return { start, end: valueEnd(bytes, start) };
}

/**
 * The members of an object in their order, duplicates too; none of anything that is no object. The span is that of the value.
 *
 * @throws SyntaxError for a text that ends too early. It splits well-formed JSON; it does not check it.
 */
export function* members(bytes: Buffer, { start }: Span): Generator<Member> {
  if (bytes[start] !== openBrace) return;
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] !== closeBrace) {
    const nameEnd = valueEnd(bytes, at);
    const name = stringAt(bytes, { start: at, end: nameEnd });
    const value = skipSpace(bytes, skipSpace(bytes, nameEnd) + 1);
    const end = valueEnd(bytes, value);
    yield { name, start: value, end };
    at = next(bytes, end);
  }
}

/** The values of an array in their order; none of anything that is no array. */
export function* items(bytes: Buffer, { start }: Span): Generator<Span> {
  if (bytes[start] !== openBracket) return;
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] !== closeBracket) {
    const end = valueEnd(bytes, at);
    yield { start: at, end };
    at = next(bytes, end);
  }
}

/** The values of all members of that name: JSON allows duplicates, and readers differ in which one counts. */
export function valuesOf(bytes: Buffer, object: Span, name: string): Span[] {
  return [...members(bytes, object)].filter((member) => member.name === name);
}

export function isObjectAt(bytes: Buffer, { start }: Span): boolean {
  return bytes[start] === openBrace;
}

/** The bytes with some spans replaced; they are given in ascending order and do not overlap. */
export function splice(bytes: Buffer, changes: readonly (Span & { readonly text: string | Buffer })[]): Buffer {
  const parts: Buffer[] = [];
  let done = 0;
  for (const { start, end, text } of changes) {
    parts.push(bytes.subarray(done, start), typeof text === 'string' ? Buffer.from(text) : text);
    done = end;
  }
  return Buffer.concat([...parts, bytes.subarray(done)]);
}

function stringAt(bytes: Buffer, { start, end }: Span): string {
  if (bytes[start] !== quote) throw new SyntaxError(`a name was expected at byte ${start}`);
  const text = bytes.toString('utf8', start + 1, end - 1);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}

/** The place of the next value or of the closing bracket. */
function next(bytes: Buffer, end: number): number {
  const at = skipSpace(bytes, end);
  const unit = bytes[at];
  if (unit === comma) return skipSpace(bytes, at + 1);
  if (unit === closeBrace || unit === closeBracket) return at;
  throw new SyntaxError(`a comma or a closing bracket was expected at byte ${at}`);
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (let unit = bytes[at]; unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09; unit = bytes[at])
    at += 1;
  if (at >= bytes.length && from > 0) throw new SyntaxError('the text ends too early');
  return at;
}

function valueEnd(bytes: Buffer, start: number): number {
  const unit = bytes[start];
  if (unit === quote) return stringEnd(bytes, start);
  if (unit === openBrace || unit === openBracket) return bracketEnd(bytes, start);
  let at = start;
  while (at < bytes.length && !isDelimiter(bytes[at])) at += 1;
  if (at === start) throw new SyntaxError(`a value was expected at byte ${start}`);
  return at;
}

/** Behind the closing quote: the first one that has an even number of backslashes before it. */
export function stringEnd(bytes: Buffer, start: number): number {
  for (let at = bytes.indexOf(quote, start + 1); at !== -1; at = bytes.indexOf(quote, at + 1)) {
    let before = at;
    while (bytes[before - 1] === backslash) before -= 1;
    if ((at - before) % 2 === 0) return at + 1;
  }
  throw new SyntaxError('a string has no end');
}

function bracketEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const unit = bytes[at];
    if (unit === quote) at = stringEnd(bytes, at) - 1;
    else if (unit === openBrace || unit === openBracket) depth += 1;
    else if (unit === closeBrace || unit === closeBracket) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw new SyntaxError('a bracket is not closed');
}

function isDelimiter(unit: number | undefined): boolean {
  return (
    unit === comma ||
    unit === closeBrace ||
    unit === closeBracket ||
    unit === 0x20 ||
    unit === 0x0a ||
    unit === 0x0d ||
    unit === 0x09
  );
}
