import { rewriteEntries, rewriteItems, withoutKey } from './keep-identity.js';
import { isJsonObject, type JsonObject } from './schema-keywords.js';

/**
 * The key under which an entry of a keyword stays once the parameter is gone; `undefined` if the entry goes.
 *
 * Only a pattern that spells names out (`^apiKey$`, `^(apiKey|token)$`) declares them. Any other stays: it is there for
 * a family of names.
 */
export function keptKey(keyword: string, key: string, name: string): string | undefined {
  if (keyword === 'patternProperties') return hideInPattern(key, name);
  const named = ['properties', 'dependentSchemas', 'dependencies', 'dependentRequired'].includes(keyword);
  return named && key === name ? undefined : key;
}

/**
 * A keyword's own value without the parameter: the same object if it does not speak of it, `undefined` if nothing is
 * left. Sub-schemas are not looked into.
 */
export function hideInValue(keyword: string, value: unknown, name: string): unknown {
  switch (keyword) {
    case 'required':
      return Array.isArray(value) ? unlessEmpty(without(value, name)) : value;
    case 'dependentRequired':
    case 'dependencies':
      return isJsonObject(value) ? hideInDependencies(keyword, value, name) : value;
    case 'minProperties':
      return typeof value === 'number' && value > 0 ? (value > 1 ? value - 1 : undefined) : value;
    case 'maxProperties':
      return typeof value === 'number' && value > 0 ? value - 1 : value;
    case 'const':
    case 'default':
    case 'example':
      return hideInInstance(value, name);
    case 'enum':
    case 'examples':
      return hideInInstances(value, name);
    default:
      return value;
  }
}

/** The other arguments that the parameter's presence demands: `dependentRequired`, and draft 7's `dependencies`. */
export function demandedBy(node: JsonObject, name: string): string[] {
  return ['dependentRequired', 'dependencies'].flatMap((keyword) => {
    const entry = isJsonObject(node[keyword]) && Object.hasOwn(node[keyword], name) ? node[keyword][name] : undefined;
    return Array.isArray(entry)
      ? entry.filter((each): each is string => typeof each === 'string' && each !== name)
      : [];
  });
}

/** A pattern without the alternative that spells the name; the same pattern if none does, `undefined` if nothing is left. */
export function hideInPattern(pattern: string, name: string): string | undefined {
  const [, open, body, close] = /^\^(\((?:\?:)?)?(.*?)(\))?\$$/s.exec(pattern) ?? [];
  if (body === undefined || (open === undefined) !== (close === undefined)) return pattern;
  if (/[()[\]]/.test(body.replace(/\\./g, ''))) return pattern;
  const alternatives = open === undefined ? [body] : body.split('|');
  const others = alternatives.filter((each) => literalOf(each) !== name);
  if (others.length === alternatives.length) return pattern;
  return others.length === 0 ? undefined : `^${open ?? ''}${others.join('|')}${close ?? ''}$`;
}

export function patternMatches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(name);
  } catch {
    return false;
  }
}

/** The text that a pattern without operators matches; `undefined` for any other pattern. */
function literalOf(pattern: string): string | undefined {
  const plain = pattern.replace(/\\([^A-Za-z0-9])/g, '');
  return /[\\^$.*+?()[\]{}|]/.test(plain) ? undefined : pattern.replace(/\\([^A-Za-z0-9])/g, '$1');
}

function without(values: readonly unknown[], name: string): readonly unknown[] {
  return values.includes(name) ? values.filter((each) => each !== name) : values;
}

function unlessEmpty(values: readonly unknown[]): readonly unknown[] | undefined {
  return values.length === 0 ? undefined : values;
}

/** Names that an argument demands: the parameter is there anyway. Entries that are schemas are left as they are. */
function hideInDependencies(keyword: string, value: JsonObject, name: string): JsonObject | undefined {
  const left = rewriteEntries(value, (key, demanded) => {
    if (keptKey(keyword, key, name) === undefined) return undefined;
    const rest = Array.isArray(demanded) ? unlessEmpty(without(demanded, name)) : demanded;
    return rest === undefined ? undefined : [key, rest];
  });
  return left !== value && Object.keys(left).length === 0 ? undefined : left;
}

/** An arguments object without the parameter. Only its own level: deeper properties of that name are something else. */
function hideInInstance(value: unknown, name: string): unknown {
  return isJsonObject(value) ? withoutKey(value, name) : value;
}

/** Two values that differed in the parameter only become one: the values of an `enum` are unique. */
function hideInInstances(values: unknown, name: string): unknown {
  if (!Array.isArray(values)) return hideInInstance(values, name);
  const kept = rewriteItems(values, (each) => hideInInstance(each, name));
  return kept === values ? values : [...new Map(kept.map((each) => [JSON.stringify(each), each])).values()];
}
