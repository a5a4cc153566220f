import { ClavigerError } from '../errors.js';
import { referencesOf, type ArgumentLevel } from './argument-level.js';
import { demandedBy, hideInValue, keptKey } from './hide-in-keyword.js';
import { hideInNames } from './hide-in-names.js';
import { rewriteEntries, rewriteItems, withoutKey } from './keep-identity.js';
import { escapeToken, toFragment, unescapeToken, type Place, type SchemaDocument } from './schema-document.js';
import { isJsonObject, subschemas, subschemasOf, type JsonObject, type Subschema } from './schema-keywords.js';
import { readingOf, usesOf, type Reading, type SchemaUses } from './schema-uses.js';

/**
 * Builds the document without the parameter: schemas that describe the call's arguments lose it, all others stay. A
 * definition that is needed in both readings stays whole and gets a hidden copy; one that only the parameter used goes.
 */
export function hideInPlaces(document: SchemaDocument, level: ArgumentLevel, name: string): unknown {
  return new Rewriting(document, level, name).run();
}

/** What a copy must not repeat, at any depth, and what at its root. */
const anchors = ['$anchor', '$dynamicAnchor'];
const identity = ['$schema', '$id', 'id', '$recursiveAnchor', '$defs', 'definitions'];

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
    const placed: Placed = new Map();
    this.#recording = placed;
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
    const write = read === 'hidden' ? this.#writeHidden.bind(this) : this.#writeWhole.bind(this);
    const written = write(place, place.node, at);
    return this.#recording === undefined ? anchors.reduce(withoutKey, written) : written;
  }

  #writeWhole(place: Place, node: JsonObject, at: string): JsonObject {
    return rewriteEntries(node, (keyword, value) => {
      const written = this.#writeKeyword(place, keyword, value, 'whole', `${at}/${escapeToken(keyword)}`);
      return written === undefined ? undefined : [keyword, written];
    });
  }

  #writeHidden(place: Place, node: JsonObject, at: string): JsonObject {
    const added = new Additions(node, at);
    const kept = rewriteEntries(node, (keyword, value) => this.#writeHiddenKeyword(place, keyword, value, at, added));
    for (const keyword of ['dependentSchemas', 'dependencies']) {
      const map = node[keyword];
      if (!isJsonObject(map) || !Object.hasOwn(map, this.name) || Array.isArray(map[this.name])) continue;
      added.add((path) => this.#write(this.document.step(place, [keyword, this.name]), 'hidden', path));
    }
    if (this.level.undecided(place, 'if')) added.add((path) => this.#writeEitherWay(place, node, path));
    return { ...kept, ...withDemands(kept, demandedBy(node, this.name)), ...added.to(kept) };
  }

  /** What is left of a keyword, maybe under another one. */
  #writeHiddenKeyword(
    place: Place,
    keyword: string,
    value: unknown,
    at: string,
    added: Additions,
  ): [keyword: string, value: unknown] | undefined {
    const { document, level, name } = this;
    if (keyword === 'not' && level.undecided(place, 'not')) return undefined;
    if (['if', 'then', 'else'].includes(keyword) && level.undecided(place, 'if')) return undefined;
    if (keyword === 'propertyNames') return [keyword, hideInNames(document.step(place, [keyword]), name, document)];
    if (keyword === 'oneOf' && level.undecided(place, 'oneOf')) {
      const write = (path: string): unknown => this.#writeKeyword(place, keyword, value, 'hidden', `${path}/anyOf`);
      if (!Object.hasOwn(place.node as JsonObject, 'anyOf')) return ['anyOf', write(at)];
      added.add((path) => ({ anyOf: write(path) }));
      return undefined;
    }
    const left = hideInValue(keyword, value, name);
    const written = this.#writeKeyword(place, keyword, left, 'hidden', `${at}/${escapeToken(keyword)}`);
    return written === undefined ? undefined : [keyword, written];
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
    const inner = new Map(subschemasOf(keyword, value).map((sub) => [sub.keys[1], sub]));
    const write = (key: string | undefined, each: unknown, path: string): unknown => {
      const sub = inner.get(key);
      return sub === undefined ? each : this.#writeSubschema(this.document.step(place, sub.keys), sub, reading, path);
    };
    if (inner.size === 0) return value;
    if (inner.has(undefined)) return write(undefined, value, at);
    if (Array.isArray(value)) {
      return rewriteItems(value, (each, index) => write(String(index), each, `${at}/${String(index)}`));
    }
    const left = rewriteEntries(value as JsonObject, (key, each) => {
      const kept = reading === 'hidden' ? keptKey(keyword, key, this.name) : key;
      const written = kept === undefined ? undefined : write(key, each, `${at}/${escapeToken(kept)}`);
      return kept === undefined || written === undefined ? undefined : [kept, written];
    });
    return left !== value && keyword !== 'properties' && Object.keys(left).length === 0 ? undefined : left;
  }

  #writeSubschema(child: Place, { position }: Subschema, reading: Reading, at: string): unknown {
    if (position === 'definition') return this.#writeDefinition(child, at);
    if (position === 'unknown') return this.#writeUnknown(child, at);
    return this.#write(child, position === 'here' ? reading : 'whole', at);
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
    return isJsonObject(written) ? identity.reduce(withoutKey, written) : written;
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

  /** The `allOf` that a schema gets with them, if it gets any. */
  to({ allOf }: JsonObject): JsonObject {
    if (this.#schemas.length === 0) return {};
    return { allOf: [...(Array.isArray(allOf) ? (allOf as unknown[]) : []), ...this.#schemas] };
  }
}

function withDemands({ required }: JsonObject, demanded: readonly string[]): JsonObject {
  if (demanded.length === 0) return {};
  return { required: [...new Set([...(Array.isArray(required) ? (required as unknown[]) : []), ...demanded])] };
}
