import type { DocumentFormat, ListNode, MapNode, PairNode, Span } from './document-node.js';
import { beginsLine, eolOf, indentAt, lineStart, splice, type Splice } from './lines.js';

/*
 * Changes between braces and brackets: JSON everywhere, TOML's arrays and inline tables, YAML's flow collections. Whatever
 * is not changed keeps its bytes, comments and trailing commas included.
 */

/** Puts items before the first, in the way the list is written. */
export function prependInFlow(
  text: string,
  list: ListNode,
  spelled: readonly string[],
  format: DocumentFormat,
): Splice {
  const [first] = list.items;
  if (first === undefined) {
    const empty = { start: list.start + 1, end: list.start + 1 };
    const comment = commentless(text.slice(list.start + 1, list.end - 1), format).includes(',') ? ',' : '';
    return splice(text, empty, spelled.join(', ') + comment);
  }
  const separator = separatorBefore(text, first.start, list.items);
  return splice(text, { start: first.start, end: first.start }, spelled.map((one) => one + separator).join(''));
}

/** The same list with other items. */
export function replaceItemsInFlow(text: string, list: ListNode, spelled: readonly string[]): Splice {
  const [first] = list.items;
  const last = list.items.at(-1);
  if (first === undefined || last === undefined) return splice(text, list, `[${spelled.join(', ')}]`);
  const separator = separatorBefore(text, first.start, list.items);
  return splice(text, { start: first.start, end: last.end }, spelled.join(separator));
}

export function insertInFlow(text: string, map: MapNode, anchor: PairNode, spelled: string): Splice {
  const { end } = anchor.value;
  const separator = separatorBefore(text, startOf(anchor), map.pairs.map(wholePair));
  return splice(text, { start: end, end }, separator + spelled);
}

/** Takes out one of several elements, with the comma that belongs to it and, alone on its line, with the line. */
export function removeInFlow(
  text: string,
  container: MapNode,
  element: Span,
  format: DocumentFormat,
): readonly Splice[] {
  const siblings = container.pairs.map(wholePair);
  const index = siblings.findIndex(({ start }) => start === element.start);
  const before = siblings[index - 1];
  const next = siblings[index + 1]?.start ?? container.end - 1;
  const comma = commaIn(text, element.end, next, format);
  // Where a comment stands between the two, the comma goes by itself.
  const adjoins = comma !== undefined && text.slice(element.end, comma.start).trim() === '';
  const whole = { start: element.start, end: adjoins ? comma.end : element.end };
  const removed = [splice(text, withBlanks(text, whole, index === siblings.length - 1), '')];
  if (comma !== undefined && !adjoins) removed.unshift(splice(text, comma, ''));
  const left = comma ?? (before && commaIn(text, before.end, element.start, format));
  if (comma === undefined && left !== undefined) removed.push(splice(text, left, ''));
  return removed; // from behind to front, so that each place is still right
}

/** With the line that it has for itself, or with the blanks between it and its neighbour. */
function withBlanks(text: string, { start, end }: Span, isLast: boolean): Span {
  const behind = /^[ \t]*(?:\r?\n)?/.exec(text.slice(end))?.[0] ?? '';
  if (behind.includes('\n') && beginsLine(text, start))
    return { start: lineStart(text, start), end: end + behind.length };
  // What follows on the line, be it a comment, takes its place.
  if (!isLast || beginsLine(text, start)) return { start, end: end + (/^[ \t]*/.exec(behind)?.[0].length ?? 0) };
  const before = /[ \t]*$/.exec(text.slice(lineStart(text, start), start))?.[0].length ?? 0;
  return { start: start - before, end };
}

function commaIn(text: string, start: number, end: number, format: DocumentFormat): Span | undefined {
  const at = commentless(text.slice(start, end), format).indexOf(',');
  return at === -1 ? undefined : { start: start + at, end: start + at + 1 };
}

export function wholePair(pair: PairNode): Span {
  return { start: startOf(pair), end: pair.value.end };
}

function startOf({ parts: [first], keySpan }: PairNode): number {
  return first?.start ?? keySpan.start;
}

/** A comma and what follows it before the next element of such a list. */
function separatorBefore(text: string, at: number, elements: readonly Span[]): string {
  if (beginsLine(text, at) && lineStart(text, at) > 0) return `,${eolOf(text)}${indentAt(text, at)}`;
  const [first, second] = elements;
  const between = first === undefined || second === undefined ? '' : text.slice(first.end, second.start);
  return /^,[ \t]*$/.test(between) ? between : ', ';
}

/** The same length, with blanks for comments. */
function commentless(text: string, { comments }: DocumentFormat): string {
  return text.replace(comments, (comment) => ' '.repeat(comment.length));
}
