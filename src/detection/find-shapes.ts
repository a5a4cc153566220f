import { recognizeKey } from '../catalog/index.js';
import { matchCatalog } from './catalog-shapes.js';
import { withoutOverlaps, type Finding } from './finding.js';
import { isPlaceholder } from './placeholder.js';
import { holdsReference } from './reference.js';
import { matchRules } from './rule-set.js';

/**
 * The keys in a text that can be told by their form alone: by the maintained rules, and on top of them by the forms of the
 * catalog's providers.
 */
export async function findShapes(text: string): Promise<Finding[]> {
  if (text.length < 8) return [];
  const certainty = 'shape' as const;
  const byCatalog = matchCatalog(text).map((match) => ({ ...match, certainty }));
  const byRules = (await matchRules(text)).map(({ start, end, rule }) => {
    const provider = recognizeKey(text.slice(start, end))?.id;
    return { start, end, rule, certainty, ...(provider !== undefined && { provider }) };
  });
  const real = [...byRules, ...byCatalog].filter(({ start, end }) => {
    const key = text.slice(start, end);
    return !isPlaceholder(key) && !holdsReference(key);
  });
  return withoutOverlaps(real);
}
