import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, stringify, type Node, type Pair } from 'yaml';
import { malformed, type DocumentFormat, type DocumentNode, type PairNode } from './document-node.js';

/** YAML, one document. Aliases, anchors, tags and blocks of text are read, and never edited. */
export const yamlFormat: DocumentFormat = {
  parse(text) {
    const document = parseDocument(text, { lineCounter: new LineCounter(), prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) throw malformed('YAML', text, error.pos[0]);
    return document.contents === null ? undefined : nodeOf(document.contents, text);
  },
  spell,
  spellKey: spell,
  assign: ': ',
  comments: /(?<=^|\s)#[^\n]*/g,
};

/** In one line, so that it may stand in a flow collection as well as in a block. */
function spell(value: string): string {
  // What needs quotes in brackets only has them everywhere.
  const plain = /^[A-Za-z0-9_./@-]+$/.test(value);
  const style = plain ? ({} as const) : ({ defaultStringType: 'QUOTE_DOUBLE' } as const);
  return stringify(value, { lineWidth: 0, ...style }).trimEnd();
}

function nodeOf(node: Node, text: string): DocumentNode {
  const [start = 0, end = 0] = node.range ?? [];
  const span = { start, end, ...(isPlain(node) ? {} : { locked: true as const }) };
  if (isMap(node)) {
    const style = node.flow === true ? 'flow' : 'lines';
    return { kind: 'map', style, ...span, pairs: node.items.flatMap((pair) => pairOf(pair as YamlPair, text)) };
  }
  if (isSeq(node)) {
    const style = node.flow === true ? 'flow' : 'lines';
    return { kind: 'list', style, ...span, items: node.items.map((item) => nodeOf(item as Node, text)) };
  }
  if (isScalar(node) && typeof node.value === 'string') return { kind: 'text', ...span, value: node.value };
  return { kind: 'other', ...span, value: isScalar(node) ? node.value : null };
}

/** An anchor may be meant elsewhere, a tag changes what is read, a block of text has its own rules for every line. */
function isPlain(node: Node): boolean {
  const { anchor }: { anchor?: string | undefined } = isAlias(node) ? {} : node;
  if (isAlias(node) || node.tag !== undefined || anchor !== undefined) return false;
  return !isScalar(node) || node.type?.startsWith('BLOCK') !== true;
}

type YamlPair = Pair<Node, Node | null>;

function pairOf({ key, value }: YamlPair, text: string): PairNode[] {
  if (!isScalar(key)) return [];
  const [start = 0, end = 0] = key.range ?? [];
  const node: DocumentNode =
    value === null ? { kind: 'other', start: end + 1, end: end + 1, value: null } : nodeOf(value, text);
  return [
    { key: String(key.value), keySpan: { start, end }, value: node, parts: [{ start, end: node.end }], keyPrefix: '' },
  ];
}
