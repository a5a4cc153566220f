import { parseTree, type Node, type ParseError } from 'jsonc-parser';
import { malformed, type DocumentFormat, type DocumentNode, type PairNode } from './document-node.js';

/** JSON with comments and trailing commas. */
export const jsoncFormat: DocumentFormat = {
  parse(text) {
    const errors: ParseError[] = [];
    const root = parseTree(text, errors, { allowTrailingComma: true });
    if (root === undefined && text.trim() === '') return undefined;
    const [first] = errors;
    if (first !== undefined || root === undefined) throw malformed('JSON', text, first?.offset ?? 0);
    return nodeOf(root);
  },
  spell: (value) => JSON.stringify(value),
  spellKey: (key) => JSON.stringify(key),
  assign: ': ',
  comments: /\/\/[^\n]*|\/\*[^]*?\*\//g,
};

function nodeOf({ type, offset: start, length, children = [], value }: Node): DocumentNode {
  const span = { start, end: start + length };
  if (type === 'object') return { kind: 'map', style: 'flow', ...span, pairs: children.flatMap(pairOf) };
  if (type === 'array') return { kind: 'list', style: 'flow', ...span, items: children.map(nodeOf) };
  return typeof value === 'string' ? { kind: 'text', ...span, value } : { kind: 'other', ...span, value };
}

function pairOf({ offset: start, length, children: [key, value] = [] }: Node): PairNode[] {
  if (key === undefined || value === undefined) return [];
  const keySpan = { start: key.offset, end: key.offset + key.length };
  const parts = [{ start, end: start + length }];
  return [{ key: String(key.value), keySpan, value: nodeOf(value), parts, keyPrefix: '' }];
}
