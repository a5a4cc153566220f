import { catalogDefinition, catalogEntries, catalogEntry } from '../catalog/catalog.js';
import type { Issue } from '../errors.js';
import { didYouMean } from '../internal/near-names.js';
import type { ProviderDefinition } from './provider.js';

/**
 * A definition with what its `uses` brings in; its own fields override. A base URL of its own also replaces the entry's
 * destinations: a key for one's own server has no business at the vendor's.
 */
export function applyCatalog(definition: ProviderDefinition, path: string, issues: Issue[]): ProviderDefinition {
  const { uses } = definition;
  if (uses === undefined) return definition;
  const entry = catalogEntry(uses);
  if (entry === undefined) {
    const near = didYouMean(
      uses,
      catalogEntries().map(({ id }) => id),
    );
    issues.push({ path: `${path}.uses`, message: `the catalog has no entry "${uses}"${near}` });
    return definition;
  }
  const { destinations, ...rest } = catalogDefinition(entry);
  const merged = { ...rest, ...(definition.baseUrl === undefined && { destinations }), ...definition };
  const open = Object.entries(entry.fill ?? {}).filter(([name]) =>
    JSON.stringify([merged.baseUrl, merged.destinations, merged.headers]).includes(`{${name}}`),
  );
  if (open.length === 0) return merged;
  const what = open.map(([name, meaning]) => `{${name}} (${meaning})`).join(', ');
  issues.push({ path: `${path}.uses`, message: `the entry "${uses}" needs ${what} filled in, in fields of your own` });
  const { baseUrl: _open, ...own } = definition;
  return { ...own, destinations: [] };
}
