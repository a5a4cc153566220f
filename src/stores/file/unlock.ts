import { randomBytes } from 'node:crypto';
import { createFileAtomic, sweepTemporaryFiles } from '../../internal/atomic-write.js';
import { Secret } from '../../secret.js';
import { decodeKey, decodeKeyText } from './key-text.js';
import { readPrivateFile } from './private-file.js';
import { generatedKeyPath, stretchPassphrase } from './protection.js';
import type { Protection, ProtectionKind } from './protection.js';
import { storeError, systemError } from './store-error.js';

/** What a store was given to open its container with: one of them, or nothing. */
export interface Unlocking {
  readonly masterKey?: Buffer | undefined;
  readonly keyFile?: string | undefined;
  readonly passphrase?: Secret | undefined;
  /** The keychain of the operating system holds the key. */
  readonly keychain?: boolean | undefined;
}

/** Read only when nothing is given. */
export interface OutsideUnlocking {
  /** `CLAVIGER_MASTER_FILE`: a key file. */
  readonly keyFile: string | undefined;
  /** `CLAVIGER_PHRASE_FILE`: a file with the passphrase, less one final newline. */
  readonly phraseFile: string | undefined;
  /** Where the keychain of this session is. */
  readonly env?: Record<string, string | undefined>;
}

const KINDS = ['master-key', 'key-file', 'generated', 'passphrase', 'keychain'] satisfies ProtectionKind[];

/** What a new container will be protected by. */
export function kindForNew(given: Unlocking, outside: OutsideUnlocking): ProtectionKind {
  if (given.masterKey) return 'master-key';
  if (given.keyFile) return 'key-file';
  if (given.passphrase) return 'passphrase';
  if (given.keychain) return 'keychain';
  if (outside.keyFile) return 'key-file';
  return outside.phraseFile ? 'passphrase' : 'generated';
}

/**
 * The key that wraps a container's data key. The container says what it must come from, and only that is tried.
 *
 * @throws {@link ClavigerError} `ERR_STORE_LOCKED` if that is not to be had.
 */
export async function masterKeyFor(
  path: string,
  { id, protection }: { id: string; protection: Protection },
  given: Unlocking,
  outside: OutsideUnlocking,
): Promise<Buffer> {
  const { kind } = protection;
  if (kind === 'passphrase') {
    return stretchPassphrase(path, await passphraseFor(path, given, outside), protection);
  }
  if (!(KINDS as readonly string[]).includes(kind)) {
    throw locked(path, `it is protected by ${JSON.stringify(kind)}, which this version can't open`);
  }
  if (kind === 'keychain') return keyFromKeychain(path, id, given, outside);
  if (given.passphrase) throw locked(path, `it is not protected by a passphrase but by a ${wordFor(kind)}`);
  if (given.keychain) throw locked(path, `its key is not in the keychain: it is protected by a ${wordFor(kind)}`);
  if (given.masterKey) return given.masterKey;
  if (given.keyFile) return readKeyFile(path, given.keyFile);
  if (kind === 'generated') return readKeyFile(path, generatedKeyPath(path));
  if (outside.keyFile) return readKeyFile(path, outside.keyFile);
  throw locked(path, `it is protected by a ${wordFor(kind)}: give it, or name the file in CLAVIGER_MASTER_FILE`);
}

/** Makes the key file of a new container, or takes the one that a writer left who died before the container stood. */
export async function createGeneratedKey(path: string): Promise<Buffer> {
  const keyPath = generatedKeyPath(path);
  await sweepTemporaryFiles(keyPath);
  try {
    await createFileAtomic(keyPath, `${randomBytes(32).toString('base64')}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw systemError(path, `create ${keyPath}`, error);
  }
  return readKeyFile(path, keyPath);
}

/** Makes the key of a new container in the keychain. */
export async function createKeychainKey(path: string, id: string, outside: OutsideUnlocking): Promise<Buffer> {
  const { createMasterKey } = await import('../keychain/master-key.js');
  return decodedKey(path, await createMasterKey(outside.env ?? process.env, id));
}

async function keyFromKeychain(path: string, id: string, given: Unlocking, outside: OutsideUnlocking): Promise<Buffer> {
  if (given.masterKey || given.keyFile || given.passphrase) {
    throw locked(path, 'its key is in the keychain of the operating system: give no other');
  }
  const { readMasterKey } = await import('../keychain/master-key.js');
  const text = await readMasterKey(outside.env ?? process.env, id);
  if (text === undefined) throw locked(path, 'the keychain of this user and machine has no key for it');
  return decodedKey(path, text);
}

function decodedKey(path: string, text: string): Buffer {
  const key = decodeKeyText(text);
  if (key) return key;
  throw locked(path, 'what the keychain holds for it is no key');
}

async function passphraseFor(path: string, given: Unlocking, outside: OutsideUnlocking): Promise<Secret> {
  if (given.passphrase) return given.passphrase;
  if (given.masterKey || given.keyFile || given.keychain) {
    throw locked(path, 'it is protected by a passphrase, not by a key');
  }
  if (!outside.phraseFile) {
    throw locked(
      path,
      'it is protected by a passphrase: give it, or name a file that holds it in CLAVIGER_PHRASE_FILE',
    );
  }
  const text = (await readUnlockFile(path, outside.phraseFile)).toString('utf8').replace(/\r?\n$/, '');
  try {
    return Secret.from(text);
  } catch (error) {
    throw storeError('ERR_STORE_LOCKED', path, `${outside.phraseFile} must hold the passphrase on one line`, error);
  }
}

async function readKeyFile(path: string, keyFile: string): Promise<Buffer> {
  const key = decodeKey(await readUnlockFile(path, keyFile));
  if (key) return key;
  throw locked(path, `the key file ${keyFile} must hold 32 bytes: raw, base64 or hex`);
}

async function readUnlockFile(path: string, file: string): Promise<Buffer> {
  try {
    return (await readPrivateFile(path, file, { followLinks: true })).bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw locked(path, `${file}, which opens it, is not there`);
    throw systemError(path, `read ${file}`, error);
  }
}

function locked(path: string, what: string) {
  return storeError('ERR_STORE_LOCKED', path, what);
}

function wordFor(kind: 'master-key' | 'key-file' | 'generated'): string {
  return { 'master-key': 'master key', 'key-file': 'key file', generated: 'generated key file' }[kind];
}
