/** A stretch of a text, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Placed extends Span {
  /** Something that must not be edited: elsewhere the document refers to it. */
  readonly locked?: true;
}

/** A part of a JSONC, TOML or YAML text that still knows where it stands. */
export type DocumentNode = MapNode | ListNode | TextNode | OtherNode;

export interface MapNode extends Placed {
  readonly kind: 'map';
  /** `flow`: in braces; `lines`: one pair below the other. */
  readonly style: 'flow' | 'lines';
  readonly pairs: readonly PairNode[];
}

export interface PairNode {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: DocumentNode;
  /** Where the pair stands; in TOML a table may be told in several places. */
  readonly parts: readonly Span[];
  /** In TOML, what stands before the last word of a dotted key: `mcp_servers.weather.`. */
  readonly keyPrefix: string;
}

export interface ListNode extends Placed {
  readonly kind: 'list';
  readonly style: 'flow' | 'lines';
  readonly items: readonly DocumentNode[];
}

export interface TextNode extends Placed {
  readonly kind: 'text';
  readonly value: string;
}

/** A number, a boolean, null, and what can't be edited: an alias, a block of lines. */
interface OtherNode extends Placed {
  readonly kind: 'other';
  readonly value: unknown;
}

/** Where something stands in a document: keys of maps, and positions in lists. */
export type DocumentPath = readonly (string | number)[];

/** What an editor must know of a format. */
export interface DocumentFormat {
  /** @throws DocumentError for a text that is not of that format */
  readonly parse: (text: string) => DocumentNode | undefined;
  /** A string as the format writes it. */
  readonly spell: (value: string) => string;
  readonly spellKey: (key: string) => string;
  /** What stands between a key and its value. */
  readonly assign: string;
  /** Comments in braces and brackets. */
  readonly comments: RegExp;
}

/** A text that can't be read, with the place; the text itself is not in the message, since it may hold keys. */
export class DocumentError extends Error {}

/** @param text for the line and column */
export function malformed(format: string, text: string, offset: number): DocumentError {
  const before = text.slice(0, offset).split('\n');
  return new DocumentError(`not valid ${format} at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`);
}

/** The last pair of that key, as every reader of JSON takes it. */
export function pairOf(node: DocumentNode | undefined, key: string): PairNode | undefined {
  return node?.kind === 'map' ? node.pairs.findLast((pair) => pair.key === key) : undefined;
}

export function nodeAt(root: DocumentNode | undefined, path: DocumentPath): DocumentNode | undefined {
  return path.reduce<DocumentNode | undefined>((node, step) => {
    if (typeof step === 'string') return pairOf(node, step)?.value;
    return node?.kind === 'list' ? node.items[step] : undefined;
  }, root);
}

/** The pair that a path ends with. */
export function pairAt(root: DocumentNode | undefined, path: DocumentPath): PairNode | undefined {
  const key = path.at(-1);
  return typeof key === 'string' ? pairOf(nodeAt(root, path.slice(0, -1)), key) : undefined;
}

/** What the document says, without places. */
export function plainValue(node: DocumentNode | undefined): unknown {
  if (node === undefined) return undefined;
  if (node.kind === 'list') return node.items.map(plainValue);
  if (node.kind !== 'map') return node.value;
  const value = Object.create(null) as Record<string, unknown>; // a key may be __proto__
  for (const pair of node.pairs) value[pair.key] = plainValue(pair.value);
  return value;
}
