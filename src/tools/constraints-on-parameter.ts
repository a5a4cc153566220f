import { keptKey, patternMatches } from './hide-in-keyword.js';
import { isJsonObject, type JsonObject } from './schema-keywords.js';

const annotations = new Set([
  ...['title', 'description', 'default', 'example', 'examples', '$comment', 'deprecated', 'readOnly', 'writeOnly'],
]);

/**
 * What a schema's own keywords ask of the parameter beyond its presence, one text for each demand; equal demands are
 * equal texts.
 *
 * Hiding takes these demands away, which makes a schema more permissive where it stands for itself, and *less* where
 * it is negated, a condition, or one of several that exclude each other: those need to know.
 */
export function constraintsOn(name: string, node: JsonObject): string[] {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties, propertyNames } = node;
  const own = isJsonObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
  const matching = isJsonObject(patternProperties)
    ? Object.entries(patternProperties).filter(([pattern]) => patternMatches(pattern, name))
    : [];
  const declared = own.length + matching.length > 0;
  const schemas = [
    ...own,
    ...matching.map(([, schema]) => schema),
    ...(declared ? [] : [additionalProperties, unevaluatedProperties]),
  ].filter((schema) => schema !== undefined && !isTrivial(schema));
  return [
    ...schemas.map((schema) => JSON.stringify(bare(schema))),
    ...(propertyNames === undefined || isTrivial(propertyNames) ? [] : [`names ${JSON.stringify(propertyNames)}`]),
    ...wholeValues(node).map((value) => `is ${JSON.stringify(value)}`),
    ...(node['maxProperties'] === 0 ? ['absent'] : []),
  ];
}

/** Whether a schema's own keywords name the parameter as an argument, so that it may be given. */
export function declares(name: string, node: JsonObject): boolean {
  const { properties, patternProperties, required, dependentRequired } = node;
  const declared = isJsonObject(properties) && Object.hasOwn(properties, name) && properties[name] !== false;
  if (declared || (Array.isArray(required) && required.includes(name))) return true;
  const patterns = isJsonObject(patternProperties) ? Object.entries(patternProperties) : [];
  if (patterns.some(([key, schema]) => schema !== false && keptKey('patternProperties', key, name) !== key)) return true;
  if (wholeValues(node).some((value) => Object.hasOwn(value, name))) return true;
  return [dependentRequired, node['dependencies'], node['dependentSchemas']].some(
    (map) =>
      isJsonObject(map) &&
      (Object.hasOwn(map, name) || Object.values(map).some((each) => Array.isArray(each) && each.includes(name))),
  );
}

/** Arguments objects that the schema spells out. */
function wholeValues(node: JsonObject): JsonObject[] {
  const listed: readonly unknown[] = Array.isArray(node['enum']) ? node['enum'] : [];
  return [node['const'], ...listed].filter(isJsonObject);
}

function isTrivial(schema: unknown): boolean {
  return schema === true || (isJsonObject(schema) && Object.keys(schema).every((key) => annotations.has(key)));
}

function bare(schema: unknown): unknown {
  if (!isJsonObject(schema)) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !annotations.has(key)));
}
