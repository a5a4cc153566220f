import type { ListNode, MapNode, PairNode, Span } from './document-node.js';
import { beginsLine, eolOf, indentAt, lineEnd, lineStart, nextLine, splice, type Splice } from './lines.js';

/* Changes where one thing stands below the other: TOML's tables, YAML's blocks. */

/** Below the anchor, whose comment stays on its line. */
export function insertLine(text: string, anchor: PairNode, spelled: string): Splice {
  const start = anchor.parts[0]?.start ?? anchor.keySpan.start;
  const at = lineEnd(text, anchor.value.end);
  const line = `${eolOf(text)}${indentAt(text, start)}${anchor.keyPrefix}${spelled}`;
  return splice(text, { start: at, end: at }, line);
}

/** Takes out the lines of a pair, from behind to front; a comment after its value stays. */
export function removeLines(text: string, { parts }: PairNode): readonly Splice[] {
  return outermost(parts)
    .sort((a, b) => b.start - a.start)
    .map((part) => {
      const end = part.start + text.slice(part.start, part.end).trimEnd().length;
      const behind = text.slice(end, lineEnd(text, end));
      if (behind.trim() !== '') return splice(text, { start: part.start, end: end + leadingBlanks(behind) }, '');
      const from = beginsLine(text, part.start) ? lineStart(text, part.start) : part.start;
      return splice(text, { start: from, end: nextLine(text, end) }, '');
    });
}

/** Behind the colon of a YAML map whose only pair goes: what is left is an empty map, and not nothing, which would be null. */
export function emptyBraces(text: string, owner: PairNode): Splice {
  const start = text.indexOf(':', owner.keySpan.end) + 1;
  return splice(text, { start, end: start }, ' {}');
}

/** Items above the first of a YAML sequence; undefined where something stands between a dash and its item. */
export function prependLines(
  text: string,
  { items: [first] }: ListNode,
  spelled: readonly string[],
): Splice | undefined {
  const dash = first === undefined ? undefined : dashOf(text, first);
  if (dash === undefined) return undefined;
  const separator = `${eolOf(text)}${indentAt(text, dash)}`;
  return splice(text, { start: dash, end: dash }, spelled.map((one) => `- ${one}${separator}`).join(''));
}

export function replaceItemLines(text: string, { items }: ListNode, spelled: readonly string[]): Splice | undefined {
  const [first] = items;
  const last = items.at(-1);
  const dash = first === undefined ? undefined : dashOf(text, first);
  if (dash === undefined || last === undefined) return undefined;
  const separator = `${eolOf(text)}${indentAt(text, dash)}`;
  const end = dash + text.slice(dash, last.end).trimEnd().length;
  return splice(text, { start: dash, end }, spelled.map((one) => `- ${one}`).join(separator));
}

/** Whether a pair is the only one of its map. */
export function isAlone({ pairs }: MapNode): boolean {
  return pairs.length === 1;
}

function dashOf(text: string, { start }: Span): number | undefined {
  const dash = text.lastIndexOf('-', start - 1);
  return dash >= lineStart(text, start) && text.slice(dash + 1, start).trim() === '' ? dash : undefined;
}

function leadingBlanks(text: string): number {
  return /^[ \t]*/.exec(text)?.[0].length ?? 0;
}

/** A table's part holds those of its own sub-tables where they are written inside it. */
function outermost(parts: readonly Span[]): Span[] {
  const unique = parts.filter((one, index) => parts.findIndex((other) => same(one, other)) === index);
  return unique.filter(
    (one) => !unique.some((other) => !same(one, other) && other.start <= one.start && one.end <= other.end),
  );
}

function same(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}
