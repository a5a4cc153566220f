import { randomBytes, scrypt } from 'node:crypto';
import type { ScryptOptions } from 'node:crypto';
import { promisify } from 'node:util';
import type { Secret } from '../../secret.js';
import { storeError, systemError } from './store-error.js';

/** What wraps the master key of a container. */
export type ProtectionKind = 'master-key' | 'key-file' | 'generated' | 'passphrase' | 'keychain';

export type Protection =
  | { readonly kind: Exclude<ProtectionKind, 'passphrase'> }
  | { readonly kind: 'passphrase'; readonly N: number; readonly r: number; readonly p: number; readonly salt: string };

/** Where the generated key of a container is. */
export function generatedKeyPath(path: string): string {
  return `${path}.key`;
}

export function newProtection(kind: ProtectionKind): Protection {
  if (kind !== 'passphrase') return { kind };
  return { kind, N: 2 ** 17, r: 8, p: 1, salt: randomBytes(16).toString('base64') };
}

/** The key of a passphrase: scrypt (RFC 7914) over its NFC form, so that two keyboards give one key. */
export async function stretchPassphrase(path: string, passphrase: Secret, protection: Protection): Promise<Buffer> {
  if (protection.kind !== 'passphrase') throw new TypeError('not a passphrase container');
  const { N, r, p, salt } = protection;
  // The numbers come out of the file: no reader lets them take gigabytes.
  if (!(typeof salt === 'string' && N > 1 && N <= 2 ** 20 && r > 0 && r <= 16 && p > 0 && p <= 16)) {
    throw storeError('ERR_STORE_CORRUPT', path, 'its scrypt parameters are out of range');
  }
  const options = { N, r, p, maxmem: 128 * N * r + 128 * r * p + 2 ** 20 };
  try {
    return await stretch(passphrase.reveal().normalize('NFC'), Buffer.from(salt, 'base64'), 32, options);
  } catch (error) {
    const unusable = error instanceof RangeError; // it says which numbers are no scrypt parameters, and nothing else
    if (unusable) throw storeError('ERR_STORE_CORRUPT', path, 'its scrypt parameters are not usable');
    throw systemError(path, 'stretch the passphrase', error);
  }
}

const stretch = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** In plain words, what protects a container and against what. */
export function describeProtection(path: string, kind: ProtectionKind): string {
  switch (kind) {
    case 'generated':
      return (
        `the secrets in ${path} are encrypted under a generated key that rests beside it in ${generatedKeyPath(path)}, readable ` +
        'by your user alone. This protects a copy of the store without the key file (a backup, a commit, a synced folder), ' +
        'and not against programs that run as you: they can read both. A passphrase, or a key file kept elsewhere, ' +
        'protects more'
      );
    case 'key-file':
      return `the secrets in ${path} are encrypted under a key file: whoever can read both files can read the secrets`;
    case 'master-key':
      return `the secrets in ${path} are encrypted under a master key that the program hands over`;
    case 'passphrase':
      return `the secrets in ${path} are encrypted under a passphrase (scrypt): as strong as the passphrase is`;
    case 'keychain':
      return (
        `the secrets in ${path} are encrypted under a key in the keychain of the operating system. This protects a copy of ` +
        'the store and a stolen disk, and not against programs that run as you while the keychain is unlocked'
      );
  }
}
