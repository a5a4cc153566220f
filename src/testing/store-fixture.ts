import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Secret } from '../secret.js';
import type { Store, StoredSecret } from '../stores/store.js';

/** A store to be tested, empty, and what belongs to it. */
export interface StoreFixture {
  store: Store;
  /** Another store over the same place, as a later process would have it. */
  reopen?: () => Promise<Store>;
  /** Puts a value there from outside; for stores that can't be written. */
  seed?: (name: string, value: string) => Promise<void> | void;
  cleanup?: () => Promise<void> | void;
}

export type WritableStore = Store & Required<Pick<Store, 'set' | 'delete'>>;

/** A value that stands nowhere by chance. */
export function canary(): string {
  return `canary-${randomBytes(18).toString('base64url')}`;
}

export async function seed({ store, seed }: StoreFixture, name: string, value: string): Promise<void> {
  if (seed) await seed(name, value);
  else await writable(store).set(name, Secret.from(value));
}

export async function present(store: Store, name: string, account?: string): Promise<StoredSecret> {
  const found = await store.get(name, account === undefined ? {} : { account });
  assert.ok(found, `${name} should be in the store`);
  return found;
}

export async function names(store: Store): Promise<string[]> {
  return (await store.list()).map(({ name }) => name).sort();
}

export function writable(store: Store): WritableStore {
  assert.ok(
    'set' in store && 'delete' in store,
    'the store lacks set or delete: pass readOnly, and a fixture with seed',
  );
  return store as WritableStore;
}
