import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createFileAtomic, writeFileAtomic } from '../../internal/atomic-write.js';
import { CommandError, fileError, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { editConfig, preview, readTarget, type TargetConfig } from '../config-file.js';
import { targetConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { withStore } from '../edit-jsonc.js';
import { confirm } from '../prompt.js';
import { configSchemaText } from './config-schema.js';
import { readNewPassphrase } from '../read-value.js';
import { isOwnContainer, type OwnContainer } from '../store-secret.js';
import type { Terminal } from '../terminal.js';

/** A keychain that takes longer is none to rely on. */
const KEYCHAIN_MS = 2000;

export const init = defineCommand({
  usage: ['claviger init [--keychain | --passphrase | --key-file FILE]'],
  summary: 'make the encrypted store and a config file of your own',
  details: [
    'What is there already stays as it is. Without an option you are asked whether the keychain of your session is to hold the key, if there is one and a terminal to ask on; else the store is encrypted under a generated key that rests beside it.',
    'A store under a passphrase asks for it; where nobody can be asked, CLAVIGER_PHRASE_FILE names a file that holds it.',
  ],
  examples: [
    ['claviger init', 'the best that works here'],
    ['claviger init --keychain', 'the key is in the keychain of the operating system'],
    ['claviger init --passphrase', 'asks for a passphrase, without showing it'],
    ['claviger init --key-file /media/stick/claviger.key', 'a key file kept elsewhere, made if it is not there'],
  ],
  options: {
    keychain: { type: 'boolean', help: 'encrypt under a key in the keychain of the operating system' },
    passphrase: { type: 'boolean', help: 'encrypt under a passphrase' },
    'key-file': { type: 'string', value: 'FILE', help: 'encrypt under the 32 bytes in this file' },
  },
  async run(context, { values: { keychain, passphrase, 'key-file': file } }) {
    if ([keychain, passphrase, file !== undefined].filter(Boolean).length > 1) {
      throw usageError('--keychain, --passphrase and --key-file exclude each other');
    }
    const keyFile = file === undefined ? undefined : resolve(context.cwd, file);
    const target = await readTarget(context, targetConfig(context, false));
    const isNew = target.text === undefined;
    const change = async (text: string) => {
      const start = isNew ? withSchema(text) : text;
      return keyFile === undefined ? start : withKeyFile(start, keyFile, target.path);
    };
    const { loaded, text } = await preview(context, target, change);
    const { default: store } = loaded.options.stores;
    if (store === undefined || !isOwnContainer(store)) {
      throw new CommandError(
        `the default store of ${target.path} is of kind ${store?.kind ?? 'none'}: nothing is to be made`,
      );
    }
    const asked = passphrase ? 'passphrase' : keychain ? 'keychain' : keyFile === undefined ? undefined : 'key-file';
    const created = (await store.exists())
      ? await assertAsAsked(store, asked)
      : await create(context, store, { keychain, passphrase, keyFile });
    if (text !== target.text) await editConfig(context, target, change);
    if (isNew) await writeSchema(target.path);
    await report(context, target, store, created);
    return 0;
  },
});

/** The schema rests beside the file, where an editor finds it without a network. */
const SCHEMA_NAME = 'claviger.config.schema.json';

function withSchema(text: string): string {
  return text.replace('{\n', `{\n  "$schema": "./${SCHEMA_NAME}",\n`);
}

async function writeSchema(configPath: string): Promise<void> {
  const path = join(dirname(configPath), SCHEMA_NAME);
  try {
    await writeFileAtomic(path, configSchemaText(), { mode: 0o644 });
  } catch (error) {
    throw fileError('write', path, error);
  }
}

async function withKeyFile(text: string, keyFile: string, path: string): Promise<string> {
  const changed = await withStore(text, 'default', { kind: 'file', keyFile });
  if (changed !== undefined) return changed;
  throw new CommandError(`${path} says already what the default store is: change it there`);
}

/** @throws CommandError when the store that is there is protected by something else than was asked for */
async function assertAsAsked(store: OwnContainer, asked: string | undefined): Promise<false> {
  const { kind, text } = await store.protection();
  if (asked === undefined || asked === kind) return false;
  throw new CommandError(`the store is there already and was not changed: ${text}`);
}

async function create(
  { terminal, env }: Context,
  store: OwnContainer,
  { keychain, passphrase, keyFile }: { keychain: boolean; passphrase: boolean; keyFile: string | undefined },
): Promise<boolean> {
  if (passphrase) return store.create({ passphrase: await readNewPassphrase(terminal) });
  if (keychain) return store.create({ keychain: true });
  const { kind } = await store.protection();
  if (kind === 'generated' && terminal.interactive && (await wantsKeychain(terminal, env))) {
    return store.create({ keychain: true });
  }
  if (keyFile !== undefined && !existsSync(keyFile)) await createKeyFile(keyFile);
  return store.create();
}

/** The best choice that works here is offered, not taken: the keychain is somebody else's to unlock. */
async function wantsKeychain(terminal: Terminal, env: NodeJS.ProcessEnv): Promise<boolean> {
  const { keychainStore } = await import('../../stores/keychain.js');
  const keychain = keychainStore({ env, timeoutMs: KEYCHAIN_MS });
  try {
    await keychain.check();
  } catch {
    return false;
  } finally {
    await keychain.close();
  }
  terminal.note(
    'the keychain of your session works. A key in it protects a copy of the store and a stolen disk, and not',
  );
  terminal.note('against programs that run as you; a key file beside the store does not protect a stolen disk');
  return confirm(terminal, 'Keep the key in the keychain?');
}

async function createKeyFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await createFileAtomic(path, `${randomBytes(32).toString('base64')}\n`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileError('create', path, error);
  }
}

async function report(
  { terminal, json }: Context,
  target: TargetConfig,
  store: OwnContainer,
  created: boolean,
): Promise<void> {
  const { kind, text } = await store.protection();
  if (json) {
    terminal.answerJson({ store: { created, protection: kind, description: text }, config: target.path });
    return;
  }
  terminal.note(created ? 'made the encrypted store' : 'the encrypted store is there already');
  terminal.note(text);
  terminal.note(`config file: ${target.path}`);
  if (created) terminal.note('next: claviger add <provider>   (claviger providers lists well-known ones)');
}
