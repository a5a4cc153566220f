import { catalogEntries } from './catalog.js';
import type { CatalogEntry } from './catalog-entry.js';

/** Prefixes this short stand at the beginning of many things. */
const TELLING_PREFIX = 3;

/** Whether a value could be a key of this entry; true also where nothing is known of its keys. */
export function fitsKeyShape({ keyShape = {} }: CatalogEntry, value: string): boolean {
  const { prefix, pattern, minLength = 0 } = keyShape;
  if (value.length < minLength) return false;
  if (pattern !== undefined) return new RegExp(pattern).test(value);
  return prefix === undefined || prefix.some((start) => value.startsWith(start));
}

/** The entry whose keys look like this value, told by the longest prefix; undefined where none is telling enough. */
export function recognizeKey(value: string): CatalogEntry | undefined {
  const candidates = catalogEntries()
    .map((entry) => ({ entry, length: matchedPrefix(entry, value) }))
    .filter(({ entry, length }) => length >= TELLING_PREFIX && fitsKeyShape(entry, value))
    .sort((a, b) => b.length - a.length);
  return candidates[0]?.entry;
}

/** How much of a value is a prefix of the entry's keys. */
export function matchedPrefix({ keyShape }: CatalogEntry, value: string): number {
  return Math.max(
    0,
    ...(keyShape?.prefix ?? []).filter((start) => value.startsWith(start)).map(({ length }) => length),
  );
}
