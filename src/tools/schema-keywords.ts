/** What a schema keyword's sub-schemas speak of, seen from the value that the schema describes. */
type Position =
  /** The very same value: combinators, conditions, dependencies. */
  | 'here'
  /** A value inside it: properties, items. */
  | 'inside'
  /** Nothing, until a reference points there. */
  | 'definition'
  /** Not a keyword of JSON Schema, as OpenAPI's `components`: a reference may point into it all the same. */
  | 'unknown';

export type JsonObject = Readonly<Record<string, unknown>>;

/** One sub-schema: the path of keys from its parent. */
export interface Subschema {
  readonly keys: readonly [keyword: string, ...rest: string[]];
  readonly position: Position;
}

const here = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentSchemas', 'dependencies'];
const inside = [
  ...['properties', 'patternProperties', 'additionalProperties', 'unevaluatedProperties', 'propertyNames'],
  ...['prefixItems', 'items', 'additionalItems', 'unevaluatedItems', 'contains', 'contentSchema'],
];
const definition = ['$defs', 'definitions'];
const positions = new Map<string, Position>([
  ...here.map((keyword) => [keyword, 'here'] as const),
  ...inside.map((keyword) => [keyword, 'inside'] as const),
  ...definition.map((keyword) => [keyword, 'definition'] as const),
]);

/** Keywords whose value is an object of named sub-schemas. */
const maps = new Set([...definition, 'properties', 'patternProperties', 'dependentSchemas', 'dependencies']);

/** Keywords whose value is data: a `$ref` in it is no reference. */
const dataKeywords = new Set(['const', 'enum', 'default', 'examples', 'example', 'required', 'dependentRequired']);

/** Keywords that refer to another schema, which then describes the same value. */
export const referenceKeywords = ['$ref', '$dynamicRef', '$recursiveRef'] as const;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): boolean {
  return typeof value === 'boolean' || isJsonObject(value);
}

/** The sub-schemas of a keyword, each one step down; nothing for a keyword that holds data. */
export function subschemasOf(keyword: string, value: unknown): Subschema[] {
  if (dataKeywords.has(keyword)) return [];
  const position = positions.get(keyword) ?? 'unknown';
  if (position === 'unknown') return typeof value === 'object' && value !== null ? [{ keys: [keyword], position }] : [];
  if (Array.isArray(value)) return indexed(keyword, value, position);
  if (!isSchema(value)) return [];
  if (!maps.has(keyword)) return [{ keys: [keyword], position }];
  return Object.entries(value as JsonObject)
    .filter(([, each]) => isSchema(each))
    .map(([key]) => ({ keys: [keyword, key], position }));
}

/** All sub-schemas of a schema. What is not an object has none; an array (beneath an unknown keyword) has its elements. */
export function subschemas(node: unknown): Subschema[] {
  if (Array.isArray(node)) {
    return node.flatMap((each, index) =>
      typeof each === 'object' && each !== null
        ? [{ keys: [String(index)] as const, position: 'unknown' as const }]
        : [],
    );
  }
  if (!isJsonObject(node)) return [];
  return Object.entries(node).flatMap(([keyword, value]) => subschemasOf(keyword, value));
}

function indexed(keyword: string, values: readonly unknown[], position: Position): Subschema[] {
  return values.flatMap((each, index) =>
    isSchema(each) ? [{ keys: [keyword, String(index)] as const, position }] : [],
  );
}
