import type { Access, StatusTarget } from '../../access/index.js';
import { didYouMean } from '../../internal/near-names.js';
import { notThere, openAccess } from '../access-rules.js';
import { usageError } from '../command-error.js';
import { defineCommand, type Command, type OptionValues } from '../command.js';
import { shownName } from '../looks-like-value.js';

const options = {
  product: { type: 'string', value: 'NAME', help: 'the key for this product only' },
  app: { type: 'string', value: 'NAME', help: 'an app instead of a key' },
  developer: { type: 'string', value: 'NAME', help: 'a developer, with all their apps' },
} as const;

export const accessApprove = statusCommand('approve', 'approved', {
  summary: 'approve a consumer key, a key for a product, an app or a developer',
  details: ['Every process that shares the state sees it: at once in Redis, within a second in the file.'],
});

export const accessRevoke = statusCommand('revoke', 'revoked', {
  summary: 'revoke a consumer key, a key for a product, an app or a developer',
  details: [
    'Everything is refused from then on, access tokens that were made before too. Every process that shares the state sees it: ' +
      'at once in Redis, within a second in the file. "claviger access approve" undoes it.',
  ],
});

function statusCommand(
  verb: 'approve' | 'revoke',
  status: 'approved' | 'revoked',
  { summary, details }: { summary: string; details: readonly string[] },
): Command {
  return defineCommand({
    usage: [
      `claviger access ${verb} <key id> [--product NAME]`,
      `claviger access ${verb} --app NAME | --developer NAME`,
    ],
    summary,
    details,
    examples: [
      [`claviger access ${verb} key-0123456789abcdef`, 'one key; its id is in "claviger access ls"'],
      [`claviger access ${verb} key-0123456789abcdef --product read-users`, 'that key for one product'],
      [`claviger access ${verb} --app report-agent`, 'an app, with all its keys'],
    ],
    options,
    arguments: [0, 1],
    tooMany: 'one key id at a time',
    async run(context, { values, positionals: [id] }) {
      const { terminal, json } = context;
      const target = targetOf(id, values);
      const { access } = await openAccess(context);
      await assertThere(access, target);
      const wanted = 'developer' in target ? (status === 'approved' ? 'active' : 'inactive') : status;
      await access.setStatus(target, wanted);
      if (json) terminal.answerJson({ target, status: wanted });
      else terminal.note(`${Object.values(target).join(' for ')} is ${wanted}`);
      return 0;
    },
  });
}

function targetOf(id: string | undefined, { product, app, developer }: OptionValues<typeof options>): StatusTarget {
  if ([id, app, developer].filter((given) => given !== undefined).length !== 1) {
    throw usageError('name one: a key id, --app NAME or --developer NAME');
  }
  if (product !== undefined && id === undefined) throw usageError('--product goes with a key id');
  if (app !== undefined) return { app };
  if (developer !== undefined) return { developer };
  return { key: id ?? '', ...(product !== undefined && { product }) };
}

async function assertThere(access: Access, target: StatusTarget): Promise<void> {
  const { apps, developers, keys } = await access.describe();
  const [name, names] =
    'app' in target
      ? [target.app, apps.map((app) => app.name)]
      : 'developer' in target
        ? [target.developer, developers.map((developer) => developer.name)]
        : [target.key, keys.map((key) => key.id)];
  if (!names.includes(name)) throw notThere(shownName(name), didYouMean(name, names));
}
