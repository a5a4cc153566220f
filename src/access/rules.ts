import { compiledKey, compiledProduct, covers, type CompiledKey, type CompiledProduct } from './compiled.js';
import type { IntendedUse, StoredKey } from './compiled.js';
import type { AccessDefinitions, App, Developer, KeyStatus, Product } from './definitions.js';
import type { FaultName } from './fault.js';
import { recordName } from './record-names.js';
import type { Records } from './state.js';

/** A status that was set, and what the definition said then. */
export interface SetStatus {
  readonly status: string;
  readonly was: string;
}

/** A product that covers a use, with the name of its counter for the app. */
export interface Match {
  readonly product: CompiledProduct;
  readonly counter: string;
}

/**
 * Definitions and records looked at together. What a definition says comes before a record of the same name, except for
 * a status that was set later.
 */
export class Rules {
  readonly #defined: ReadonlyMap<string, unknown>;

  constructor(definitions: AccessDefinitions) {
    this.#defined = recordsFor(definitions);
  }

  /** What was defined in code or in the config file, and so can't be changed in the state. */
  get defined(): ReadonlyMap<string, unknown> {
    return this.#defined;
  }

  find<T>(records: Records, name: string): T | undefined {
    return (this.#defined.get(name) ?? records.get(name)) as T | undefined;
  }

  key(records: Records, sha256: string): CompiledKey | undefined {
    const key = this.find<StoredKey>(records, recordName.key(sha256));
    return key === undefined ? undefined : compiledKey(key);
  }

  storedKey(records: Records, id: string): StoredKey | undefined {
    const sha256 = this.find<string>(records, recordName.keyId(id));
    return sha256 === undefined ? undefined : this.find<StoredKey>(records, recordName.key(sha256));
  }

  keyOfId(records: Records, id: string): CompiledKey | undefined {
    const key = this.storedKey(records, id);
    return key === undefined ? undefined : compiledKey(key);
  }

  /** The checks of a key itself, in their order; undefined when it stands. An app that is gone takes its keys with it. */
  faultOf(records: Records, key: CompiledKey, now: number): FaultName | undefined {
    const app = this.find<App>(records, key.appRecord);
    if (app === undefined) return 'unknown';
    if (effective(records, key.statusRecord, key.status) !== 'approved') return 'notApproved';
    if (!(now < key.expiresAt)) return 'expired';
    if (effective(records, key.appStatusRecord, app.status ?? 'approved') !== 'approved') return 'appNotApproved';
    return this.#isActive(records, app.developer) ? undefined : 'developerNotActive';
  }

  /** The products of a key that are approved for it, in its order. */
  *products(records: Records, key: CompiledKey): Iterable<Match> {
    for (const { status, statusRecord, productRecord, counter } of key.products) {
      if (effective(records, statusRecord, status) !== 'approved') continue;
      const product = this.find<Product>(records, productRecord);
      if (product !== undefined) yield { product: compiledProduct(product), counter };
    }
  }

  /** Those of them that cover a use. */
  matches(records: Records, key: CompiledKey, use: IntendedUse): Match[] {
    const found: Match[] = [];
    for (const match of this.products(records, key)) if (covers(match.product, use)) found.push(match);
    return found;
  }

  #isActive(records: Records, name: string | undefined): boolean {
    if (name === undefined) return true;
    const developer = this.find<Developer>(records, recordName.developer(name));
    if (developer === undefined) return false;
    return effective(records, recordName.developerStatus(name), developer.status ?? 'active') === 'active';
  }
}

/**
 * The status that counts. One that was set later holds until the definition changes; what was taken away by hand stays
 * away even then.
 */
export function effective(records: Records, record: string, defined: string): string {
  const set = records.get(record) as SetStatus | undefined;
  if (set === undefined) return defined;
  const denies = set.status !== 'approved' && set.status !== 'active';
  return denies || set.was === defined ? set.status : defined;
}

/** Definitions in the form of records, keys beside their apps. */
export function recordsFor({ products = [], developers = [], apps = [] }: AccessDefinitions): Map<string, unknown> {
  const records = new Map<string, unknown>();
  for (const product of products) records.set(recordName.product(product.name), structuredClone(product));
  for (const developer of developers) records.set(recordName.developer(developer.name), structuredClone(developer));
  for (const { keys = [], ...app } of apps) {
    records.set(recordName.app(app.name), { ...app });
    for (const key of keys) {
      records.set(recordName.key(key.sha256), { ...structuredClone(key), app: app.name } satisfies StoredKey);
      records.set(recordName.keyId(key.id), key.sha256);
    }
  }
  return records;
}

/** Which statuses a target can have. */
export const statuses = {
  key: ['approved', 'pending', 'revoked'],
  app: ['approved', 'revoked'],
  developer: ['active', 'inactive'],
} as const satisfies Record<string, readonly (KeyStatus | NonNullable<Developer['status']>)[]>;
