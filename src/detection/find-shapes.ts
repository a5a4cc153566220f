import { matchCatalog, recognized } from './catalog-shapes.js';
import { withoutOverlaps, type Finding } from './finding.js';
import { isPlaceholder } from './placeholder.js';
import { holdsReference } from './reference.js';
import { matchRules } from './rule-set.js';

/** Header and claims are JSON, so their beginnings are known; an empty signature signs nothing. */
const webToken = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}/g;

/**
 * The keys in a text that can be told by their form alone: by the maintained rules, and on top of them by the forms of the
 * catalog's providers.
 */
export async function findShapes(text: string): Promise<Finding[]> {
  if (text.length < 8) return [];
  const certainty = 'shape' as const;
  const byCatalog = matchCatalog(text).map((match) => ({ ...match, certainty }));
  const byRules = (await matchRules(text)).map(({ start, end, rule }) => {
    const provider = recognized(text.slice(start, end))?.id;
    return { start, end, rule, certainty, ...(provider !== undefined && { provider }) };
  });
  const tokens = Array.from(text.matchAll(webToken), ({ index: start, 0: { length } }) => {
    return { start, end: start + length, rule: 'json-web-token', certainty };
  });
  const real = [...byRules, ...byCatalog, ...tokens].filter(({ start, end }) => {
    const key = text.slice(start, end);
    return !isPlaceholder(key) && !holdsReference(key);
  });
  return withoutOverlaps(real);
}
