import type { AccessDescription, KeyDescription } from './access.js';
import type { StoredKey } from './compiled.js';
import type { App, Developer, KeyStatus, Product } from './definitions.js';
import { faults } from './fault.js';
import { recordName, recordsOf } from './record-names.js';
import { effective, type Rules } from './rules.js';
import type { Records } from './state.js';

/** Everything that is defined and issued, with the statuses that count. */
export function describeAccess(rules: Rules, records: Records, now: number): AccessDescription {
  const all = <T>(prefix: string): T[] => {
    const found = new Map([...recordsOf<T>(records, prefix), ...recordsOf<T>(rules.defined, prefix)]);
    return [...found.values()];
  };
  return {
    products: all<Product>('product/').map((product) => structuredClone(product)),
    developers: all<Developer>('developer/').map(({ name, status = 'active' }) => ({
      name,
      status: effective(records, recordName.developerStatus(name), status) as 'active' | 'inactive',
    })),
    apps: all<App>('app/').map(({ name, developer, status = 'approved' }) => ({
      name,
      ...(developer !== undefined && { developer }),
      status: effective(records, recordName.appStatus(name), status) as 'approved' | 'revoked',
    })),
    keys: all<StoredKey>('key/').map((key) => describeKey(rules, records, now, key)),
  };
}

function describeKey(rules: Rules, records: Records, now: number, key: StoredKey): KeyDescription {
  const { id, app, status = 'approved', expiresAt, products } = key;
  const compiled = rules.key(records, key.sha256);
  const fault = compiled === undefined ? undefined : rules.faultOf(records, compiled, now);
  return {
    id,
    app,
    status: effective(records, recordName.keyStatus(id), status) as KeyStatus,
    ...(fault !== undefined && { fault: faults[fault] }),
    ...(expiresAt !== undefined && { expiresAt }),
    products: products.map(({ name, status: own = 'approved' }) => ({
      name,
      status: effective(records, recordName.associationStatus(id, name), own) as KeyStatus,
    })),
  };
}
