import { keptKey, patternMatches } from './hide-in-keyword.js';
import { isJsonObject, type JsonObject } from './schema-keywords.js';

const annotations = new Set([
  ...['title', 'description', 'default', 'example', 'examples', '$comment', 'deprecated', 'readOnly', 'writeOnly'],
]);

/**
 * Whether a schema's own keywords ask of the parameter what not every credential fulfils: more than to be there and to
 * be a string.
 *
 * Hiding takes such a demand away, which makes a schema more permissive where it stands for itself, but *less* where it
 * is negated, a condition, or one of several that exclude each other: those need to know.
 */
export function constrains(name: string, node: JsonObject): boolean {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties, propertyNames } = node;
  const own = isJsonObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
  const matching = isJsonObject(patternProperties)
    ? Object.entries(patternProperties).flatMap(([pattern, schema]) => (patternMatches(pattern, name) ? [schema] : []))
    : [];
  const declared = [...own, ...matching];
  const demands = declared.length > 0 ? declared : [additionalProperties, unevaluatedProperties];
  return (
    node['maxProperties'] === 0 ||
    wholeValues(node).length > 0 ||
    !(propertyNames === undefined || isFulfilled(propertyNames)) ||
    demands.some((schema) => schema !== undefined && !isFulfilled(schema))
  );
}

/** Whether a schema's own keywords name the parameter as an argument, so that it may be given. */
export function declares(name: string, node: JsonObject): boolean {
  const { properties, patternProperties, required, dependentRequired } = node;
  const declared = isJsonObject(properties) && Object.hasOwn(properties, name) && properties[name] !== false;
  if (declared || (Array.isArray(required) && required.includes(name))) return true;
  const patterns = isJsonObject(patternProperties) ? Object.entries(patternProperties) : [];
  if (patterns.some(([key, schema]) => schema !== false && keptKey('patternProperties', key, name) !== key))
    return true;
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

/** Whether any credential fulfils the schema: it is a string, and not an empty one. */
function isFulfilled(schema: unknown): boolean {
  if (!isJsonObject(schema)) return schema === true;
  return Object.entries(schema).every(([keyword, value]) => {
    if (keyword === 'type') return value === 'string' || (Array.isArray(value) && value.includes('string'));
    if (keyword === 'format') return value === 'password';
    if (keyword === 'minLength') return value === 0 || value === 1;
    return annotations.has(keyword);
  });
}
