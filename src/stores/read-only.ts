import { Secret, versionOf } from '../secret.js';
import { ClavigerError } from '../errors.js';
import type { StoredSecret } from './store.js';
import { storeFailure } from './store-failure.js';

/** A value that a store gave, less what could not be a secret; the name is told, the value is not. */
export function secretIn(kind: string, name: string, value: string): Secret {
  try {
    return Secret.from(value);
  } catch (error) {
    const reason = error instanceof ClavigerError ? error.message : 'it is not a usable secret';
    throw storeFailure('ERR_SECRET_INVALID', kind, `${JSON.stringify(name)}: ${reason}`);
  }
}

/** The one version of a secret in a store that counts none: its version is made from its value. */
export function onlyVersion(secret: Secret, wanted: string | undefined): StoredSecret | undefined {
  const version = versionOf(secret);
  return wanted === undefined || wanted === version ? { secret, version, state: 'current' } : undefined;
}

/** Text out of bytes, less exactly one final newline; undefined for what is not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
