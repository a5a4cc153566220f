import { resolve } from 'node:path';
import { createFileAtomic } from '../../internal/atomic-write.js';
import { noteUnenforced, openAccess } from '../access-rules.js';
import { CommandError, fileError, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { parseExpiry } from '../expiry.js';
import { assertName } from '../looks-like-value.js';

export const accessIssue = defineCommand({
  usage: ['claviger access issue <app> --product NAME… [--out FILE]'],
  summary: 'make a consumer key for an app; it is shown this once',
  details: [
    'Only hashes of the key and its secret are kept. With --out the key goes into a new private file, ready for ' +
      '--consumer-file and CLAVIGER_CONSUMER_FILE, and is not shown; its secret, with which access tokens are made, is.',
    'To rotate a key, issue a second one, hand it over, and revoke the first.',
  ],
  examples: [
    ['claviger access issue report-agent --product read-users', 'a key for one product'],
    [
      'claviger access issue report-agent --product read-users --expires 2027-01-01 --out agent.consumer',
      'into a file',
    ],
  ],
  options: {
    product: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      help: 'a product that it is for; in the order they are tried',
    },
    expires: { type: 'string', value: 'DATE', help: 'the moment from which it is refused' },
    out: { type: 'string', value: 'FILE', help: 'write the key into this new file' },
  },
  arguments: [1, 1],
  async run(context, { values, positionals: [app = ''] }) {
    const { terminal, json, cwd } = context;
    if (values.product.length === 0) throw usageError('say what it is for: --product NAME');
    for (const name of [app, ...values.product]) assertName(name);
    const expiresAt = parseExpiry(values.expires);
    const { access, isEnforced } = await openAccess(context);
    const path = values.out === undefined ? undefined : resolve(cwd, values.out);
    const issued = await access.issueKey({
      app,
      products: [...values.product],
      ...(expiresAt !== undefined && { expiresAt }),
    });
    const { id, consumerKey, consumerSecret } = issued;
    if (path !== undefined) {
      await createFileAtomic(path, `${consumerKey}\n`).catch(async (error: unknown) => {
        await access.setStatus({ key: id }, 'revoked'); // nobody has it
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
          throw new CommandError(`${path} is there already: the new key ${id} was revoked at once`, { code: 'EEXIST' });
        }
        throw fileError('write', path, error);
      });
    }
    const described = (await access.describe()).keys.find((key) => key.id === id);
    const pending = (described?.products ?? []).filter(({ status }) => status === 'pending').map(({ name }) => name);
    if (json) {
      const shown = path === undefined ? { consumerKey } : { file: path };
      terminal.answerJson({ issued: { id, app, ...shown, consumerSecret, pending } });
    } else {
      terminal.answer(`id:              ${id}`);
      terminal.answer(path === undefined ? `consumer key:    ${consumerKey}` : `consumer file:   ${path}`);
      terminal.answer(`consumer secret: ${consumerSecret}`);
      terminal.note('note: nobody can be shown these again');
    }
    for (const name of pending) terminal.note(`note: it waits for "claviger access approve ${id} --product ${name}"`);
    if (!json) noteUnenforced(context, isEnforced);
    return 0;
  },
});
