import { constrains, declares } from './schema-demands.js';
import { hideInValue, keptKey } from './hide-in-keyword.js';
import { hideInNames } from './hide-in-names.js';
import type { Place, SchemaDocument } from './schema-document.js';
import { isJsonObject, referenceKeywords, subschemas, subschemasOf, type JsonObject } from './schema-keywords.js';

/** What a JSON Schema says about one argument of a call, wherever combinators and references have put it. */
export interface ArgumentLevel {
  /** Every schema that describes the arguments object along with this one, itself first. */
  from(place: Place): readonly LevelPlace[];
  declared(place: Place): boolean;
  /** Whether hiding the parameter changes this schema or one that it refers to for the same object. */
  touched(place: Place): boolean;
  /** Whether the outcome of a `not`, `if` or `oneOf` depends on the parameter's value, which nobody knows here. */
  undecided(place: Place, keyword: 'not' | 'if' | 'oneOf'): boolean;
}

interface LevelPlace {
  readonly place: Place;
  /** Whether it stands under a `not`, where naming a parameter does not declare it. */
  readonly negated: boolean;
  /** A reference here that can't be followed, if there is one. */
  readonly unresolved?: string;
}

export function createArgumentLevel(document: SchemaDocument, name: string): ArgumentLevel {
  const from = (start: Place): LevelPlace[] => {
    const found: LevelPlace[] = [];
    const seen = new Set<string>();
    const queue = [{ place: start, negated: false }];
    for (const { place, negated } of queue) {
      const key = `${String(negated)} ${place.pointer}`;
      if (seen.has(key) || !isJsonObject(place.node)) continue;
      seen.add(key);
      const { next, unresolved } = neighboursOf(place, document);
      found.push(unresolved === undefined ? { place, negated } : { place, negated, unresolved });
      for (const { place: neighbour, under } of next)
        queue.push({ place: neighbour, negated: negated || under === 'not' });
    }
    return found;
  };

  const constrained = anyFrom(document, ({ node }) => isJsonObject(node) && constrains(name, node));
  const undecided: ArgumentLevel['undecided'] = (place, keyword) => {
    const value = (place.node as JsonObject)[keyword];
    return subschemasOf(keyword, value).some(({ keys }) => constrained(document.step(place, keys)));
  };
  const touched = anyFrom(
    document,
    (place) =>
      isJsonObject(place.node) &&
      ((['not', 'if', 'oneOf'] as const).some((keyword) => undecided(place, keyword)) ||
        Object.entries(place.node).some(
          ([keyword, value]) =>
            hideInValue(keyword, value, name) !== value ||
            (isJsonObject(value) && Object.keys(value).some((key) => keptKey(keyword, key, name) !== key)) ||
            (keyword === 'propertyNames' && hideInNames(document.step(place, [keyword]), name, document) !== value),
        )),
  );
  const declared = (place: Place): boolean =>
    from(place).some(({ place: { node }, negated }) => !negated && declares(name, node as JsonObject));

  return { from, declared, touched, undecided };
}

export interface Reference {
  readonly keyword: (typeof referenceKeywords)[number];
  readonly reference: string;
  readonly target: Place | undefined;
}

/** The references of a schema to others that describe the same value. A target that is no schema counts as none. */
export function referencesOf(place: Place, document: SchemaDocument): Reference[] {
  const node = place.node as JsonObject;
  return referenceKeywords.flatMap((keyword) => {
    const reference = node[keyword];
    if (typeof reference !== 'string') return [];
    const target =
      keyword === '$dynamicRef' ? document.resolveDynamic(reference, place) : document.resolve(reference, place);
    const isSchema = target !== undefined && (isJsonObject(target.node) || typeof target.node === 'boolean');
    return [{ keyword, reference, target: isSchema ? target : undefined }];
  });
}

interface Neighbours {
  readonly next: readonly { readonly place: Place; readonly under: string }[];
  readonly unresolved: string | undefined;
}

/** The schemas one step away that describe the same value. */
function neighboursOf(place: Place, document: SchemaDocument): Neighbours {
  const references = isJsonObject(place.node) ? referencesOf(place, document) : [];
  const followed = references.flatMap(({ keyword, target }) => (target ? [{ place: target, under: keyword }] : []));
  const inner = subschemas(place.node)
    .filter(({ position }) => position === 'here')
    .map(({ keys }) => ({ place: document.step(place, keys), under: keys[0] }));
  const unresolved = references.find(({ target }) => target === undefined)?.reference;
  return { next: [...followed, ...inner], unresolved };
}

/** Whether a schema, or any that describes the same value along with it, passes a test; remembered for all on the way. */
function anyFrom(document: SchemaDocument, test: (place: Place) => boolean): (start: Place) => boolean {
  const known = new Map<string, boolean>();
  return (start) => {
    const cameFrom = new Map<string, string | undefined>();
    const stack: { place: Place; parent?: string }[] = [{ place: start }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const { place, parent } = next;
      if (cameFrom.has(place.pointer) || known.get(place.pointer) === false) continue;
      cameFrom.set(place.pointer, parent);
      if (known.get(place.pointer) === true || test(place)) {
        for (let at: string | undefined = place.pointer; at !== undefined; at = cameFrom.get(at)) known.set(at, true);
        return true;
      }
      for (const { place: neighbour } of neighboursOf(place, document).next) {
        stack.push({ place: neighbour, parent: place.pointer });
      }
    }
    for (const pointer of cameFrom.keys()) known.set(pointer, false);
    return false;
  };
}
