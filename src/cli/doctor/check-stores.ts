import { findClavigerError } from '../../errors.js';
import { isOwnContainer } from '../store-secret.js';
import type { Check, Finding, Patient } from './check.js';

/** Whether each store answers, and what its protection is worth. */
export const checkStores: Check = {
  name: 'stores',
  run: async (patient) => Promise.all([...patient.stores.keys()].map((name) => storeFinding(patient, name))),
};

const remedies: Readonly<Record<string, string>> = {
  ERR_STORE_LOCKED: 'run it on a terminal and give the passphrase, or name a file with CLAVIGER_PHRASE_FILE',
  ERR_STORE_PERMISSIONS: 'claviger doctor --fix',
  ERR_STORE_CORRUPT: 'take the backup beside it, or the keys from their providers anew',
  ERR_STORE_DENIED: 'check what the login of this store may read',
  ERR_DEPENDENCY_MISSING: 'install the package that the message names',
};

async function storeFinding({ stores, loaded }: Patient, storeName: string): Promise<Finding> {
  const name = `store:${storeName}`;
  const answer = await stores.get(storeName);
  const store = loaded?.options.stores[storeName];
  if (answer === undefined || store === undefined) return { name, status: 'fail', message: 'it is not there' };
  if (answer.error !== undefined) {
    const own = findClavigerError(answer.error);
    const message = own?.message ?? 'it failed for a reason of its own';
    const fix = remedies[own?.code ?? ''] ?? 'check that the service runs and can be reached from here';
    return {
      name,
      status: own?.code === 'ERR_STORE_LOCKED' ? 'warn' : 'fail',
      message: message.startsWith(store.kind) ? message : `${store.kind}: ${message}`,
      fix,
    };
  }
  const count = `${answer.infos.size} ${answer.infos.size === 1 ? 'key' : 'keys'}`;
  if (!isOwnContainer(store)) return { name, status: 'ok', message: `${store.kind}, ${count}` };
  if (!(await store.exists())) {
    return { name, status: 'warn', message: 'the encrypted file is not made yet', fix: 'claviger init' };
  }
  return { name, status: 'ok', message: `${count}; ${(await store.protection()).text}` };
}
