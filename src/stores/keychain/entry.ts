import { Secret, versionOf } from '../../secret.js';
import type { EntryRecord } from '../record.js';
import { newRecord, storedSecretOf } from '../record.js';
import { storeFailure } from '../store-failure.js';
import type { StoredSecret } from '../store.js';

const MARK = 'claviger-entry/1 ';

/** How a secret of ours stands in the keychain. */
export function writeEntry(record: EntryRecord, secret: Secret): string {
  return MARK + JSON.stringify({ ...record, value: secret.reveal() });
}

/**
 * The secret in the text of an entry. What another program wrote is the secret itself.
 *
 * @throws {@link ClavigerError} `ERR_STORE_CORRUPT`, `ERR_SECRET_INVALID`
 */
export function readEntry(name: string, text: string): StoredSecret {
  if (text.startsWith(MARK)) {
    const { record, secret } = open(name, text);
    return storedSecretOf(record, secret);
  }
  const secret = secretOf(name, text);
  return { secret, version: versionOf(secret), state: 'current' };
}

/** The same entry, marked as revoked. */
export function revokedEntry(name: string, text: string): string {
  if (text.startsWith(MARK)) {
    const { record, secret } = open(name, text);
    return writeEntry({ ...record, state: 'revoked' }, secret);
  }
  const secret = secretOf(name, text);
  return writeEntry({ ...newRecord(name, secret), version: versionOf(secret), state: 'revoked' }, secret);
}

function open(name: string, text: string): { record: EntryRecord; secret: Secret } {
  const { value, ...record } = parse(name, text.slice(MARK.length));
  if (record.name !== name || typeof record.version !== 'string' || typeof value !== 'string') throw corrupt(name);
  return { record: record as EntryRecord, secret: secretOf(name, value) };
}

function parse(name: string, json: string): Partial<EntryRecord> & { value?: unknown } {
  try {
    return JSON.parse(json) as Partial<EntryRecord>;
  } catch {
    throw corrupt(name);
  }
}

function secretOf(name: string, value: string): Secret {
  try {
    return Secret.from(value);
  } catch (error) {
    throw storeFailure('ERR_SECRET_INVALID', 'keychain', `${JSON.stringify(name)}: ${(error as Error).message}`);
  }
}

function corrupt(name: string) {
  return storeFailure('ERR_STORE_CORRUPT', 'keychain', `the entry ${JSON.stringify(name)} is not as claviger wrote it`);
}
