import { createFileAtomic } from '../../internal/atomic-write.js';
import { resolve } from 'node:path';
import { encryptAge } from '../age.js';
import { defineCommand } from '../command.js';
import { CommandError } from '../command-error.js';
import { openConfig } from '../configuration.js';
import { readNewPassphrase } from '../read-value.js';
import { placeOf } from '../stored-credentials.js';

/** What an export holds of one secret. */
export interface ExportedSecret {
  readonly name: string;
  readonly value: string;
  readonly username?: string;
  readonly expiresAt?: string;
  readonly destinations?: readonly string[];
}

export const exportSecrets = defineCommand({
  usage: ['claviger export [--recipient AGE1…]… [--output FILE]'],
  summary: 'write all stored keys into one encrypted file, for backup or to move',
  details: [
    'The file is in the age format: under a passphrase that is asked for (or taken from stdin), or for the owners of the given age recipients. The age command opens it as well. It is never written unencrypted.',
    'Keys that are revoked stay behind.',
  ],
  examples: [
    ['claviger export --output keys.age', 'asks for a passphrase'],
    ['claviger export --recipient age1… > keys.age', 'for whoever holds that identity'],
  ],
  options: {
    recipient: { type: 'string', multiple: true, value: 'AGE1…', help: 'who may open it; may stand several times' },
    output: { type: 'string', short: 'o', value: 'FILE', help: 'a new file, readable by you alone; default stdout' },
    store: { type: 'string', value: 'NAME', help: 'the store; default "default"' },
  },
  async run(context, { values: { recipient, output, store: storeName } }) {
    const { terminal } = context;
    const { store } = placeOf(await openConfig(context), 'export', storeName ?? 'default');
    const secrets: ExportedSecret[] = [];
    for (const { name, state } of await store.list()) {
      const found = state === 'revoked' ? undefined : await store.get(name);
      if (found === undefined) continue;
      const { secret, username, expiresAt, destinations } = found;
      secrets.push({
        name,
        value: secret.reveal(),
        ...(username !== undefined && { username }),
        ...(expiresAt !== undefined && { expiresAt: expiresAt.toISOString() }),
        ...(destinations !== undefined && { destinations }),
      });
    }
    if (secrets.length === 0) throw new CommandError('nothing is stored that could be exported');
    const lock = recipient.length > 0 ? { recipients: recipient } : { passphrase: await readNewPassphrase(terminal) };
    const file = await encryptAge(JSON.stringify({ claviger: 1, secrets }), lock);
    if (output === undefined) terminal.streams.stdout.write(file.endsWith('\n') ? file : `${file}\n`);
    else await writeNew(resolve(context.cwd, output), file);
    terminal.note(`exported ${secrets.length} ${secrets.length === 1 ? 'key' : 'keys'}`);
    return 0;
  },
});

async function writeNew(path: string, content: string): Promise<void> {
  try {
    await createFileAtomic(path, content.endsWith('\n') ? content : `${content}\n`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(
      code === 'EEXIST' ? `${path} is there already: give another name` : `can't write ${path} (${String(code)})`,
    );
  }
}
