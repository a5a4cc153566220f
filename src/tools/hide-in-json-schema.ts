import { ClavigerError } from '../errors.js';
import { createArgumentLevel, type ArgumentLevel } from './argument-level.js';
import { hideInPlaces } from './hide-in-places.js';
import { hideInPattern } from './hide-in-keyword.js';
import { isMirroredPlace } from './mirrored-parameter.js';
import { openDocument, type Place, type SchemaDocument } from './schema-document.js';
import { isJsonObject, type JsonObject } from './schema-keywords.js';

/**
 * A JSON Schema of a call's arguments without one argument: the schema that is left to satisfy when the argument is
 * always given, by somebody else. Whatever a tool accepts with it, the result accepts without it.
 *
 * It leaves `properties`, `required`, dependencies, `propertyNames`, `examples`, `default`, `const` and `enum`, through
 * `allOf`, `anyOf`, `oneOf`, `not`, `if` and local references (a target that something else uses too is copied), drafts
 * 4 to 2020-12. What the argument's presence demands (`dependentRequired`) is demanded; counts go down by one. Deeper
 * properties of that name and texts stay. The input is never changed; unchanged parts of it are shared.
 *
 * `removed` is false, and the schema the one given, where it does not declare the argument.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if a reference leads out of the schema, so that the argument could hide
 * behind it, or if the argument is mirrored into an HTTP header (`x-mcp-header`, MCP 2026-07-28): the value would leave
 * on a way that nobody guards.
 *
 * @example
 * hideInJsonSchema({ properties: { q: {}, apiKey: {} }, required: ['q', 'apiKey'] }, 'apiKey')
 * // { schema: { properties: { q: {} }, required: ['q'] }, removed: true }
 */
export function hideInJsonSchema(schema: object, name: string): { schema: object; removed: boolean } {
  const { document, level } = open(schema, name);
  assertAllResolved(document.root, level, name);
  if (!level.declared(document.root)) return { schema, removed: false };
  assertNotMirrored(document, level, name);
  return { schema: hideInPlaces(document, level, name) as object, removed: true };
}

/**
 * Whether a JSON Schema of a call's arguments declares an argument of that name, behind combinators and local references
 * too. A deeper property of that name is none, nor is a name that only `additionalProperties` lets pass.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if it can't be told because a reference leads out of the schema.
 */
export function declaresParameter(schema: object, name: string): boolean {
  const { document, level } = open(schema, name);
  if (level.declared(document.root)) return true;
  assertAllResolved(document.root, level, name);
  return false;
}

/** The arguments that a JSON Schema names, in their order. */
export function parametersOf(schema: object): string[] {
  const { document, level } = open(schema, '');
  const maps = level.from(document.root).map(({ place }) => (place.node as JsonObject)['properties']);
  return [...new Set(maps.filter(isJsonObject).flatMap((properties) => Object.keys(properties)))];
}

function open(schema: object, name: string): { document: SchemaDocument; level: ArgumentLevel } {
  try {
    const document = openDocument(schema);
    return { document, level: createArgumentLevel(document, name) };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ClavigerError(
      'ERR_PLACEMENT_INVALID',
      `parameter "${name}" can't be hidden: the schema is circular or too deep`,
    );
  }
}

function assertAllResolved(root: Place, level: ArgumentLevel, name: string): void {
  const reference = level.from(root).find(({ unresolved }) => unresolved !== undefined)?.unresolved;
  if (reference === undefined) return;
  throw new ClavigerError(
    'ERR_PLACEMENT_INVALID',
    `parameter "${name}" can't be hidden: it could stand behind the reference "${reference}", which the schema does not hold`,
  );
}

function assertNotMirrored(document: SchemaDocument, level: ArgumentLevel, name: string): void {
  for (const { place } of level.from(document.root)) {
    for (const keyword of ['properties', 'patternProperties']) {
      const map = (place.node as JsonObject)[keyword];
      const keys = isJsonObject(map) ? Object.keys(map) : [];
      const own = keys.filter((key) => (keyword === 'properties' ? key === name : hideInPattern(key, name) !== key));
      if (!own.some((key) => isMirroredPlace(document.step(place, [keyword, key]), document))) continue;
      const why = 'it is marked to be mirrored into an HTTP header (x-mcp-header)';
      throw new ClavigerError('ERR_PLACEMENT_INVALID', `parameter "${name}" can't be hidden: ${why}`);
    }
  }
}
