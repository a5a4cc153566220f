import type { ClientFormat } from '../client-files.js';
import type { DocumentFormat } from './document-node.js';

/** Loads the parser of one format. */
export async function openFormat(format: ClientFormat): Promise<DocumentFormat> {
  if (format === 'toml') return (await import('./toml-format.js')).tomlFormat;
  if (format === 'yaml') return (await import('./yaml-format.js')).yamlFormat;
  return (await import('./jsonc-format.js')).jsoncFormat;
}
