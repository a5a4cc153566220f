import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Secret } from '../../index.js';
import { decryptAge, type AgeKey } from '../age.js';
import { defineCommand } from '../command.js';
import { CommandError } from '../command-error.js';
import { openConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { readValue } from '../read-value.js';
import { assertWritable, storeSecret } from '../store-secret.js';
import { placeOf } from '../stored-credentials.js';
import type { ExportedSecret } from './export.js';

export const importSecrets = defineCommand({
  usage: ['claviger import <file> [--identity FILE] [--replace]'],
  summary: 'store the keys of a file that "claviger export" wrote',
  details: [
    'Asks for the passphrase of the file, or takes it from stdin; --identity names a file of age identities instead. It is never decrypted onto the disk.',
    'A key that is stored already is left as it is unless --replace is given.',
  ],
  examples: [
    ['claviger import keys.age', 'asks for its passphrase'],
    ['claviger import keys.age --identity key.txt --replace', 'with an age identity; what is there gets a new version'],
  ],
  options: {
    identity: { type: 'string', short: 'i', value: 'FILE', help: 'a file of age identities, as age-keygen writes it' },
    replace: { type: 'boolean', help: 'store a new version where the name is stored already' },
    store: { type: 'string', value: 'NAME', help: 'the store; default "default"' },
  },
  arguments: [1, 1],
  async run(context, { values: { identity, replace, store: storeName }, positionals: [path = ''] }) {
    const { terminal } = context;
    const file = await read(context, path);
    const key: AgeKey =
      identity === undefined
        ? { passphrase: await readValue(terminal, 'the passphrase of the file') }
        : { identities: identitiesIn((await read(context, identity)).toString('utf8')) };
    const secrets = secretsIn(await decryptAge(file, key));
    const loaded = await openConfig(context);
    const place = placeOf(loaded, 'import', storeName ?? 'default');
    assertWritable(place);
    const there = new Set((await place.store.list()).map(({ name }) => name));
    const wanted = secrets.filter(({ name }) => replace || !there.has(name));
    for (const { name, value, username, expiresAt, destinations } of wanted) {
      await storeSecret(context, { ...place, secretName: name }, Secret.from(value), {
        ...(username !== undefined && { username }),
        ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
        ...(destinations !== undefined && { destinations: [...destinations] }),
      });
    }
    terminal.note(`imported ${wanted.length} of ${secrets.length} keys into store "${place.storeName}"`);
    if (wanted.length < secrets.length) terminal.note('the others are stored already: --replace stores a new version');
    return 0;
  },
});

async function read({ cwd }: Context, path: string): Promise<Buffer> {
  try {
    return await readFile(resolve(cwd, path));
  } catch (error) {
    throw new CommandError(`can't read the file (${String((error as NodeJS.ErrnoException).code)})`);
  }
}

function identitiesIn(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
}

/** Nothing of the content is in any message. */
function secretsIn(text: string): ExportedSecret[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  const { claviger, secrets } = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<
    string,
    unknown
  >;
  const isOptional = (value: unknown) => value === undefined || typeof value === 'string';
  const isSecret = (one: unknown): one is ExportedSecret => {
    if (typeof one !== 'object' || one === null) return false;
    const { name, value, username, expiresAt, destinations } = one as Record<string, unknown>;
    const isList = Array.isArray(destinations) && destinations.every((each) => typeof each === 'string');
    return (
      typeof name === 'string' &&
      typeof value === 'string' &&
      isOptional(username) &&
      isOptional(expiresAt) &&
      (expiresAt === undefined || Number.isFinite(Date.parse(expiresAt))) &&
      (destinations === undefined || isList)
    );
  };
  if (claviger === 1 && Array.isArray(secrets) && secrets.every(isSecret)) return secrets;
  throw new CommandError('the file was opened, but holds no export of claviger');
}
