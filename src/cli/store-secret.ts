import { ClavigerError } from '../errors.js';
import type { Secret, StoredSecretInfo, StoreSetMetadata } from '../index.js';
import type { Context } from './context.js';
import type { Place } from './stored-credentials.js';

/** A store that makes its container itself and can say what protects it: the encrypted file. */
export interface OwnContainer {
  exists(): Promise<boolean>;
  create(protection?: { passphrase: Secret } | { keychain: true }): Promise<boolean>;
  protection(): Promise<{ kind: string; text: string }>;
}

export function isOwnContainer(store: object): store is OwnContainer {
  return 'create' in store && 'protection' in store;
}

/** @throws ClavigerError `ERR_STORE_READ_ONLY`, before anybody is asked for a value */
export function assertWritable({ store, storeName }: Place): void {
  if (store.set !== undefined && store.delete !== undefined) return;
  const message = `store "${storeName}" (${store.kind}) can't be written: change the key where it comes from`;
  throw new ClavigerError('ERR_STORE_READ_ONLY', message, { store: storeName });
}

/** Stores a new version; says what protects it if the store comes into being with it. */
export async function storeSecret(
  { terminal }: Context,
  place: Place,
  secret: Secret,
  metadata: StoreSetMetadata,
): Promise<StoredSecretInfo> {
  const { store, secretName } = place;
  if (isOwnContainer(store) && (await store.create())) terminal.note(`note: ${(await store.protection()).text}`);
  const info = await store.set?.(secretName, secret, metadata);
  if (info !== undefined) return info;
  throw new ClavigerError('ERR_STORE_READ_ONLY', `store "${place.storeName}" can't be written`);
}
