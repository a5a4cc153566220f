import { constraintsOn, declares } from './constraints-on-parameter.js';
import { hideInValue, keptKey } from './hide-in-keyword.js';
import { hideInNames } from './hide-in-names.js';
import type { Place, SchemaDocument } from './schema-document.js';
import { isJsonObject, referenceKeywords, subschemas, type JsonObject } from './schema-keywords.js';

/** What a JSON Schema says about one argument of a call, wherever combinators and references have put it. */
export interface ArgumentLevel {
  /** Every schema that describes the arguments object along with this one, itself first. */
  from(place: Place): readonly LevelPlace[];
  declared(place: Place): boolean;
  /** Demands on the parameter's value, from {@link constraintsOn}, in this schema and all that describe the same object. */
  constraints(place: Place): ReadonlySet<string>;
  /** Whether hiding the parameter changes this schema or one that it refers to for the same object. */
  touched(place: Place): boolean;
  /** `not`, `if` or `oneOf` whose outcome depends on the parameter's value, which nobody knows here. */
  undecided(place: Place, keyword: 'not' | 'if' | 'oneOf'): boolean;
}

export interface LevelPlace {
  readonly place: Place;
  /** Whether it stands under a `not`, where naming a parameter does not declare it. */
  readonly negated: boolean;
  /** A reference here that can't be followed, if there is one. */
  readonly unresolved?: string;
}

export function createArgumentLevel(document: SchemaDocument, name: string): ArgumentLevel {
  const from = remembered((start: Place) => {
    const found: LevelPlace[] = [];
    const seen = new Set<string>();
    const queue = [{ place: start, negated: false }];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { place, negated } = next;
      const key = `${String(negated)} ${place.pointer}`;
      if (seen.has(key) || !isJsonObject(place.node)) continue;
      seen.add(key);
      const references = referencesOf(place, document);
      const unresolved = references.find(({ target }) => target === undefined)?.reference;
      found.push(unresolved === undefined ? next : { ...next, unresolved });
      for (const { target } of references) if (target !== undefined) queue.push({ place: target, negated });
      for (const { keys, position } of subschemas(place.node)) {
        if (position === 'here') queue.push({ place: document.step(place, keys), negated: negated || keys[0] === 'not' });
      }
    }
    return found;
  });

  const constraints = remembered(
    (place: Place) => new Set(from(place).flatMap((each) => constraintsOn(name, each.place.node as JsonObject))),
  );
  const undecided: ArgumentLevel['undecided'] = (place, keyword) => {
    const value = (place.node as JsonObject)[keyword];
    if (keyword !== 'oneOf') return isJsonObject(value) && constraints(document.step(place, [keyword])).size > 0;
    if (!Array.isArray(value)) return false;
    const demands = value.flatMap((_, index) => [...constraints(document.step(place, [keyword, String(index)]))]);
    return new Set(demands).size > 1;
  };
  const touchedItself = (place: Place): boolean =>
    (['not', 'if', 'oneOf'] as const).some((keyword) => undecided(place, keyword)) ||
    Object.entries(place.node as JsonObject).some(
      ([keyword, value]) =>
        hideInValue(keyword, value, name) !== value ||
        (isJsonObject(value) && Object.keys(value).some((key) => keptKey(keyword, key, name) !== key)) ||
        (keyword === 'propertyNames' && hideInNames(document.step(place, [keyword]), name, document) !== value),
    );
  const touched = remembered((place: Place) => from(place).some((each) => touchedItself(each.place)));
  const declared = (place: Place): boolean =>
    from(place).some(({ place: { node }, negated }) => !negated && declares(name, node as JsonObject));

  return { from, declared, constraints, touched, undecided };
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
    const target = keyword === '$dynamicRef' ? document.resolveDynamic(reference, place) : document.resolve(reference, place);
    const isSchema = target !== undefined && (isJsonObject(target.node) || typeof target.node === 'boolean');
    return [{ keyword, reference, target: isSchema ? target : undefined }];
  });
}

function remembered<T>(compute: (place: Place) => T): (place: Place) => T {
  const known = new Map<string, T>();
  return (place) => {
    const before = known.get(place.pointer);
    if (before !== undefined) return before;
    const value = compute(place);
    known.set(place.pointer, value);
    return value;
  };
}
