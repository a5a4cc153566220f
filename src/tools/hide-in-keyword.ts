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
    return Array.isArray(entry) ? entry.filter((each): each is string => typeof each === 'string' && each !== name) : [];
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
  let changed = false;
  const entries = Object.entries(value).flatMap(([key, demanded]) => {
    const kept = keptKey(keyword, key, name) === undefined ? undefined : demanded;
    const rest = Array.isArray(kept) ? unlessEmpty(without(kept, name)) : kept;
    if (rest !== demanded) changed = true;
    return rest === undefined ? [] : [[key, rest] as const];
  });
  if (!changed) return value;
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** An arguments object without the parameter. Only its own level: deeper properties of that name are something else. */
function hideInInstance(value: unknown, name: string): unknown {
  if (!isJsonObject(value) || !Object.hasOwn(value, name)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}

/** Two values that differed in the parameter only become one: the values of an `enum` are unique. */
function hideInInstances(values: unknown, name: string): unknown {
  if (!Array.isArray(values)) return hideInInstance(values, name);
  const kept = values.map((each) => hideInInstance(each, name));
  if (kept.every((each, index) => each === values[index])) return values;
  const seen = new Set<string>();
  return kept.filter((each) => {
    const text = JSON.stringify(each);
    return !seen.has(text) && seen.add(text);
  });
}
