import { join, resolve } from 'node:path';
import { ClavigerError } from '../errors.js';
import { clavigerHome } from '../internal/home.js';
import { didYouMean } from '../internal/near-names.js';
import { Secret } from '../secret.js';
import { corrupt } from './file/container.js';
import type { Entries, SealedEntry } from './file/container.js';
import { ContainerFile } from './file/container-file.js';
import { decodeKey, decodeKeyText } from './file/key-text.js';
import { openEntry, sealEntry } from './file/keys.js';
import { describeProtection } from './file/protection.js';
import type { ProtectionKind } from './file/protection.js';
import type { Unlocking } from './file/unlock.js';
import { infoOf, lookupName, newRecord, pickVersion, storedSecretOf, superseded } from './record.js';
import type { Versions } from './record.js';
import type { Store } from './store.js';
import { marksOf, watchByPolling } from './watch.js';

export type { ProtectionKind } from './file/protection.js';

/** At most one of `masterKey`, `keyFile`, `passphrase` and `keychain`. */
export interface FileStoreOptions {
  /** Default `secrets.claviger` in `CLAVIGER_HOME`, or in the platform's data directory. */
  path?: string;
  /** 32 bytes, or their base64 or hex. */
  masterKey?: Uint8Array | string | Secret;
  /** A file of mode 0600 that holds 32 bytes, raw, base64 or hex. */
  keyFile?: string;
  passphrase?: string | Secret;
  /** Keeps the master key in the keychain of the operating system; needs the optional dependency `keytar`. */
  keychain?: boolean;
  /** Hears, once, what protects a container that was made with none of these. */
  onNotice?: (text: string) => void;
  /** Where `CLAVIGER_HOME`, `CLAVIGER_MASTER_FILE` and `CLAVIGER_PHRASE_FILE` are read; default `process.env`. */
  env?: Record<string, string | undefined>;
}

/** What protects a container: its kind, and the same in plain words. */
export interface StoreProtection {
  kind: ProtectionKind;
  text: string;
}

export interface FileStore extends Required<Store>, AsyncDisposable {
  readonly path: string;
  /** Makes the container, empty, if there is none; false if there is one. */
  create(): Promise<boolean>;
  /** Marks every kept version of a name as revoked: it is still given, with that state. False if the name is not here. */
  revoke(name: string): Promise<boolean>;
  /** What protects the container or, while there is none, what will. Needs no unlocking. */
  protection(): Promise<StoreProtection>;
}

/**
 * A store in one encrypted file: AES-256-GCM for each value, and a seal over the whole, so that nothing in it can be
 * changed, dropped, swapped or brought back unnoticed. Names, times, user names and destinations are readable in it.
 *
 * - Unlocking: with the option given (a container whose key is in the keychain needs none), else with `CLAVIGER_MASTER_FILE` or `CLAVIGER_PHRASE_FILE`. A container records
 *   what it was made with, and only that is tried. One made with none of these uses a generated key file beside it,
 *   `<path>.key`, and says so through `onNotice`.
 * - The file comes into being with the first `set`. Each write replaces it whole, is on the disk when `set` resolves, and
 *   leaves the state before in `<path>.bak`. Any number of processes may write.
 * - The current and the previous version of each name are kept. An expired secret is given with its `expiresAt`.
 *
 * @throws `ClavigerError` `ERR_CONFIG_INVALID` for unknown or contradicting options. Methods: `ERR_STORE_LOCKED` without
 * the right key, `ERR_STORE_CORRUPT` for a file that was tampered with or rolled back, `ERR_STORE_PERMISSIONS` unless file and
 * key file are this user's alone (not checked on Windows), `ERR_STORE_UNAVAILABLE` when the system fails or another process
 * keeps the lock for 10 s.
 *
 * @example
 * const store = fileStore({ passphrase: await ask() });
 * await store.set('github', Secret.from(value), { expiresAt });
 */
export function fileStore(options: FileStoreOptions = {}): FileStore {
  const unlocking = checkedUnlocking(options);
  const env = () => options.env ?? process.env;
  const path = resolve(options.path ?? join(clavigerHome(env()), 'secrets.claviger'));
  const outside = () => ({
    keyFile: env()['CLAVIGER_MASTER_FILE'],
    phraseFile: env()['CLAVIGER_PHRASE_FILE'],
    env: env(),
  });
  const file = new ContainerFile({ path, unlocking, outside, onNotice: options.onNotice });

  return {
    kind: 'file',
    path,

    async get(name, { account, version, signal } = {}) {
      signal?.throwIfAborted();
      const full = lookupName(name, account);
      const opened = await file.read();
      signal?.throwIfAborted();
      const entry = full === undefined ? undefined : pickVersion(opened?.container.entries.get(full), version);
      if (opened === undefined || entry === undefined) return undefined;
      const secret = openEntry(opened.keys, opened.container.header.id, entry);
      if (secret === undefined) throw corrupt(path, `the entry "${entry.name}" does not fit its value`);
      return storedSecretOf(entry, secret);
    },

    async list() {
      const entries = (await file.read())?.container.entries.values() ?? [];
      return Array.from(entries, ({ current }) => infoOf(current));
    },

    async set(name, secret, metadata) {
      const record = newRecord(name, secret, metadata);
      await file.update(({ container, keys }) => {
        return withCurrent(container.entries, sealEntry(keys, container.header.id, record, secret));
      });
      return infoOf(record);
    },

    async delete(name) {
      return replaceExisting(file, name, undefined);
    },

    async revoke(name) {
      return replaceExisting(file, name, revoked);
    },

    watch: (onChange) => watchFile(file, onChange),

    async create() {
      return file.update(({ container }) => (container.generation === 0 ? container.entries : undefined));
    },

    async protection() {
      const kind = await file.protectionKind();
      return { kind, text: describeProtection(path, kind) };
    },

    async close() {
      file.forget();
    },

    async [Symbol.asyncDispose]() {
      file.forget();
    },
  };
}

/** A file that has not changed gives the very container that was seen before. */
function watchFile(file: ContainerFile, onChange: (names: readonly string[]) => void): () => void {
  let seen: unknown;
  return watchByPolling(async () => {
    const opened = await file.read();
    if (opened === seen) return opened === undefined ? new Map() : undefined;
    seen = opened;
    return marksOf(Array.from(opened?.container.entries.values() ?? [], ({ current }) => current));
  }, onChange);
}

function withCurrent(entries: Entries, current: SealedEntry): Entries {
  const before = entries.get(current.name)?.current;
  const versions = before === undefined ? { current } : { current, previous: superseded(before) };
  return new Map(entries).set(current.name, versions);
}

/** Puts something else in the place of a name, or nothing; false where the name is not here, and then writes nothing. */
async function replaceExisting(
  file: ContainerFile,
  name: string,
  replace: ((versions: Versions<SealedEntry>) => Versions<SealedEntry>) | undefined,
): Promise<boolean> {
  if (!(await file.read())?.container.entries.has(name)) return false;
  return file.update(({ container }) => {
    const entries = new Map(container.entries);
    const versions = entries.get(name);
    if (versions === undefined) return undefined;
    if (replace) entries.set(name, replace(versions));
    else entries.delete(name);
    return entries;
  });
}

function revoked({ current, previous }: Versions<SealedEntry>): Versions<SealedEntry> {
  const revoke = (entry: SealedEntry): SealedEntry => ({ ...entry, state: 'revoked' });
  return previous === undefined
    ? { current: revoke(current) }
    : { current: revoke(current), previous: revoke(previous) };
}

const KNOWN_OPTIONS = ['path', 'masterKey', 'keyFile', 'passphrase', 'keychain', 'onNotice', 'env'];

function checkedUnlocking(options: FileStoreOptions): Unlocking {
  const unknown = Object.keys(options).find((key) => !KNOWN_OPTIONS.includes(key));
  if (unknown !== undefined) refuse(`unknown option "${unknown}"${didYouMean(unknown, KNOWN_OPTIONS)}`);
  const { path, masterKey, keyFile, passphrase } = options;
  const keychain = options.keychain === false ? undefined : options.keychain; // as if it were not given
  const given = Object.entries({ masterKey, keyFile, passphrase, keychain }).filter(([, value]) => value !== undefined);
  if (given.length > 1) refuse(`give one of ${given.map(([key]) => key).join(' and ')}, not both`);
  if (path !== undefined && !isText(path)) refuse('path must be a string that is not empty');
  if (keychain !== undefined && (keychain as unknown) !== true) refuse('keychain must be true or false');
  if (keyFile !== undefined && !isText(keyFile)) refuse('keyFile must be a path');
  return {
    keyFile,
    keychain,
    masterKey: masterKey === undefined ? undefined : masterKeyOf(masterKey),
    passphrase: passphrase === undefined || passphrase instanceof Secret ? passphrase : Secret.from(passphrase),
  };
}

function masterKeyOf(given: Uint8Array | string | Secret): Buffer {
  const key =
    given instanceof Uint8Array ? decodeKey(given) : decodeKeyText(given instanceof Secret ? given.reveal() : given);
  return key ?? refuse('masterKey must be 32 bytes, or their base64 or hex');
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

function refuse(what: string): never {
  throw new ClavigerError('ERR_CONFIG_INVALID', `file store: ${what}`, { store: 'file' });
}
