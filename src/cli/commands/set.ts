import { createRegistry, type LoadedConfig } from '../../index.js';
import { didYouMean } from '../../internal/near-names.js';
import { checkKey } from '../check-key.js';
import { defineCommand, noValues } from '../command.js';
import { openConfig } from '../configuration.js';
import { parseExpiry } from '../expiry.js';
import { assertName } from '../looks-like-value.js';
import { readValue } from '../read-value.js';
import { assertWritable, storeSecret } from '../store-secret.js';
import { placeOf, type Place } from '../stored-credentials.js';

export const set = defineCommand({
  usage: ['claviger set <name> [--expires DATE] [--username NAME]'],
  summary: 'store a new version of a key',
  details: [
    'Asks for the key without showing it, or takes it from stdin, less one final newline.',
    'Where the key may be sent stays as it was; a key that is stored for the first time is bound to the destinations of its provider.',
  ],
  examples: [
    ['claviger set github', 'asks for the key'],
    ['op read op://dev/github/token | claviger set github', 'takes it from another program'],
    ['claviger set github --expires 2027-01-01', 'refused from that day on'],
  ],
  options: {
    expires: { type: 'string', value: 'DATE', help: 'when the key stops to be valid: 2027-01-01' },
    username: { type: 'string', value: 'NAME', help: 'the user name that goes with it, for Basic' },
    destination: {
      type: 'string',
      multiple: true,
      value: 'DEST',
      help: 'bind it to this destination; may stand several times',
    },
    store: { type: 'string', value: 'NAME', help: "the store, instead of the provider's own" },
  },
  arguments: [1, 1],
  tooMany: noValues,
  async run(context, { values, positionals: [name = ''] }) {
    const { terminal } = context;
    assertName(name);
    const expiresAt = parseExpiry(values.expires);
    const loaded = await openConfig(context);
    const place = placeOf(loaded, name, values.store);
    assertWritable(place);
    const before = (await place.store.list()).find((info) => info.name === place.secretName);
    const wanted = destinationsFor(loaded, place, values.destination);
    const kept = values.destination.length > 0 ? undefined : before?.destinations;
    const destinations = kept ?? wanted;
    if (place.definition === undefined && before === undefined) {
      const names = loaded.options.providers.map((provider) => provider.name);
      terminal.note(
        `note: no provider is named "${name}"${didYouMean(name, names)}; the key is stored under that name`,
      );
    }

    if (kept !== undefined && wanted !== undefined && kept.join() !== wanted.join()) {
      terminal.note(`note: the key stays bound to ${kept.join(', ')}; --destination binds it anew`);
    }
    const secret = await readValue(terminal, `the key of ${name}`);
    const warning = await checkKey(secret, place.definition);
    if (warning !== undefined) terminal.note(`warning: ${warning}`);
    const username = values.username ?? before?.username;
    const info = await storeSecret(context, place, secret, {
      ...(expiresAt !== undefined && { expiresAt }),
      ...(username !== undefined && { username }),
      ...(destinations !== undefined && { destinations }),
    });
    const { fingerprint, version } = info;
    if (context.json) terminal.answerJson({ stored: { name, store: place.storeName, fingerprint, version } });
    else terminal.note(`stored ${name} in store "${place.storeName}": ${fingerprint}`);
    return 0;
  },
});

/** The destinations that were given, else those of the provider; checked. */
function destinationsFor(
  { options }: LoadedConfig,
  { name, definition }: Place,
  given: readonly string[],
): string[] | undefined {
  const registry = createRegistry(
    given.length === 0 ? options : { providers: [{ name: 'given', destinations: [...given] }], stores: options.stores },
  );
  const wanted = given.length === 0 ? definition && name : 'given';
  const found = registry.providers().find((provider) => provider.name === wanted)?.destinations;
  return found === undefined || found.length === 0 ? undefined : [...found];
}
