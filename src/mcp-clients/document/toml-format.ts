import { parseTOML, type AST } from 'toml-eslint-parser';
import {
  malformed,
  type DocumentFormat,
  type DocumentNode,
  type ListNode,
  type MapNode,
  type PairNode,
  type Span,
} from './document-node.js';

/** TOML: the parser of a linter, since it tells the place of everything. */
export const tomlFormat: DocumentFormat = {
  parse(text) {
    try {
      return read(text, parseTOML(text, { tomlVersion: '1.1' }));
    } catch (error) {
      const { index } = error as { index?: number };
      if (index === undefined) throw error;
      throw malformed('TOML', text, index);
    }
  },
  spell,
  spellKey: (key) => (/^[A-Za-z0-9_-]+$/.test(key) ? key : spell(key)),
  assign: ' = ',
  comments: /#[^\n]*/g,
};

/** JSON's escapes are TOML's too; DEL must be escaped here as well. */
function spell(value: string): string {
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type OpenMap = Mutable<Omit<MapNode, 'pairs'>> & { pairs: OpenPair[] };
type OpenPair = Mutable<Omit<PairNode, 'parts' | 'value'>> & { parts: Span[]; value: DocumentNode | OpenMap };

/** Tables, sub-tables and dotted keys of one name become one map. */
function read(text: string, { body: [top] }: AST.TOMLProgram): DocumentNode {
  const root = openMap(spanOf(top));
  for (const each of top.body) {
    if (each.type === 'TOMLKeyValue') addKeyValue(text, root, each);
    else if (each.kind === 'standard') addTable(text, root, each);
    // Of lists of tables nothing is read; no client has servers in one.
  }
  return root;
}

function addTable(text: string, root: OpenMap, table: AST.TOMLTable): void {
  const path = table.resolvedKey.filter((key) => typeof key === 'string');
  if (path.length < table.resolvedKey.length) return;
  const map = descend(root, path, spanOf(table), spanOf(table.key));
  for (const each of table.body) addKeyValue(text, map, each);
}

function addKeyValue(text: string, map: OpenMap, pair: AST.TOMLKeyValue): void {
  const span = spanOf(pair);
  const keys = pair.key.keys;
  const last = keys.at(-1);
  if (last === undefined) return;
  const owner = descend(map, keys.slice(0, -1).map(nameOf), span, span);
  const keySpan = spanOf(last);
  const keyPrefix = text.slice(span.start, keySpan.start);
  owner.pairs.push({ key: nameOf(last), keySpan, value: nodeOf(text, pair.value), parts: [span], keyPrefix });
}

/** The map below these keys, made where it is not there yet. Each on the way has a part where the child is. */
function descend(map: OpenMap, keys: readonly string[], part: Span, keySpan: Span): OpenMap {
  let at = map;
  for (const key of keys) {
    let pair = at.pairs.find((each) => each.key === key);
    if (pair === undefined) {
      pair = { key, keySpan, value: openMap(part), parts: [], keyPrefix: '' };
      at.pairs.push(pair);
    }
    pair.parts.push(part);
    const value = pair.value as OpenMap;
    value.start = Math.min(value.start, part.start);
    value.end = Math.max(value.end, part.end);
    at = value;
  }
  return at;
}

function openMap(span: Span): OpenMap {
  return { kind: 'map', style: 'lines', ...span, pairs: [] };
}

function nodeOf(text: string, node: AST.TOMLContentNode): DocumentNode {
  const span = spanOf(node);
  if (node.type === 'TOMLArray') {
    const list: ListNode = {
      kind: 'list',
      style: 'flow',
      ...span,
      items: node.elements.map((one) => nodeOf(text, one)),
    };
    return list;
  }
  if (node.type === 'TOMLInlineTable') {
    const map: OpenMap = { kind: 'map', style: 'flow', ...span, pairs: [] };
    for (const pair of node.body) addKeyValue(text, map, pair);
    return map;
  }
  return node.kind === 'string'
    ? { kind: 'text', ...span, value: node.value }
    : { kind: 'other', ...span, value: node.value };
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === 'TOMLBare' ? key.name : key.value;
}

function spanOf({ range: [start, end] }: { range: AST.Range }): Span {
  return { start, end };
}
