import { hideInPattern } from './hide-in-keyword.js';
import { rewriteEntries, rewriteItems } from './keep-identity.js';
import type { Place, SchemaDocument } from './schema-document.js';
import { isJsonObject } from './schema-keywords.js';

/**
 * A schema of property names (`propertyNames`) without the parameter's: out of `enum`, `const` and patterns that spell
 * names out, through combinators; a reference to a schema that lists it is replaced by what it points to. The same
 * object if it lists no such name.
 */
export function hideInNames(
  place: Place,
  name: string,
  document: SchemaDocument,
  above: ReadonlySet<string> = new Set(),
): unknown {
  const { node } = place;
  if (!isJsonObject(node) || above.has(place.pointer)) return node;
  const path = new Set(above).add(place.pointer);
  const inner = (...keys: string[]): unknown => hideInNames(document.step(place, keys), name, document, path);
  const added: unknown[] = [];

  const rest = rewriteEntries(node, (keyword, value) => {
    if (keyword === '$ref' && typeof value === 'string') {
      const target = document.resolve(value, place);
      const hidden = target && hideInNames(target, name, document, path);
      if (hidden === target?.node) return [keyword, value];
      added.push(hidden);
      return undefined;
    }
    const left = keyword === 'not' ? inner(keyword) : hideInNameKeyword(keyword, value, name, inner);
    if (left !== undefined) return [keyword, left];
    added.push(nothing);
    return undefined;
  });
  if (added.length === 0) return rest;
  const { allOf } = rest;
  return { ...rest, allOf: [...(Array.isArray(allOf) ? (allOf as unknown[]) : []), ...added] };
}

/** A schema that no name satisfies, in every draft: nothing but the parameter was allowed. */
const nothing = { not: {} };

/** What is left of a keyword; `undefined` if no other name is. */
function hideInNameKeyword(
  keyword: string,
  value: unknown,
  name: string,
  inner: (keyword: string, index: string) => unknown,
): unknown {
  switch (keyword) {
    case 'const':
      return value === name ? undefined : value;
    case 'pattern':
      return typeof value === 'string' ? hideInPattern(value, name) : value;
    case 'enum': {
      if (!Array.isArray(value) || !value.includes(name)) return value;
      return value.length === 1 ? undefined : value.filter((each) => each !== name);
    }
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return Array.isArray(value) ? rewriteItems(value, (_, index) => inner(keyword, String(index))) : value;
    default:
      return value;
  }
}
