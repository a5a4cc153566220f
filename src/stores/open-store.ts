import { resolve } from 'node:path';
import { ClavigerError } from '../errors.js';
import { didYouMean } from '../internal/near-names.js';
import { embeddedStore, type AskPassphrase } from './embedded.js';
import { envStore } from './env.js';
import type { Store } from './store.js';

/** What each kind of store takes in a config file; `path` marks options that are paths, relative to the file. */
const kinds: Record<
  string,
  { options: Record<string, 'text' | 'path'>; open: (options: Record<string, string>, ask?: AskPassphrase) => Store }
> = {
  file: { options: { path: 'path', keyFile: 'path' }, open: (options, ask) => embeddedStore(options, ask) },
  env: { options: { prefix: 'text' }, open: (options) => envStore(options) },
};

/**
 * Makes the store that a config file describes.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID` for an unknown kind or option; no inline secrets
 */
export function openStore(
  { kind, ...given }: { kind: string } & Record<string, unknown>,
  directory: string,
  where: string,
  askPassphrase?: AskPassphrase,
): Store {
  const known = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (known === undefined) {
    throw invalid(where, 'kind', `no store is of kind "${kind}"${didYouMean(kind, Object.keys(kinds))}`);
  }
  const options: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const type = Object.hasOwn(known.options, name) ? known.options[name] : undefined;
    if (type === undefined)
      throw invalid(where, name, `unknown key "${name}"${didYouMean(name, Object.keys(known.options))}`);
    if (typeof value !== 'string') throw invalid(where, name, 'must be a string');
    options[name] = type === 'path' ? resolve(directory, value) : value;
  }
  return known.open(options, askPassphrase);
}

function invalid(where: string, name: string, message: string): ClavigerError {
  return new ClavigerError('ERR_CONFIG_INVALID', `${where}.${name}: ${message}`, {
    issues: [{ path: `${where.replace(/^.*: /, '')}.${name}`, message }],
  });
}
