import { ClavigerError } from '../../errors.js';
import type { LoadedConfig, Store, StoredSecretInfo } from '../../index.js';
import { placeOf } from '../stored-credentials.js';
import { LATE, within } from './deadline.js';

/** What a store said within its time. */
export interface StoreAnswer {
  /** Of each secret that a provider takes from it, and of all others that it can list; absent names are not there. */
  readonly infos: ReadonlyMap<string, Partial<StoredSecretInfo>>;
  readonly error?: unknown;
  readonly isLate?: true;
}

/** Asks every store at once; none waits for another. */
export function askStores(loaded: LoadedConfig | undefined, deadlineMs: number): Map<string, Promise<StoreAnswer>> {
  const stores = Object.entries(loaded?.options.stores ?? {});
  return new Map(stores.map(([name, store]) => [name, ask(store, wantedFrom(loaded, name), deadlineMs)]));
}

async function ask(store: Store, wanted: readonly string[], deadlineMs: number): Promise<StoreAnswer> {
  const asking = new AbortController();
  try {
    const infos = await within(deadlineMs, infosOf(store, wanted, asking.signal));
    if (infos !== LATE) return { infos };
    asking.abort();
    const message = `it did not answer within ${deadlineMs / 1000} s`;
    return { infos: new Map(), error: new ClavigerError('ERR_STORE_UNAVAILABLE', message), isLate: true };
  } catch (error) {
    return { infos: new Map(), error };
  }
}

/** Stores that can't tell what they hold are asked for what is wanted; of that only what may be told is kept. */
async function infosOf(store: Store, wanted: readonly string[], signal: AbortSignal) {
  const infos = new Map<string, Partial<StoredSecretInfo>>();
  for (const info of await store.list()) infos.set(info.name, info);
  if (store.kind === 'file') return infos;
  const missing = wanted.filter((name) => !infos.has(name));
  await Promise.all(
    missing.map(async (name) => {
      const stored = await store.get(name, { signal });
      if (stored === undefined) return;
      const { secret, ...info } = stored;
      infos.set(name, { ...info, fingerprint: secret.fingerprint() });
    }),
  );
  return infos;
}

function wantedFrom(loaded: LoadedConfig | undefined, storeName: string): string[] {
  if (loaded === undefined) return [];
  return loaded.options.providers
    .filter(({ source }) => source === undefined)
    .map(({ name }) => placeOf(loaded, name))
    .filter((place) => place.storeName === storeName)
    .map(({ secretName }) => secretName);
}
