import { discoverConfig, type ProviderDefinition, type StoredSecretInfo } from '../../index.js';
import type { CatalogEntry } from '../../catalog/index.js';
import { checkKey } from '../check-key.js';
import { CommandError, usageError } from '../command-error.js';
import { defineCommand, noValues } from '../command.js';
import { editConfig, preview, readTarget } from '../config-file.js';
import { targetConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { hasProvider, withProvider } from '../edit-jsonc.js';
import { parseExpiry } from '../expiry.js';
import { assertName } from '../looks-like-value.js';
import { ask } from '../prompt.js';
import { checkedFill, definitionOf, entryFor, pairsOf, providerFlags, type ProviderFlags } from '../provider-flags.js';
import { readValue } from '../read-value.js';
import { storeSecret } from '../store-secret.js';
import { placeOf } from '../stored-credentials.js';

export const add = defineCommand({
  usage: ['claviger add <provider> [name]', 'claviger add <name> --base-url URL [--header NAME | --query NAME | …]'],
  summary: 'define a provider and store its key',
  details: [
    'A provider of the catalog (claviger providers) needs no more than its name. Any other is described with options.',
    'Asks for the key without showing it, or takes it from stdin, less one final newline. The key is stored together with its ' +
      'destinations: no config file can send it elsewhere.',
    "Writes the user's config file, or the project's with --project; comments and order stay.",
  ],
  examples: [
    ['claviger add github', 'from the catalog'],
    ['claviger add github github-work', 'a second one, under its own name'],
    ['claviger add jira --set site=acme --username me@acme.com', 'a catalog entry that depends on the account'],
    ['claviger add weather --base-url https://api.weather.test/v1 --query key', 'an API of your own'],
    ['pass show github | claviger add github', 'the key from another program'],
  ],
  options: {
    ...providerFlags,
    username: { type: 'string', value: 'NAME', help: 'the user name that goes with the key, for Basic' },
    expires: { type: 'string', value: 'DATE', help: 'when the key stops to be valid: 2027-01-01' },
    project: { type: 'boolean', help: "write the project's config file" },
    force: { type: 'boolean', help: 'replace a provider or a key of that name' },
    'no-value': { type: 'boolean', help: 'define the provider only; its key is there already' },
  },
  arguments: [1, 2],
  tooMany: noValues,
  async run(context, { values, positionals: [word = '', name = word] }) {
    assertName(name);
    if (!/^[a-z0-9][a-z0-9._:-]{0,62}$/.test(name)) {
      throw usageError(
        'a name is made of lower-case letters, digits, and ". _ : -", and begins with a letter or digit',
      );
    }
    const expiresAt = parseExpiry(values.expires);
    const entry = entryFor(word, values);
    const definition = definitionOf(name, entry, values, await fillIn(context, entry, values));
    const username = values.username ?? (await missingUsername(context, entry, definition));
    const metadata = { ...(expiresAt !== undefined && { expiresAt }), ...(username !== undefined && { username }) };
    const stored = await define(context, definition, { ...values, metadata });
    report(context, definition, stored);
    return 0;
  },
});

interface DefineOptions {
  readonly project: boolean;
  readonly force: boolean;
  readonly 'no-value': boolean;
  readonly metadata: { expiresAt?: Date; username?: string };
}

interface Added {
  readonly path: string;
  readonly storeName: string;
  readonly info: StoredSecretInfo | undefined;
  readonly destinations: readonly string[];
}

/** Checks everything, then asks for the key, then stores it and writes the config file as one step. */
async function define(context: Context, definition: ProviderDefinition, options: DefineOptions): Promise<Added> {
  const { name } = definition;
  const { terminal } = context;
  const target = await readTarget(context, targetConfig(context, options.project));
  const change = async (text: string) => {
    if (options.force || !(await hasProvider(text, name))) return withProvider(text, definition);
    throw new CommandError(`a provider named "${name}" is in ${target.path} already: --force replaces it`);
  };
  const { loaded, registry } = await preview(context, target, change);
  const place = placeOf(loaded, name);
  const described = registry.providers().find((provider) => provider.name === name);
  const destinations = described?.destinations ?? [];
  const added = { path: target.path, storeName: place.storeName, destinations };
  if (place.store.set === undefined || options['no-value']) {
    if (place.store.set === undefined)
      terminal.note(`note: store "${place.storeName}" can't be written: the key is read from it as it is`);
    await editConfig(context, target, change);
    return { ...added, info: undefined };
  }
  const exists = (await place.store.list()).some((info) => info.name === place.secretName);
  if (exists && !options.force) {
    throw new CommandError(
      `a key named "${place.secretName}" is in store "${place.storeName}" already: --no-value keeps it, --force replaces it`,
    );
  }
  const secret = await readValue(terminal, `the key of ${name}`);
  const warning = await checkKey(secret, definition);
  if (warning !== undefined) terminal.note(`warning: ${warning}`);
  const metadata = { ...options.metadata, ...(destinations.length > 0 && { destinations: [...destinations] }) };
  let info: StoredSecretInfo | undefined;
  await editConfig(context, target, change, async () => {
    info = await storeSecret(context, place, secret, metadata);
  });
  return { ...added, info };
}

/** The names in braces of an entry, from `--set` or asked for. They are never widened to a wildcard. */
async function fillIn(
  context: Context,
  entry: CatalogEntry | undefined,
  values: ProviderFlags,
): Promise<Record<string, string>> {
  const filled = pairsOf(values, entry);
  if (values['base-url'] !== undefined && entry?.headers === undefined) return filled;
  for (const [name, meaning] of Object.entries(entry?.fill ?? {})) {
    if (Object.hasOwn(filled, name)) continue;
    if (!context.terminal.interactive) throw usageError(`${entry?.title ?? ''} needs --set ${name}=…: ${meaning}`);
    filled[name] = checkedFill(entry, name, await ask(context.terminal, `${name}, ${meaning}: `));
  }
  return filled;
}

async function missingUsername(
  { terminal }: Context,
  entry: CatalogEntry | undefined,
  { placement }: ProviderDefinition,
): Promise<string | undefined> {
  if (entry?.username === undefined || placement !== undefined) return undefined;
  if (!terminal.interactive) throw usageError(`${entry.title} needs --username: ${entry.username}`);
  const username = await ask(terminal, `User name, ${entry.username}: `);
  if (username === '') throw usageError('nothing was entered: nothing was changed');
  return username;
}

function report(context: Context, { name }: ProviderDefinition, { path, storeName, info, destinations }: Added): void {
  const { terminal, json, env, cwd, configFile } = context;
  if (json) {
    const secret = info && { store: storeName, fingerprint: info.fingerprint, version: info.version };
    terminal.answerJson({ added: { name, config: path, destinations, secret } });
  } else {
    terminal.note(`added ${name} to ${path}`);
    if (info !== undefined) terminal.note(`stored its key in store "${storeName}": ${info.fingerprint}`);
    terminal.note(destinations.length > 0 ? `it goes to ${destinations.join(', ')}` : 'it goes to no HTTP destination');
  }
  const used = discoverConfig({ configFile, cwd, env });
  if (used?.found === 'project' && used.path !== path) {
    terminal.note(`note: in this folder ${used.path} is used instead: --project adds it there`);
  }
}
