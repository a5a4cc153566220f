import type { CatalogDefinition, CatalogEntry } from './catalog-entry.js';
import providers from './providers.json' with { type: 'json' };

const entries = providers as unknown as readonly CatalogEntry[];
const byId = new Map(entries.map((entry) => [entry.id, entry]));

/** All entries, in the order of the file. Treat them as read only. */
export function catalogEntries(): readonly CatalogEntry[] {
  return entries;
}

/**
 * The entry of that exact id.
 *
 * @example
 * catalogEntry('github')?.environmentVariable    // "GITHUB_TOKEN"
 */
export function catalogEntry(id: string): CatalogEntry | undefined {
  return byId.get(id);
}

/** The entries with that word in their id, title, host or variable; those whose id begins with it come first. */
export function searchCatalog(word: string): CatalogEntry[] {
  const wanted = word.toLowerCase();
  const found = entries.filter(({ id, title, baseUrl, environmentVariable, otherVariables = [] }) =>
    [id, title, baseUrl, environmentVariable, ...otherVariables].some((text) => text.toLowerCase().includes(wanted)),
  );
  return found.sort((a, b) => Number(b.id.startsWith(wanted)) - Number(a.id.startsWith(wanted)));
}

/** The part of an entry that goes into a provider definition. */
export function catalogDefinition(entry: CatalogEntry): CatalogDefinition {
  const { baseUrl, destinations, placement, alternatives, headers, environmentVariable, shape, check } = entry;
  return {
    baseUrl,
    destinations,
    placement,
    ...(alternatives !== undefined && { alternatives }),
    ...(headers !== undefined && { headers }),
    environmentVariable,
    ...(shape !== undefined && { shape }),
    ...(check !== undefined && { check }),
  };
}
