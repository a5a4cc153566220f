import { randomBytes } from 'node:crypto';
import { Keychain } from './keychain.js';

type Environment = Record<string, string | undefined>;

/** The master key of a container out of the keychain, as text; undefined where the keychain has none for it. */
export function readMasterKey(env: Environment, containerId: string): Promise<string | undefined> {
  return withKeychain(env, (keychain) => keychain.get(accountOf(containerId)));
}

/** Makes the master key of a new container and puts it there. */
export function createMasterKey(env: Environment, containerId: string): Promise<string> {
  return withKeychain(env, async (keychain) => {
    const key = randomBytes(32).toString('base64');
    await keychain.set(accountOf(containerId), key);
    return key;
  });
}

async function withKeychain<T>(env: Environment, work: (keychain: Keychain) => Promise<T>): Promise<T> {
  const options = { service: 'claviger', timeoutMs: 5000, entryBytes: 2560, env: () => env, busSocket: undefined };
  const keychain = new Keychain(options);
  try {
    return await work(keychain);
  } finally {
    keychain.close();
  }
}

function accountOf(containerId: string): string {
  return `claviger:master:${containerId}`;
}
