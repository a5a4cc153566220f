import { ClavigerError } from '../../errors.js';
import { defineCommand } from '../command.js';
import { openConfig } from '../configuration.js';
import { shownName } from '../looks-like-value.js';
import { notStored, placeOf } from '../stored-credentials.js';

export const revoke = defineCommand({
  usage: ['claviger revoke <name>'],
  summary: 'mark a stored key as revoked: it is refused from now on',
  details: [
    'Only the store forgets it: the provider of the key has to revoke it as well. "claviger set" stores a new one.',
  ],
  examples: [['claviger revoke github', 'every use is refused until a new key is set']],
  options: { store: { type: 'string', value: 'NAME', help: "the store, instead of the provider's own" } },
  arguments: [1, 1],
  async run(context, { values, positionals: [name = ''] }) {
    const place = placeOf(await openConfig(context), name, values.store);
    const { store, storeName, secretName } = place;
    if (store.revoke === undefined) {
      const message = `store "${storeName}" (${store.kind}) can't mark a key as revoked: revoke it where it comes from`;
      throw new ClavigerError('ERR_STORE_READ_ONLY', message, { store: storeName });
    }
    if (!(await store.revoke(secretName))) {
      const names = (await store.list()).map((info) => info.name);
      throw notStored(shownName(name), names, name);
    }
    if (context.json) context.terminal.answerJson({ revoked: { name, store: storeName } });
    else context.terminal.note(`revoked ${name} in store "${storeName}"; tell its provider too`);
    return 0;
  },
});
