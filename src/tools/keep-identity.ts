import type { JsonObject } from './schema-keywords.js';

/**
 * The object with each entry rewritten, or left out where `rewrite` gives `undefined`; the object itself if that changes
 * nothing.
 */
export function rewriteEntries(
  object: JsonObject,
  rewrite: (key: string, value: unknown) => readonly [key: string, value: unknown] | undefined,
): JsonObject {
  const before = Object.entries(object);
  const after = before.map(([key, value]) => rewrite(key, value));
  const same = after.every((entry, index) => entry?.[0] === before[index]?.[0] && entry?.[1] === before[index]?.[1]);
  return same ? object : Object.fromEntries(after.filter((entry) => entry !== undefined));
}

/** The array with each item rewritten; the array itself if that changes nothing. */
export function rewriteItems(
  items: readonly unknown[],
  rewrite: (item: unknown, index: number) => unknown,
): readonly unknown[] {
  const after = items.map(rewrite);
  return after.every((item, index) => item === items[index]) ? items : after;
}

export function withoutKey(object: JsonObject, name: string): JsonObject {
  return rewriteEntries(object, (key, value) => (key === name ? undefined : [key, value]));
}
