import { referencesOf, type ArgumentLevel } from './argument-level.js';
import { keptKey } from './hide-in-keyword.js';
import { hideInNames } from './hide-in-names.js';
import type { Place, SchemaDocument } from './schema-document.js';
import { isJsonObject, subschemas } from './schema-keywords.js';

/**
 * How a schema is read: `hidden` where it describes the arguments of the call, `whole` where it describes something
 * deeper, which may well have a property of that name. One schema may be needed in both readings.
 */
export type Reading = 'hidden' | 'whole';

/** A schema that hiding would not change is the same in both readings. */
export function readingOf(level: ArgumentLevel, place: Place, reading: Reading): Reading {
  return reading === 'hidden' && level.touched(place) ? 'hidden' : 'whole';
}

/** What the references of a document without the parameter lead to. */
export interface SchemaUses {
  /** By reading and pointer: `hidden /$defs/Args`. */
  readonly needed: ReadonlyMap<string, { readonly place: Place; readonly reading: Reading }>;
  /** Pointers of what is needed, and of all that it stands in. */
  readonly leadInto: ReadonlySet<string>;
  /** Pointers of what only the parameter's own schema, or a list with its name, may refer to. */
  readonly ofParameter: ReadonlySet<string>;
}

export function usesOf(document: SchemaDocument, level: ArgumentLevel, name: string): SchemaUses {
  const needed = new Map<string, { place: Place; reading: Reading }>();
  const leaving: Place[] = [];
  const queue: { place: Place; reading: Reading }[] = [{ place: document.root, reading: 'hidden' }];

  for (const { place, reading } of queue) {
    for (const target of targetsOf(place, document)) {
      const use = { place: target, reading: readingOf(level, target, reading) };
      const key = `${use.reading} ${target.pointer}`;
      if (needed.has(key)) continue;
      needed.set(key, use);
      queue.push(use);
    }
    for (const { keys, position } of subschemas(place.node)) {
      const child = document.step(place, keys);
      const [keyword, key] = keys;
      if (position === 'here') queue.push({ place: child, reading });
      if (position !== 'inside') continue;
      const kept = reading === 'hidden' ? hideInside(child, keyword, key) : child;
      if (kept !== undefined) queue.push({ place: kept, reading: 'whole' });
      if (kept !== child) leaving.push(child);
    }
  }

  function hideInside(child: Place, keyword: string, key: string | undefined): Place | undefined {
    if (keyword !== 'propertyNames') {
      return key !== undefined && keptKey(keyword, key, name) === undefined ? undefined : child;
    }
    const node = hideInNames(child, name, document);
    return node === child.node ? child : { ...child, node };
  }

  const leadInto = new Set([...needed.values()].flatMap(({ place }) => [...pathTo(place.pointer)]));
  return { needed, leadInto, ofParameter: reachedFrom(leaving, document) };
}

function targetsOf(place: Place, document: SchemaDocument): Place[] {
  if (!isJsonObject(place.node)) return [];
  return referencesOf(place, document).flatMap(({ target }) => (target === undefined ? [] : [target]));
}

/** Pointers of all schemas that some others refer to, or theirs. */
function reachedFrom(starts: readonly Place[], document: SchemaDocument): Set<string> {
  const reached = new Set<string>();
  const queue = [...starts];
  for (const place of queue) {
    for (const target of targetsOf(place, document)) {
      if (reached.has(target.pointer)) continue;
      reached.add(target.pointer);
      queue.push(target);
    }
    for (const { keys } of subschemas(place.node)) queue.push(document.step(place, keys));
  }
  return reached;
}

function* pathTo(pointer: string): Generator<string> {
  for (let path = pointer; path !== ''; path = path.slice(0, path.lastIndexOf('/'))) yield path;
}
