import { ClavigerError } from '../errors.js';
import { referencesOf, type ArgumentLevel } from './argument-level.js';
import { demandedBy, hideInValue, keptKey } from './hide-in-keyword.js';
import { hideInNames } from './hide-in-names.js';
import { escapeToken, toFragment, unescapeToken, type Place, type SchemaDocument } from './schema-document.js';
import { isJsonObject, subschemas, subschemasOf, type JsonObject } from './schema-keywords.js';
import { readingOf, usesOf, type Reading, type SchemaUses } from './schema-uses.js';

/**
 * Builds the document without the parameter: schemas that describe the call's arguments lose it, all others stay. A
 * definition that is needed in both readings stays whole and gets a hidden copy; one that only the parameter used goes.
 */
export function hideInPlaces(document: SchemaDocument, level: ArgumentLevel, name: string): unknown {
  return new Rewriting(document, level, name).run();
}

/** Where a schema stands in the result: written as a JSON pointer. */
type Placed = Map<string, string>;

class Rewriting {
  readonly #uses: SchemaUses;
  /** Known after the first run; until then references stay as they are. */
  #placed: Placed | undefined;
  /** Undefined while a copy is written: its inner schemas are not where references should lead. */
  #recording: Placed | undefined;

  constructor(
    readonly document: SchemaDocument,
    readonly level: ArgumentLevel,
    readonly name: string,
  ) {
    this.#uses = usesOf(document, level, name);
  }

  run(): unknown {
    const { root } = this.document;
    const placed: Placed = (this.#recording = new Map());
    this.#write(root, 'hidden', '');
    const copies = this.#nameCopies(placed);
    this.#placed = placed;
    const result = this.#write(root, 'hidden', '') as JsonObject;
    if (copies.length === 0) return result;

    this.#recording = undefined;
    const container = this.#copyContainer();
    const added = copies.map(({ key, place, reading }) => [key, this.#copy(place, reading)] as const);
    const before = isJsonObject(result[container]) ? result[container] : {};
    return { ...result, [container]: { ...before, ...Object.fromEntries(added) } };
  }

  #write(place: Place, reading: Reading, at: string): unknown {
    const read = readingOf(this.level, place, reading);
    this.#recording?.set(`${read} ${place.pointer}`, at);
    if (!isJsonObject(place.node)) return place.node;
    return read === 'hidden' ? this.#writeHidden(place, place.node, at) : this.#writeWhole(place, place.node, at);
  }

  #writeWhole(place: Place, node: JsonObject, at: string): JsonObject {
    let changed = false;
    const entries = Object.entries(node).flatMap(([keyword, value]): [string, unknown][] => {
      const written = this.#writeKeyword(place, keyword, value, 'whole', `${at}/${escapeToken(keyword)}`);
      if (written !== value) changed = true;
      return written === undefined ? [] : [[keyword, written]];
    });
    return changed ? Object.fromEntries(entries) : node;
  }

  #writeHidden(place: Place, node: JsonObject, at: string): JsonObject {
    const { document, level, name } = this;
    const undecidedIf = level.undecided(place, 'if');
    const anyOfTaken = 'anyOf' in node;
    const undecidedOneOf = level.undecided(place, 'oneOf');
    const result: Record<string, unknown> = {};
    const added = new Additions(node, at);

    for (const [keyword, value] of Object.entries(node)) {
      if (keyword === 'not' && level.undecided(place, 'not')) continue;
      if (undecidedIf && ['if', 'then', 'else'].includes(keyword)) continue;
      if (keyword === 'propertyNames') {
        define(result, keyword, hideInNames(document.step(place, [keyword]), name, document));
        continue;
      }
      if (keyword === 'oneOf' && undecidedOneOf) {
        const write = (path: string): unknown => this.#writeKeyword(place, keyword, value, 'hidden', path);
        if (anyOfTaken) added.add((path) => ({ anyOf: write(`${path}/anyOf`) }));
        else define(result, 'anyOf', write(`${at}/anyOf`));
        continue;
      }
      const left = hideInValue(keyword, value, name);
      define(result, keyword, this.#writeKeyword(place, keyword, left, 'hidden', `${at}/${escapeToken(keyword)}`));
    }

    for (const keyword of ['dependentSchemas', 'dependencies']) {
      const dependent = isJsonObject(node[keyword]) && Object.hasOwn(node[keyword], name) ? node[keyword][name] : undefined;
      if (typeof dependent !== 'boolean' && !isJsonObject(dependent)) continue;
      added.add((path) => this.#write(document.step(place, [keyword, name]), 'hidden', path));
    }
    if (undecidedIf) added.add((path) => this.#writeEitherWay(place, node, path));
    const demanded = demandedBy(node, name);
    if (demanded.length > 0) {
      const required = Array.isArray(result['required']) ? (result['required'] as unknown[]) : [];
      result['required'] = [...new Set([...required, ...demanded])];
    }
    added.into(result);
    return result;
  }

  /** A condition on the value that nobody knows here: either branch may be the one that counts. */
  #writeEitherWay(place: Place, node: JsonObject, at: string): JsonObject {
    const write = (keyword: string, path: string): unknown =>
      Object.hasOwn(node, keyword) ? this.#write(this.document.step(place, [keyword]), 'hidden', path) : {};
    const met = { allOf: [write('if', `${at}/anyOf/0/allOf/0`), write('then', `${at}/anyOf/0/allOf/1`)] };
    return { anyOf: [met, write('else', `${at}/anyOf/1`)] };
  }

  /** A keyword's value with its sub-schemas and references written; the same value if none of them changes. */
  #writeKeyword(place: Place, keyword: string, value: unknown, reading: Reading, at: string): unknown {
    if (keyword === '$ref' || keyword === '$dynamicRef' || keyword === '$recursiveRef') {
      return this.#writeReference(place, keyword, value, reading);
    }
    const inner = subschemasOf(keyword, value);
    if (inner.length === 0) return value;
    let changed = false;
    const write = (keys: readonly [string, ...string[]], position: string, path: string): unknown => {
      const child = this.document.step(place, keys);
      const written =
        position === 'definition'
          ? this.#writeDefinition(child, path)
          : position === 'unknown'
            ? this.#writeUnknown(child, path)
            : this.#write(child, position === 'here' ? reading : 'whole', path);
      if (written !== child.node) changed = true;
      return written;
    };
    const [first] = inner;
    if (first?.keys.length === 1) return write(first.keys, first.position, at);
    if (Array.isArray(value)) {
      const written = value.map((each: unknown, index) => {
        const sub = inner.find(({ keys }) => keys[1] === String(index));
        return sub ? write(sub.keys, sub.position, `${at}/${String(index)}`) : each;
      });
      return changed ? written : value;
    }
    const subs = new Map(inner.map((sub) => [sub.keys[1], sub]));
    const entries = Object.entries(value as JsonObject).flatMap(([key, each]): [string, unknown][] => {
      const kept = reading === 'hidden' ? keptKey(keyword, key, this.name) : key;
      if (kept !== key) changed = true;
      if (kept === undefined) return [];
      const sub = subs.get(key);
      const written = sub ? write(sub.keys, sub.position, `${at}/${escapeToken(kept)}`) : each;
      return written === undefined ? [] : [[kept, written]];
    });
    if (!changed) return value;
    return entries.length === 0 && keyword !== 'properties' ? undefined : Object.fromEntries(entries);
  }

  /** A definition in the reading that references need; none of the parameter's own that nothing else needs. */
  #writeDefinition(place: Place, at: string): unknown {
    const { pointer } = place;
    if (this.#uses.needed.has(`whole ${pointer}`)) return this.#write(place, 'whole', at);
    const speaksOfIt = this.#uses.ofParameter.has(pointer) || this.level.touched(place);
    return this.#uses.leadInto.has(pointer) || !speaksOfIt ? this.#write(place, 'hidden', at) : undefined;
  }

  /** Beneath a keyword that JSON Schema does not know: only what references need is rewritten. */
  #writeUnknown(place: Place, at: string): unknown {
    const { node, pointer } = place;
    if (this.#uses.needed.has(`whole ${pointer}`)) return this.#write(place, 'whole', at);
    if (this.#uses.needed.has(`hidden ${pointer}`)) return this.#write(place, 'hidden', at);
    if (!this.#uses.leadInto.has(pointer)) return node;
    const write = (key: string, value: unknown): unknown =>
      typeof value === 'object' && value !== null
        ? this.#writeUnknown(this.document.step(place, [key]), `${at}/${escapeToken(key)}`)
        : value;
    if (Array.isArray(node)) return node.map((each: unknown, index) => write(String(index), each));
    return Object.fromEntries(Object.entries(node as JsonObject).map(([key, value]) => [key, write(key, value)]));
  }

  #writeReference(place: Place, keyword: string, value: unknown, reading: Reading): unknown {
    const target = referencesOf(place, this.document).find((each) => each.keyword === keyword)?.target;
    if (target === undefined || this.#placed === undefined) return value;
    const at = this.#placed.get(`${readingOf(this.level, target, reading)} ${target.pointer}`);
    // Nobody refers to the schema that has this reference, so nothing was prepared for it.
    if (at === undefined || at === target.pointer) return value;
    if (place.base !== this.document.root.base || keyword === '$recursiveRef') {
      throw this.#refusal(String(value));
    }
    return toFragment(at);
  }

  /** A place in the definitions for each schema that is needed in a reading in which it stands nowhere. */
  #nameCopies(placed: Placed): { key: string; place: Place; reading: Reading }[] {
    const container = this.#copyContainer();
    const existing = (this.document.root.node as JsonObject)[container];
    const taken = new Set(isJsonObject(existing) ? Object.keys(existing) : []);
    return [...this.#uses.needed]
      .filter(([needed]) => !placed.has(needed))
      .map(([needed, { place, reading }]) => {
        const last = unescapeToken(place.pointer.slice(place.pointer.lastIndexOf('/') + 1));
        const wanted = last === '' || last.includes(this.name) || /^\d+$/.test(last) ? 'schema' : last;
        let key = wanted;
        for (let count = 2; taken.has(key); count++) key = `${wanted}${String(count)}`;
        taken.add(key);
        placed.set(needed, `/${container}/${escapeToken(key)}`);
        return { key, place, reading };
      });
  }

  #copyContainer(): '$defs' | 'definitions' {
    const node = this.document.root.node as JsonObject;
    return 'definitions' in node && !('$defs' in node) ? 'definitions' : '$defs';
  }

  /** A copy has no identity of its own: identifiers, anchors and definitions stay with the original. */
  #copy(place: Place, reading: Reading): unknown {
    const { root } = this.document;
    if (place.base !== root.base || this.#hasOwnBase(place)) throw this.#refusal(toFragment(place.pointer));
    const written = this.#write(place, reading, '');
    if (!isJsonObject(written)) return written;
    const identity = ['$schema', '$id', 'id', '$anchor', '$dynamicAnchor', '$recursiveAnchor', '$defs', 'definitions'];
    const isIdentity = (key: string): boolean =>
      identity.includes(key) && (typeof written[key] !== 'object' || key.endsWith('efs') || key === 'definitions');
    return Object.fromEntries(Object.entries(written).filter(([key]) => !isIdentity(key)));
  }

  #hasOwnBase(place: Place): boolean {
    return subschemas(place.node).some(({ keys, position }) => {
      const child = this.document.step(place, keys);
      return position !== 'definition' && (child.base !== place.base || this.#hasOwnBase(child));
    });
  }

  #refusal(reference: string): ClavigerError {
    const why = `the reference "${reference}" leads to a schema that is also used elsewhere and can't be copied`;
    return new ClavigerError('ERR_PLACEMENT_INVALID', `parameter "${this.name}" can't be hidden: ${why}`);
  }
}

/** Schemas that the result has to satisfy besides: they join its `allOf`. */
class Additions {
  readonly #schemas: unknown[] = [];
  readonly #offset: number;

  constructor(
    node: JsonObject,
    readonly at: string,
  ) {
    this.#offset = Array.isArray(node['allOf']) ? node['allOf'].length : 0;
  }

  add(write: (path: string) => unknown): void {
    this.#schemas.push(write(`${this.at}/allOf/${String(this.#offset + this.#schemas.length)}`));
  }

  into(result: Record<string, unknown>): void {
    if (this.#schemas.length === 0) return;
    result['allOf'] = [...(Array.isArray(result['allOf']) ? (result['allOf'] as unknown[]) : []), ...this.#schemas];
  }
}

/** Sets a property under any name, `__proto__` too; an undefined value leaves it out. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  if (value !== undefined) Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
