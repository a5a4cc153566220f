import { catalogEntries } from '../../catalog/index.js';
import type { Store } from '../../index.js';
import { openConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { isOwnContainer } from '../store-secret.js';
import type { Candidate, WordsOf } from './candidates.js';
import { shells } from './scripts.js';

/** A name that no shell takes for anything else. */
const harmless = /^[A-Za-z0-9][A-Za-z0-9._:@%+-]{0,127}$/;

/**
 * The words that can be completed. Names come out of the config file and of a store that opens without asking anybody; never a
 * value. A project's config file that is not trusted gives none.
 */
export function wordsFor(context: Context): WordsOf {
  return async (kind) => {
    switch (kind) {
      case 'catalog':
        return catalogEntries().map(({ id, title }) => ({ word: id, what: title }));
      case 'shell':
        return Object.keys(shells).map((word) => ({ word }));
      case 'method':
        return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map((word) => ({ word }));
      case 'provider':
      case 'credential':
      case 'store':
        return (await configured(context, kind).catch(() => [])).filter(({ word }) => harmless.test(word));
      default:
        return [];
    }
  };
}

async function configured(context: Context, kind: 'provider' | 'credential' | 'store'): Promise<Candidate[]> {
  const { options } = await openConfig(context, { ask: false });
  if (kind === 'store') return Object.entries(options.stores).map(([word, store]) => ({ word, what: store.kind }));
  const providers = options.providers.map(({ name, uses, baseUrl }) => {
    const what = uses ?? baseUrl;
    return { word: name, ...(what !== undefined && { what }) };
  });
  if (kind === 'provider') return providers;
  const defined = new Set(providers.map(({ word }) => word));
  const stored = await storedNames(options.stores['default']).catch(() => []);
  return [...providers, ...stored.filter((word) => !defined.has(word)).map((word) => ({ word, what: 'stored' }))];
}

/** Only a file whose key rests in a file: a keychain could ask, a service could hang. */
async function storedNames(store: Store | undefined): Promise<string[]> {
  if (store === undefined || !isOwnContainer(store) || !(await store.exists())) return [];
  const { kind } = await store.protection();
  if (kind !== 'generated' && kind !== 'key-file') return [];
  return (await store.list()).map(({ name }) => name);
}
