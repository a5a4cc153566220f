import { findClavigerError } from '../../errors.js';
import { isOwnContainer } from '../store-secret.js';
import type { Check, Patient } from './check.js';

const KEYCHAIN_MS = 4000;

/** Whether the keychain can be spoken to, where a store needs it: on Linux that takes a session bus. */
export const checkKeychain: Check = {
  name: 'keychain',
  run: async (patient) => {
    if (!(await isNeeded(patient))) return [];
    const { keychainStore } = await import('../../stores/keychain.js');
    const keychain = keychainStore({ env: patient.context.env, timeoutMs: KEYCHAIN_MS });
    try {
      await keychain.check();
      return [{ name: 'keychain', status: 'ok', message: 'the keychain of your session answers' }];
    } catch (error) {
      const message = findClavigerError(error)?.message ?? 'the keychain does not answer';
      const fix = process.platform === 'linux' ? bus(patient.context.env) : 'unlock it and try again';
      return [{ name: 'keychain', status: 'fail', message, fix }];
    } finally {
      await keychain.close();
    }
  },
};

function bus(env: NodeJS.ProcessEnv): string {
  return env['DBUS_SESSION_BUS_ADDRESS'] || env['XDG_RUNTIME_DIR']
    ? 'unlock the keyring, or start one: gnome-keyring-daemon --unlock'
    : 'there is no session bus here: run it in a desktop session or under dbus-run-session';
}

async function isNeeded({ loaded }: Patient): Promise<boolean> {
  const stores = Object.values(loaded?.options.stores ?? {});
  const kinds = stores.map(async (store) => {
    if (store.kind === 'keychain') return true;
    if (!isOwnContainer(store)) return false;
    const { kind } = await store.protection().catch(() => ({ kind: '' }));
    return kind === 'keychain' && (await store.exists());
  });
  return (await Promise.all(kinds)).includes(true);
}
