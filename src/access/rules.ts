import { compiledProduct, compileKey, covers, type CompiledKey, type CompiledProduct } from './compiled.js';
import type { IntendedUse, StoredKey } from './compiled.js';
import type { AccessDefinitions, App, Developer, KeyStatus, Product } from './definitions.js';
import type { FaultName } from './fault.js';
import { recordName, recordsOf } from './record-names.js';
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
  /** The defined keys by hash, compiled beforehand; those of records when they are first used. */
  readonly #definedKeys = new Map<string, CompiledKey>();
  readonly #recordKeys = new WeakMap<StoredKey, CompiledKey>();

  constructor(definitions: AccessDefinitions) {
    this.#defined = recordsFor(definitions);
    for (const [sha256, key] of recordsOf<StoredKey>(this.#defined, 'key/')) {
      this.#definedKeys.set(sha256, compileKey(key, this.#defined));
    }
  }

  /** What was defined in code or in the config file, and so can't be changed in the state. */
  get defined(): ReadonlyMap<string, unknown> {
    return this.#defined;
  }

  find<T>(records: Records, name: string): T | undefined {
    return (this.#defined.get(name) ?? records.get(name)) as T | undefined;
  }

  key(records: Records, sha256: string): CompiledKey | undefined {
    const defined = this.#definedKeys.get(sha256);
    if (defined !== undefined) return defined;
    const stored = records.get(recordName.key(sha256)) as StoredKey | undefined;
    if (stored === undefined) return undefined;
    let compiled = this.#recordKeys.get(stored);
    if (compiled === undefined) this.#recordKeys.set(stored, (compiled = compileKey(stored, this.#defined)));
    return compiled;
  }

  keyOfId(records: Records, id: string): CompiledKey | undefined {
    const sha256 = this.find<string>(records, recordName.keyId(id));
    return sha256 === undefined ? undefined : this.key(records, sha256);
  }

  storedKey(records: Records, id: string): StoredKey | undefined {
    const sha256 = this.find<string>(records, recordName.keyId(id));
    return sha256 === undefined ? undefined : this.find<StoredKey>(records, recordName.key(sha256));
  }

  appOf(records: Records, { definedApp, appRecord }: CompiledKey): App | undefined {
    return definedApp ?? (records.get(appRecord) as App | undefined);
  }

  /** The checks of a key itself, in their order; undefined when it stands. An app that is gone takes its keys with it. */
  faultOf(records: Records, key: CompiledKey, now: number): FaultName | undefined {
    const app = this.appOf(records, key);
    if (app === undefined) return 'unknown';
    if (effective(records, key.statusRecord, key.status) !== 'approved') return 'notApproved';
    if (!(now < key.expiresAt)) return 'expired';
    if (effective(records, key.appStatusRecord, app.status ?? 'approved') !== 'approved') return 'appNotApproved';
    const { developer: name } = app;
    if (name === undefined) return undefined;
    const developer = this.find<Developer>(records, recordName.developer(name));
    if (developer === undefined) return 'developerNotActive';
    const record = key.definedApp === undefined ? recordName.developerStatus(name) : key.developerStatusRecord;
    return effective(records, record, developer.status ?? 'active') === 'active' ? undefined : 'developerNotActive';
  }

  /**
   * The products of a key that are approved for it and cover a use, in its order. With `firstServes` none after one
   * without a quota, which serves in any case.
   */
  matches(records: Records, key: CompiledKey, use: IntendedUse | undefined, firstServes: boolean): Match[] {
    const found: Match[] = [];
    for (const { status, statusRecord, productRecord, definedProduct, counter } of key.products) {
      const product = definedProduct ?? compiledRecord(records, productRecord);
      if (product === undefined || (use !== undefined && !covers(product, use))) continue;
      if (effective(records, statusRecord, status) !== 'approved') continue;
      found.push({ product, counter });
      if (firstServes && product.quota === undefined) break;
    }
    return found;
  }
}

function compiledRecord(records: Records, name: string): CompiledProduct | undefined {
  const product = records.get(name) as Product | undefined;
  return product === undefined ? undefined : compiledProduct(product);
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
