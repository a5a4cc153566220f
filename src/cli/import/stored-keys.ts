import type { LoadedConfig, Secret } from '../../index.js';
import { listCredentials, placeOf } from '../stored-credentials.js';

/** A credential that is stored already, with its value to compare. */
export interface StoredKey {
  readonly name: string;
  readonly storeName: string;
  readonly secretName: string;
  readonly secret: Secret;
  readonly destinations: readonly string[] | undefined;
}

/** What is stored, so that an equal value is not stored twice. A store that can't answer is passed over: writing to it will tell. */
export async function storedKeys(loaded: LoadedConfig): Promise<StoredKey[]> {
  const { rows } = await listCredentials(loaded);
  const current = rows.filter(({ state }) => state === 'current');
  const found = await Promise.all(
    current.map(async ({ name, store: storeName, secretName }): Promise<StoredKey[]> => {
      const stored = await placeOf(loaded, name, storeName)
        .store.get(secretName)
        .catch(() => undefined);
      if (stored === undefined) return [];
      return [{ name, storeName, secretName, secret: stored.secret, destinations: stored.destinations }];
    }),
  );
  return found.flat();
}
