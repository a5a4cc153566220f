import { defineCommand } from '../command.js';
import { declined, usageError } from '../command-error.js';
import { editConfig, readTarget } from '../config-file.js';
import { openConfig } from '../configuration.js';
import { withoutProvider } from '../edit-jsonc.js';
import { shownName } from '../looks-like-value.js';
import { confirm } from '../prompt.js';
import { assertWritable } from '../store-secret.js';
import { notStored, placeOf } from '../stored-credentials.js';

export const rm = defineCommand({
  usage: ['claviger rm <name> [--definition] [--yes]'],
  summary: 'remove a stored key, all versions of it',
  details: [
    'The provider stays defined, so that "claviger set" can give it a new key; --definition takes it out of the config file too.',
    'Asks first. Without a terminal to ask on it needs --yes.',
  ],
  examples: [
    ['claviger rm github', 'remove the key'],
    ['claviger rm github --definition --yes', 'remove key and provider, without asking'],
  ],
  options: {
    definition: { type: 'boolean', help: 'remove the provider from the config file as well' },
    store: { type: 'string', value: 'NAME', help: "the store, instead of the provider's own" },
    yes: { type: 'boolean', short: 'y', help: 'do not ask' },
  },
  arguments: [1, 1],
  async run(context, { values, positionals: [name = ''] }) {
    const { terminal } = context;
    const loaded = await openConfig(context);
    const place = placeOf(loaded, name, values.store);
    const { storeName, secretName } = place;
    const infos = await place.store.list();
    const stored = infos.some((info) => info.name === secretName);
    const defined = values.definition && place.definition !== undefined;
    if (!defined) assertWritable(place);
    if (!stored && !defined) {
      const names = [...infos.map((info) => info.name), ...loaded.options.providers.map((provider) => provider.name)];
      throw notStored(shownName(name), names, name);
    }
    const parts = [`the key "${secretName}" from store "${storeName}"`, `the provider "${name}"`];
    const what = parts.filter((_, index) => [stored, defined][index]).join(' and ');
    if (!values.yes) {
      if (!terminal.interactive) throw usageError('no terminal to ask on: add --yes to remove it');
      if (!(await confirm(terminal, `Remove ${what}?`))) throw declined();
    }

    const removeSecret = async () => {
      if (stored) await place.store.delete?.(secretName);
    };
    if (defined && loaded.file !== undefined) {
      const target = await readTarget(context, loaded.file);
      await editConfig(context, target, (text) => withoutProvider(text, name), removeSecret);
    } else {
      await removeSecret();
    }
    if (context.json) terminal.answerJson({ removed: { name, secret: stored, definition: defined } });
    else terminal.note(`removed ${what}`);
    return 0;
  },
});
