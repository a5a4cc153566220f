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

/** No provider of the catalog issues longer ones. */
const longestKey = 1_024;

/** Every JSON Web Token begins so: it is in the shape of one entry, and tells nothing. */
const anyToken = 'eyJ';

/** The entry whose keys look like this value, where the beginning is that provider's own. */
export function recognized(value: string): CatalogEntry | undefined {
  return value.startsWith(anyToken) ? undefined : recognizeKey(value);
}

/** What may follow a prefix of which nothing else is known. */
const anyKey = '[A-Za-z0-9_-]{16,}';

/**
 * The keys in a text that begin as those of a catalog's provider and have their form. Forms without a beginning of their
 * own, such as 32 hexadecimal digits, tell nothing.
 */
export function matchCatalog(text: string): CatalogMatch[] {
  const { beginnings, forms } = patterns();
  const matches: CatalogMatch[] = [];
  let seen = 0; // what was taken for a key is not looked at again: a text made of prefixes would take forever
  for (const { index, 0: prefix } of text.matchAll(beginnings)) {
    if (index < seen) continue;
    const end = forms.get(prefix)?.reduce((longest, form) => Math.max(longest, endOf(form, text, index)), -1) ?? -1;
    if (end === -1) continue;
    seen = end;
    const key = text.slice(index, end);
    const entry = recognized(key);
    if (entry === undefined) continue;
    const tells = entry.keyShape?.pattern !== undefined && prefix.length > tellingPrefix;
    if (tells || looksRandom(key.slice(prefix.length))) matches.push({ start: index, end, provider: entry.id });
  }
  return matches;
}

function endOf(form: RegExp, text: string, index: number): number {
  form.lastIndex = 0;
  return form.test(text.slice(index, index + longestKey)) ? index + form.lastIndex : -1;
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
      if (prefix.length < tellingPrefix || prefix === anyToken) continue;
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
