import type { Secret } from '../secret.js';

/** A secret at rest, with what is needed to use it. */
export interface StoredSecret {
  secret: Secret;
  version: string;
  createdAt?: Date;
  /** Expired exactly at this time. */
  expiresAt?: Date;
  username?: string;
  /** Where this secret may be sent, whatever a provider's definition says. */
  destinations?: string[];
  state?: 'current' | 'previous' | 'revoked';
}

/** What may be told about a stored secret without opening it. */
export type StoredSecretInfo = Omit<StoredSecret, 'secret'> & { name: string; fingerprint: string };

export interface StoreGetOptions {
  /** Whose secret. A store keeps it under the name that `entryName` gives. */
  account?: string;
  /** Exactly this version, or undefined. */
  version?: string;
  signal?: AbortSignal;
}

export interface StoreSetMetadata {
  expiresAt?: Date;
  username?: string;
  destinations?: string[];
}

/**
 * A keyed place where secrets rest. `undefined` from `get` means "not here" and nothing else; a store that can't
 * answer throws `ERR_STORE_*`. A store that can't be written lacks `set` and `delete`.
 */
export interface Store {
  readonly kind: string;
  get(name: string, options?: StoreGetOptions): Promise<StoredSecret | undefined>;
  list(): Promise<StoredSecretInfo[]>;
  set?(name: string, secret: Secret, metadata?: StoreSetMetadata): Promise<StoredSecretInfo>;
  delete?(name: string): Promise<boolean>;
  /** Marks a secret as revoked: it is still given, with that state. False if the name is not here. */
  revoke?(name: string): Promise<boolean>;
  /**
   * Tells the names of secrets that were changed from outside, within two seconds, never a value; what it returns ends that.
   * Of a store without it a change is noticed when a cached credential ends.
   */
  watch?(onChange: (names: readonly string[]) => void): () => void;
  close?(): Promise<void>;
}

/**
 * The name under which the secret of an account rests: `github@alice`. The account is percent-encoded, so that no two
 * pairs of name and account meet: `a@b` + `c` is `a@b@c`, `a` + `b@c` is `a@b%40c`.
 */
export function entryName(name: string, account?: string): string {
  return account === undefined ? name : `${name}@${encodeURIComponent(account)}`;
}
