export { catalogDefinition, catalogEntries, catalogEntry, searchCatalog } from './catalog.js';
export type { CatalogDefinition, CatalogEntry } from './catalog-entry.js';
export { fitsKeyShape, matchedPrefix, recognizeKey } from './recognize-key.js';
