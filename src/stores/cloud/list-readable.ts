import { ClavigerError } from '../../errors.js';
import { mapLimited } from '../../internal/map-limited.js';
import type { Store, StoredSecretInfo } from '../store.js';

const AT_ONCE = 8;

/** The infos of those that may be read and used; an engine that can't answer is another matter. */
export async function listReadable(names: readonly string[], get: Store['get']): Promise<StoredSecretInfo[]> {
  const infos = await mapLimited(names, AT_ONCE, async (name): Promise<StoredSecretInfo[]> => {
    const found = await get(name).catch((error: unknown) => {
      if (error instanceof ClavigerError && /^ERR_(STORE_DENIED|SECRET_INVALID|CONFIG_INVALID)$/.test(error.code))
        return undefined;
      throw error;
    });
    if (found === undefined) return [];
    const { secret, ...info } = found;
    return [{ name, ...info, fingerprint: secret.fingerprint() }];
  });
  return infos.flat();
}
