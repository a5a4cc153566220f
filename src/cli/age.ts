import { CommandError, usageError } from './command-error.js';
import type { Secret } from '../index.js';

/** Who may open an age file: whoever knows the passphrase, or holds the identity of one of the recipients. */
export type AgeLock = { readonly passphrase: Secret } | { readonly recipients: readonly string[] };
export type AgeKey = { readonly passphrase: Secret } | { readonly identities: readonly string[] };

/** As in the encrypted file of ours; the scrypt of the package is plain JavaScript, and takes seconds already. */
const SCRYPT_LOG_N = 17;

/** Encrypts in the age format (age-encryption.org/v1), in its text form, as `age -a` writes it. */
export async function encryptAge(text: string, lock: AgeLock): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if ('passphrase' in lock) {
    encrypter.setPassphrase(lock.passphrase.reveal());
    encrypter.setScryptWorkFactor(SCRYPT_LOG_N);
  } else {
    for (const recipient of lock.recipients) {
      try {
        encrypter.addRecipient(recipient);
      } catch {
        throw usageError('--recipient takes the public key of an age identity: age1…');
      }
    }
  }
  return armor.encode(await encrypter.encrypt(text));
}

/** Decrypts both forms. @throws CommandError for a file that is no age file, or that this does not open; nothing of it is told */
export async function decryptAge(file: Buffer, key: AgeKey): Promise<string> {
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  if ('passphrase' in key) decrypter.addPassphrase(key.passphrase.reveal());
  else {
    for (const identity of key.identities) {
      try {
        decrypter.addIdentity(identity);
      } catch {
        throw usageError('--identity takes a file of age identities: AGE-SECRET-KEY-1…');
      }
    }
  }
  try {
    const bytes = file.subarray(0, 5).toString('latin1') === '-----' ? armor.decode(file.toString('utf8')) : file;
    return await decrypter.decrypt(bytes, 'text');
  } catch {
    throw new CommandError('it is no age file, or is opened by another passphrase or identity');
  }
}
