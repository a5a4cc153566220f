import { randomBytes } from 'node:crypto';
import { ClavigerError } from '../errors.js';
import { Secret } from '../secret.js';
import { entryName } from './store.js';
import type { StoredSecret, StoredSecretInfo, StoreSetMetadata } from './store.js';

/** The longest name an entry can have, in UTF-16 code units. */
const MAX_NAME_LENGTH = 1024;

/** What our own stores keep of one version of a secret beside its value. Times are milliseconds since the epoch. */
export interface EntryRecord {
  readonly name: string;
  readonly version: string;
  readonly state: 'current' | 'previous' | 'revoked';
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly username?: string;
  readonly destinations?: readonly string[];
  readonly fingerprint: string;
}

/** The versions of one name that are kept. */
export interface Versions<Entry> {
  readonly current: Entry;
  readonly previous?: Entry;
}

/**
 * The record of a secret that is about to be stored, under a new version.
 *
 * @throws {@link ClavigerError} `ERR_CONFIG_INVALID` for a name or metadata that can't be kept, `ERR_SECRET_INVALID` for a
 * value that is no {@link Secret}.
 */
export function newRecord(name: string, secret: Secret, metadata: StoreSetMetadata = {}): EntryRecord {
  assertName(name);
  if (!((secret as unknown) instanceof Secret)) {
    throw new ClavigerError('ERR_SECRET_INVALID', `can't store "${name}": wrap the value with Secret.from`);
  }
  return {
    name,
    version: newVersion(),
    state: 'current',
    createdAt: Date.now(),
    ...checkedMetadata(name, metadata),
    fingerprint: secret.fingerprint(),
  };
}

/** The same record once a newer version stands; what is revoked stays so. */
export function superseded<Entry extends EntryRecord>(entry: Entry): Entry {
  return entry.state === 'revoked' ? entry : { ...entry, state: 'previous' };
}

/** The name to look an entry up by; undefined where no entry can have that name. */
export function lookupName(name: string, account?: string): string | undefined {
  let full: string;
  try {
    full = entryName(name, account);
  } catch {
    return undefined; // half of a surrogate pair in the account: it has no encoded form
  }
  return isName(full) ? full : undefined;
}

/** The kept version that is asked for: exactly that one, or the current one. */
export function pickVersion<Entry extends { readonly version: string }>(
  versions: Versions<Entry> | undefined,
  version: string | undefined,
): Entry | undefined {
  if (versions === undefined || version === undefined) return versions?.current;
  return [versions.current, versions.previous].find((entry) => entry?.version === version);
}

/** What may be told about a record; every call gives objects of its own. */
export function infoOf(record: EntryRecord): StoredSecretInfo {
  const { name, version, state, fingerprint } = record;
  return { name, version, state, ...detailsOf(record), fingerprint };
}

/** A record together with its value. */
export function storedSecretOf(record: EntryRecord, secret: Secret): StoredSecret {
  return { secret, version: record.version, state: record.state, ...detailsOf(record) };
}

function detailsOf({ createdAt, expiresAt, username, destinations }: EntryRecord) {
  return {
    createdAt: new Date(createdAt),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
    ...(username !== undefined && { username }),
    ...(destinations !== undefined && { destinations: [...destinations] }),
  };
}

/** Ordered by time, unique by chance, and never derived from the value. */
function newVersion(): string {
  return `${Date.now().toString(36).padStart(9, '0')}-${randomBytes(8).toString('hex')}`;
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_LENGTH;
}

function assertName(name: unknown): void {
  if (isName(name)) return;
  throw new ClavigerError(
    'ERR_CONFIG_INVALID',
    `the name of a stored secret must have 1 to ${MAX_NAME_LENGTH} characters`,
  );
}

function checkedMetadata(name: string, { expiresAt, username, destinations }: StoreSetMetadata) {
  const refuse = (what: string): never => {
    throw new ClavigerError('ERR_CONFIG_INVALID', `can't store "${name}": ${what}`);
  };
  if (expiresAt !== undefined && !(expiresAt instanceof Date && Number.isFinite(expiresAt.getTime()))) {
    refuse('expiresAt must be a valid Date');
  }
  if (username !== undefined && typeof username !== 'string') refuse('username must be a string');
  if (
    destinations !== undefined &&
    !(Array.isArray(destinations) && destinations.every((d) => typeof d === 'string'))
  ) {
    refuse('destinations must be an array of strings');
  }
  return {
    ...(expiresAt !== undefined && { expiresAt: expiresAt.getTime() }),
    ...(username !== undefined && { username }),
    ...(destinations !== undefined && { destinations: [...destinations] }),
  };
}
