import { catalogEntries, recognizeKey, type CatalogEntry } from '../catalog/index.js';
import { looksRandom } from './random-text.js';

/** Where a key of a catalog's provider stands. */
interface CatalogMatch {
  readonly start: number;
  readonly end: number;
  readonly provider: string;
}

/** Shorter prefixes stand at the beginning of many things. */
const tellingPrefix = 3;

/** What may follow a prefix of which nothing else is known. */
const anyKey = '[A-Za-z0-9_-]{16,}';

/**
 * The keys in a text that begin as those of a catalog's provider and have their form. Forms without a beginning of their
 * own, such as 32 hexadecimal digits, tell nothing.
 */
export function matchCatalog(text: string): CatalogMatch[] {
  const { beginnings, forms } = patterns();
  const matches: CatalogMatch[] = [];
  for (const { index, 0: prefix } of text.matchAll(beginnings)) {
    if (matches.some(({ end }) => index < end)) continue;
    const end = forms.get(prefix)?.reduce((longest, form) => Math.max(longest, endOf(form, text, index)), -1) ?? -1;
    if (end === -1) continue;
    const key = text.slice(index, end);
    const entry = recognizeKey(key);
    if (entry !== undefined && looksRandom(key.slice(prefix.length)))
      matches.push({ start: index, end, provider: entry.id });
  }
  return matches;
}

function endOf(form: RegExp, text: string, index: number): number {
  form.lastIndex = index;
  return form.test(text) ? form.lastIndex : -1;
}

interface Patterns {
  /** Any prefix where a word begins, the longest first. */
  readonly beginnings: RegExp;
  readonly forms: ReadonlyMap<string, readonly RegExp[]>;
}

let made: Patterns | undefined;

function patterns(): Patterns {
  return (made ??= makePatterns());
}

function makePatterns(): Patterns {
  const forms = new Map<string, RegExp[]>();
  for (const entry of catalogEntries()) {
    for (const prefix of entry.keyShape?.prefix ?? []) {
      if (prefix.length < tellingPrefix) continue;
      forms.set(prefix, [...(forms.get(prefix) ?? []), formOf(entry, prefix)]);
    }
  }
  const longestFirst = [...forms.keys()].sort((a, b) => b.length - a.length);
  const beginnings = new RegExp(`(?<![A-Za-z0-9])(?:${longestFirst.map(escaped).join('|')})`, 'g');
  return { beginnings, forms };
}

/** The entry's own pattern where the text goes on, or the prefix and what keys are made of. */
function formOf({ keyShape = {} }: CatalogEntry, prefix: string): RegExp {
  const body = keyShape.pattern?.replace(/^\^/, '').replace(/\$$/, '') ?? escaped(prefix) + anyKey;
  return new RegExp(`(?:${body})(?![A-Za-z0-9])`, 'y');
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
