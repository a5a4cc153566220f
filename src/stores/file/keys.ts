import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Secret } from '../../secret.js';
import type { EntryRecord } from '../record.js';
import { FORMAT } from './container.js';
import type { SealedEntry } from './container.js';

const CIPHER = 'aes-256-gcm';
const NONCE_LENGTH = 12;
/** Said to OpenSSL in both directions: otherwise Node takes shorter tags, down to 4 bytes. */
const TAG_LENGTH = 16;
const KEY_LENGTH = 32;

/** What the data key of a container is used as, one key for each purpose. */
export interface ContainerKeys {
  readonly entries: Buffer;
  readonly seal: Buffer;
}

/** A new data key, and how it stands in the header, wrapped under the master key. */
export function createDataKey(masterKey: Buffer, binding: string): { dataKey: string; keys: ContainerKeys } {
  const raw = randomBytes(KEY_LENGTH);
  const dataKey = encrypt(masterKey, raw, binding).toString('base64');
  return { dataKey, keys: deriveKeys(raw) };
}

/** Undefined if the master key is not the one that wrapped it. */
export function unwrapDataKey(masterKey: Buffer, dataKey: string, binding: string): ContainerKeys | undefined {
  const raw = decrypt(masterKey, Buffer.from(dataKey, 'base64'), binding);
  return raw && deriveKeys(raw);
}

/** Encrypts a value, bound to its record and to the container. */
export function sealEntry(keys: ContainerKeys, storeId: string, record: EntryRecord, secret: Secret): SealedEntry {
  const box = encrypt(keys.entries, Buffer.from(secret.reveal(), 'utf16le'), bindingOf(storeId, record));
  return { ...record, box: box.toString('base64') };
}

/** Undefined if the value does not belong to this record. */
export function openEntry(keys: ContainerKeys, storeId: string, entry: SealedEntry): Secret | undefined {
  const value = decrypt(keys.entries, Buffer.from(entry.box, 'base64'), bindingOf(storeId, entry));
  return value && Secret.from(value.toString('utf16le'));
}

/** The data that each value is authenticated with. Not the state: a version keeps its value when it is superseded. */
function bindingOf(storeId: string, record: EntryRecord): string {
  const { name, version, createdAt, expiresAt, username, destinations, fingerprint } = record;
  return JSON.stringify([
    FORMAT,
    storeId,
    name,
    version,
    createdAt,
    expiresAt ?? null,
    username ?? null,
    destinations ?? null,
    fingerprint,
  ]);
}

function deriveKeys(dataKey: Buffer): ContainerKeys {
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync('sha256', dataKey, new Uint8Array(), `${FORMAT} ${purpose}`, KEY_LENGTH));
  const keys = { entries: derive('entries'), seal: derive('seal') };
  dataKey.fill(0);
  return keys;
}

/** Nonce, ciphertext and tag. */
function encrypt(key: Buffer, plain: Buffer, binding: string): Buffer {
  const nonce = randomBytes(NONCE_LENGTH);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_LENGTH });
  cipher.setAAD(Buffer.from(binding));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, box: Buffer, binding: string): Buffer | undefined {
  if (box.length < NONCE_LENGTH + TAG_LENGTH) return undefined;
  const decipher = createDecipheriv(CIPHER, key, box.subarray(0, NONCE_LENGTH), { authTagLength: TAG_LENGTH });
  decipher.setAAD(Buffer.from(binding));
  decipher.setAuthTag(box.subarray(-TAG_LENGTH));
  try {
    return Buffer.concat([decipher.update(box.subarray(NONCE_LENGTH, -TAG_LENGTH)), decipher.final()]);
  } catch {
    return undefined;
  }
}
