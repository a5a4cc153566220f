import { hideInPattern } from './hide-in-keyword.js';
import type { Place, SchemaDocument } from './schema-document.js';
import { isJsonObject } from './schema-keywords.js';

/**
 * A schema of property names (`propertyNames`) without the parameter's: out of `enum`, `const` and patterns that spell
 * names out, through combinators; a reference to a schema that lists it is replaced by what it points to. The same
 * object if it lists no such name.
 */
export function hideInNames(place: Place, name: string, document: SchemaDocument, above: ReadonlySet<string> = new Set()): unknown {
  const { node } = place;
  if (!isJsonObject(node) || above.has(place.pointer)) return node;
  const path = new Set(above).add(place.pointer);
  const inner = (...keys: string[]): unknown => hideInNames(document.step(place, keys), name, document, path);

  let changed = false;
  const added: unknown[] = [];
  const entries = Object.entries(node).flatMap(([keyword, value]): [string, unknown][] => {
    const kept = hideInKeyword(keyword, value, inner);
    if (kept === value) return [[keyword, value]];
    changed = true;
    return kept === undefined ? [] : [[keyword, kept]];
  });

  function hideInKeyword(keyword: string, value: unknown, hide: typeof inner): unknown {
    if (keyword === 'const' && value === name) return forbid();
    if (keyword === 'enum' && Array.isArray(value) && value.includes(name)) {
      return value.length === 1 ? forbid() : value.filter((each) => each !== name);
    }
    if (keyword === 'pattern' && typeof value === 'string') return hideInPattern(value, name) ?? forbid();
    if (keyword === 'not') return hide(keyword);
    if (['allOf', 'anyOf', 'oneOf'].includes(keyword) && Array.isArray(value)) {
      const kept = value.map((_, index) => hide(keyword, String(index)));
      return kept.every((each, index) => each === value[index]) ? value : kept;
    }
    if (keyword !== '$ref' || typeof value !== 'string') return value;
    const target = document.resolve(value, place);
    const hidden = target && hideInNames(target, name, document, path);
    if (hidden === target?.node) return value;
    added.push(hidden);
    return undefined;
  }
  /** Nothing else was allowed, so nothing is: a schema that no name satisfies, in every draft. */
  function forbid(): undefined {
    added.push({ not: {} });
  }

  if (!changed) return node;
  const { allOf, ...rest } = Object.fromEntries(entries);
  if (added.length === 0) return Object.fromEntries(entries);
  return { ...rest, allOf: [...(Array.isArray(allOf) ? (allOf as unknown[]) : []), ...added] };
}
