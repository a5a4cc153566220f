import type { ClavigerError } from '../errors.js';
import { abortable } from '../internal/abortable.js';
import { clavigerHome } from '../internal/home.js';
import { readEntry, revokedEntry, writeEntry } from './keychain/entry.js';
import { Keychain } from './keychain/keychain.js';
import { NameIndex } from './keychain/name-index.js';
import { infoOf, lookupName, newRecord } from './record.js';
import type { Store, StoredSecret, StoredSecretInfo } from './store.js';
import { watchByPolling } from './watch.js';
import { assertKnownOptions, refuseOptions } from './store-failure.js';

export interface KeychainStoreOptions {
  /** Under which our entries stand in the keychain; default `claviger`. */
  service?: string;
  /** For each call to the system; default 5000. */
  timeoutMs?: number;
  /** The most bytes that the system keeps in one entry, beyond which a value is kept in parts; default 2560 on Windows, else none. */
  entryBytes?: number;
  /** The session bus where the environment names none; default `/run/user/UID/bus`. Linux only. */
  busSocket?: string;
  /** Default `process.env`, for the bus and `CLAVIGER_HOME`, where the list of names is kept. */
  env?: Record<string, string | undefined>;
}

export interface KeychainStore extends Required<Store> {
  /** Resolves if the keychain can be read and written now; rejects with the reason. */
  check(): Promise<void>;
}

/** Names of our own entries. */
const RESERVED = 'claviger:';

/**
 * A store in the keychain of the operating system: macOS Keychain, Windows Credential Manager, the Secret Service of a
 * Linux desktop. Needs the optional dependency `keytar`.
 *
 * - The system is spoken to by a process of its own, one call at a time and each within 5 s, so that a keychain that hangs
 *   or crashes takes nothing with it.
 * - It keeps the current version of each name. An entry that another program put there under the same service is found by its
 *   name, but not listed.
 * - It protects a stolen disk or backup, and on macOS asks before another program reads it. It does not protect against
 *   programs that run as you while it is unlocked.
 *
 * @throws `ClavigerError` `ERR_CONFIG_INVALID` for unknown options. Methods: `ERR_DEPENDENCY_MISSING` without keytar,
 * `ERR_STORE_UNAVAILABLE` without a keychain or one that hangs, `ERR_STORE_LOCKED`, `ERR_STORE_DENIED`.
 *
 * @example
 * const store = keychainStore();
 * await store.set('github', Secret.from(value));
 */
export function keychainStore(options: KeychainStoreOptions = {}): KeychainStore {
  const { service, env } = checked(options);
  const { timeoutMs = 5000, entryBytes = process.platform === 'win32' ? 2560 : Infinity, busSocket } = options;
  const keychain = new Keychain({ service, timeoutMs, entryBytes, env, busSocket });
  const index = () => new NameIndex(clavigerHome(env()), service);

  const read = async (name: string) => {
    const text = await keychain.get(name);
    return text === undefined ? undefined : readEntry(name, text);
  };

  return {
    kind: 'keychain',

    async get(name, { account, version, signal } = {}) {
      signal?.throwIfAborted();
      const full = lookupName(name, account);
      if (full === undefined || !isName(full)) return undefined;
      const found = await abortable(read(full), signal);
      return version === undefined || found?.version === version ? found : undefined;
    },

    async list() {
      const names = [...(await index().read())];
      const found = await Promise.all(names.map((name) => read(name).catch(unlistable)));
      return names.flatMap((name, index) => infoOfStored(name, found[index]));
    },

    async set(name, secret, metadata) {
      const record = newRecord(name, secret, metadata);
      if (!isName(name)) refuseOptions('keychain', `${JSON.stringify(name)} can't be a name in a keychain`);
      await index().update(async (names) => {
        await keychain.set(name, writeEntry(record, secret));
        names.add(name);
      });
      return infoOf(record);
    },

    async delete(name) {
      return index().update(async (names) => {
        if (!isName(name) || (await keychain.get(name)) === undefined) return false;
        await keychain.delete(name);
        names.delete(name);
        return true;
      });
    },

    async revoke(name) {
      return index().update(async () => {
        const text = isName(name) ? await keychain.get(name) : undefined;
        if (text === undefined) return false;
        await keychain.set(name, revokedEntry(name, text));
        return true;
      });
    },

    watch: (onChange) => watchIndex(index(), onChange),

    async check() {
      const probe = `${RESERVED}check`;
      await keychain.set(probe, probe);
      await keychain.delete(probe);
    },

    async close() {
      keychain.close();
    },
  };
}

function checked(options: KeychainStoreOptions) {
  assertKnownOptions('keychain', options, ['service', 'timeoutMs', 'entryBytes', 'busSocket', 'env']);
  const { service = 'claviger' } = options;
  if (typeof service !== 'string' || service === '' || service.includes('\0')) {
    refuseOptions('keychain', 'service must be a name');
  }
  return { service, env: () => options.env ?? process.env };
}

function isName(name: string): boolean {
  return name !== '' && !name.startsWith(RESERVED) && !name.includes('\0') && name.isWellFormed();
}

/** Which of its names were changed can't be told without reading them: it tells all. */
function watchIndex(index: NameIndex, onChange: (names: readonly string[]) => void): () => void {
  return watchByPolling(async () => {
    const stamp = await index.stamp();
    return new Map([...(await index.read())].map((name) => [name, stamp]));
  }, onChange);
}

function infoOfStored(name: string, stored: StoredSecret | undefined): StoredSecretInfo[] {
  if (stored === undefined) return [];
  const { secret, ...info } = stored;
  return [{ name, ...info, fingerprint: secret.fingerprint() }];
}

/** What can't be used must not keep the others from being listed; a keychain that can't answer is another matter. */
function unlistable(error: unknown): undefined {
  const { code } = error as Partial<ClavigerError>;
  if (code === 'ERR_SECRET_INVALID' || code === 'ERR_STORE_CORRUPT') return undefined;
  throw error;
}
