import { existsSync } from 'node:fs';
import type { Secret } from '../secret.js';
import type { FileStore, FileStoreOptions } from './file.js';
import { watchLater } from './lazy.js';

/** The file store but for what needs the file opened to be told. */
export type EmbeddedStore = Pick<
  FileStore,
  'kind' | 'get' | 'list' | 'set' | 'delete' | 'revoke' | 'watch' | 'protection' | 'close'
> & {
  exists(): Promise<boolean>;
  /** Makes the container; false if there is one. */
  create(protection?: { passphrase: Secret } | { keychain: true }): Promise<boolean>;
};

/** Asks a person for the passphrase of the store at `path`; undefined where nobody can be asked. */
export type AskPassphrase = (path: string) => Promise<Secret | undefined>;

/**
 * The encrypted file in the user's data directory, opened at its first use: whoever never needs it never loads it.
 *
 * @param askPassphrase Asked once, for a container that a passphrase protects which nothing else gives.
 */
export function embeddedStore(options: FileStoreOptions = {}, askPassphrase?: AskPassphrase): EmbeddedStore {
  let opened: Promise<FileStore> | undefined;
  const open = () => {
    opened ??= import('./file.js').then(({ fileStore }) => fileStore(options));
    return opened;
  };
  let unlocked: Promise<FileStore> | undefined;
  const unlock = () => {
    unlocked ??=
      askPassphrase === undefined ? open() : open().then((store) => withPassphrase(store, options, askPassphrase));
    return unlocked;
  };
  return {
    kind: 'file',
    get: async (name, getOptions) => (await unlock()).get(name, getOptions),
    list: async () => (await unlock()).list(),
    set: async (name, secret, metadata) => (await unlock()).set(name, secret, metadata),
    delete: async (name) => (await unlock()).delete(name),
    revoke: async (name) => (await unlock()).revoke(name),
    watch: (onChange) => watchLater(unlock, onChange),
    exists: async () => existsSync((await open()).path),
    create: async (protection) => {
      if (protection === undefined) return (await unlock()).create();
      const { fileStore } = await import('./file.js');
      return fileStore({ ...options, ...protection }).create();
    },
    protection: async () => (await open()).protection(),
    close: async () => {
      for (const store of [opened, unlocked]) await (await store)?.close();
    },
  };
}

async function withPassphrase(store: FileStore, options: FileStoreOptions, ask: AskPassphrase): Promise<FileStore> {
  const given = [options.passphrase, options.keyFile, options.masterKey, options.keychain].some(
    (option) => option !== undefined,
  );
  const { CLAVIGER_PHRASE_FILE: phraseFile } = options.env ?? process.env;
  if (given || phraseFile || (await store.protection()).kind !== 'passphrase') return store;
  const passphrase = await ask(store.path);
  if (passphrase === undefined) return store;
  const { fileStore } = await import('./file.js');
  return fileStore({ ...options, passphrase });
}
