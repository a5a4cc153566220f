import { Secret } from '../secret.js';
import { infoOf, lookupName, newRecord, pickVersion, storedSecretOf, superseded } from './record.js';
import type { EntryRecord, Versions } from './record.js';
import type { Store } from './store.js';

/** A store that can be written. */
export type MemoryStore = Store & Required<Pick<Store, 'set' | 'delete'>>;

type MemoryEntry = EntryRecord & { readonly secret: Secret };

/**
 * A store that lives and dies with the process: for tests, and for secrets that come from elsewhere.
 *
 * Keeps the current and the previous version of each name. An expired secret is given with its `expiresAt`; judging it
 * is the registry's part.
 *
 * @param entries What it holds at the start, by name. The secret of an account rests under `entryName(name, account)`.
 * @throws {@link ClavigerError} `ERR_SECRET_INVALID` for a value that is no usable secret, `ERR_CONFIG_INVALID` for a name
 * that is empty or longer than 1024 characters.
 *
 * @example
 * const store = memoryStore({ github: 'ghp_…' });
 * const found = await store.get('github');
 */
export function memoryStore(entries: Record<string, string | Secret> = {}): MemoryStore {
  const kept = new Map<string, Versions<MemoryEntry>>();
  for (const [name, value] of Object.entries(entries)) {
    const secret = value instanceof Secret ? value : Secret.from(value);
    kept.set(name, { current: { ...newRecord(name, secret), secret } });
  }

  return {
    kind: 'memory',

    async get(name, { account, version, signal } = {}) {
      signal?.throwIfAborted();
      const full = lookupName(name, account);
      const entry = full === undefined ? undefined : pickVersion(kept.get(full), version);
      return entry && storedSecretOf(entry, entry.secret);
    },

    async list() {
      return Array.from(kept.values(), ({ current }) => infoOf(current));
    },

    async set(name, secret, metadata) {
      const current = { ...newRecord(name, secret, metadata), secret };
      const before = kept.get(name)?.current;
      kept.set(name, before === undefined ? { current } : { current, previous: superseded(before) });
      return infoOf(current);
    },

    async delete(name) {
      return kept.delete(name);
    },
  };
}
