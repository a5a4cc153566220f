import { isDeepStrictEqual } from 'node:util';
import { applyChange, type Change, type NewValue } from './change.js';
import {
  DocumentError,
  nodeAt,
  pairAt,
  plainValue,
  type DocumentFormat,
  type DocumentNode,
  type DocumentPath,
  type ListNode,
} from './document-node.js';
import { insertInFlow, prependInFlow, removeInFlow, replaceItemsInFlow, wholePair } from './edit-flow.js';
import { emptyBraces, insertLine, isAlone, prependLines, removeLines, replaceItemLines } from './edit-lines.js';
import { applySplice, splice, type Splice } from './lines.js';

/**
 * Changes a text step by step; what a change does not name keeps its bytes. In the end the text has to say exactly what was
 * meant, or nothing happened.
 */
export class DocumentEditor {
  readonly format: DocumentFormat;
  #text: string;
  #root: DocumentNode | undefined;
  readonly #splices: Splice[] = [];

  /** @throws DocumentError for a text that is not of that format */
  constructor(text: string, format: DocumentFormat) {
    this.format = format;
    this.#text = text;
    this.#root = format.parse(text);
  }

  get text(): string {
    return this.#text;
  }

  get root(): DocumentNode | undefined {
    return this.#root;
  }

  /** What was done, in order: each on the text that the one before has left. */
  get splices(): readonly Splice[] {
    return this.#splices;
  }

  /** All of these changes, or none. @throws DocumentError when one of them can't be made */
  apply(changes: readonly Change[]): void {
    const before = { text: this.#text, root: this.#root, count: this.#splices.length };
    try {
      for (const change of changes) this.#step(change);
      const meant = changes.reduce(applyChange, plainValue(before.root));
      if (!isDeepStrictEqual(plainValue(this.#root), meant))
        throw cannot('it is written in a way that this can not keep');
    } catch (error) {
      this.#text = before.text;
      this.#root = before.root;
      this.#splices.length = before.count;
      throw error;
    }
  }

  #step(change: Change): void {
    this.#assertEditable(change.path);
    for (const each of this.#splicesFor(change)) {
      this.#text = applySplice(this.#text, each);
      this.#splices.push(each);
    }
    this.#root = this.format.parse(this.#text);
  }

  #assertEditable(path: DocumentPath): void {
    for (let length = 0; length <= path.length; length++) {
      const node = nodeAt(this.#root, path.slice(0, length));
      if (node?.locked) throw cannot('it has an anchor, an alias, a tag or a block of text');
    }
  }

  #splicesFor(change: Change): readonly Splice[] {
    const text = this.#text;
    if (change.kind === 'remove') return this.#removal(change.path);
    if (change.kind === 'prepend') return [this.#prepended(change)];
    if (change.kind === 'rename') {
      return [splice(text, this.#pair(change.path).keySpan, this.format.spellKey(change.key))];
    }
    if (change.kind === 'add') return [this.#added(change)];
    const node = nodeAt(this.#root, change.path);
    if (node === undefined) throw cannot('what should change is not there');
    if (node.kind === 'list' && isList(change.value)) return [this.#items(node, change.value)];
    return [splice(text, node, this.#spell(change.value))];
  }

  #removal(path: DocumentPath): readonly Splice[] {
    const map = nodeAt(this.#root, path.slice(0, -1));
    const pair = this.#pair(path);
    if (map?.kind !== 'map') throw cannot('what should go is not there');
    if (map.style === 'flow') return removeInFlow(this.#text, map, wholePair(pair), this.format);
    const owner = pairAt(this.#root, path.slice(0, -1));
    // TOML keeps the head of an emptied table; YAML would be left with null.
    const needsBraces = this.format.assign === ': ' && isAlone(map) && owner !== undefined;
    return [...removeLines(this.#text, pair), ...(needsBraces ? [emptyBraces(this.#text, owner)] : [])];
  }

  #prepended({ path, values }: Extract<Change, { kind: 'prepend' }>): Splice {
    const list = nodeAt(this.#root, path);
    const spelled = values.map((value) => this.format.spell(value));
    if (list?.kind !== 'list') throw cannot('its list of arguments is not there');
    if (list.style === 'flow') return prependInFlow(this.#text, list, spelled, this.format);
    const done = prependLines(this.#text, list, spelled);
    if (done === undefined) throw cannot('a comment stands inside of its first argument');
    return done;
  }

  #added({ path, after, key, value }: Extract<Change, { kind: 'add' }>): Splice {
    const map = nodeAt(this.#root, path);
    const anchor = this.#pair([...path, after]);
    if (map?.kind !== 'map') throw cannot('what should be added to is not there');
    const between = this.#text.slice(anchor.keySpan.end, anchor.value.start);
    const assign = /^[ \t]*[:=][ \t]*$/.test(between) ? between : this.format.assign;
    const spelled = this.format.spellKey(key) + assign + this.#spell(value);
    return map.style === 'flow'
      ? insertInFlow(this.#text, map, anchor, spelled)
      : insertLine(this.#text, anchor, spelled);
  }

  #items(list: ListNode, values: readonly string[]): Splice {
    const spelled = values.map((value) => this.format.spell(value));
    if (list.style === 'flow') return replaceItemsInFlow(this.#text, list, spelled);
    const done = replaceItemLines(this.#text, list, spelled);
    if (done === undefined) throw cannot('a comment stands inside of its first argument');
    return done;
  }

  #spell(value: NewValue): string {
    const format = this.format;
    if (typeof value === 'string') return format.spell(value);
    if (isList(value)) return `[${value.map((one) => format.spell(one)).join(', ')}]`;
    const pairs = Object.entries(value).map(([key, one]) => format.spellKey(key) + format.assign + format.spell(one));
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }

  #pair(path: DocumentPath) {
    const pair = pairAt(this.#root, path);
    if (pair === undefined) throw cannot('what should change is not there');
    return pair;
  }
}

function isList(value: NewValue): value is readonly string[] {
  return Array.isArray(value);
}

function cannot(why: string): DocumentError {
  return new DocumentError(why);
}
