import { consumerOption, openAccess } from '../access-rules.js';
import { exitCodes, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { readConsumer } from '../consumer-input.js';

export const accessVerify = defineCommand({
  usage: ['claviger access verify --provider NAME [--method METHOD] [--path PATH]'],
  summary: 'tell whether a consumer key or access token may use a provider there',
  details: [
    'The key or token comes from the consumer file, a hidden prompt or stdin. It takes nothing from a quota. Without --path the ' +
      'question is whether the credential may be handed over whole, as into a variable. Exit code 6 when refused.',
  ],
  examples: [
    ['claviger access verify --provider users-api --method GET --path /v1/users', 'asks for the key'],
    ['claviger access verify --provider users-api --consumer-file agent.consumer --json', 'for programs'],
  ],
  options: {
    ...consumerOption,
    provider: { type: 'string', value: 'NAME', help: 'the credential provider' },
    method: { type: 'string', value: 'METHOD', help: 'the method of the request' },
    path: { type: 'string', value: 'PATH', help: 'its path, without the query' },
    scope: { type: 'string', value: 'SCOPES', help: 'scopes that an access token must have' },
  },
  async run(context, { values }) {
    const { terminal, json } = context;
    const { provider, method, path, scope } = values;
    if (provider === undefined) throw usageError('name the credential provider: --provider NAME');
    const { access } = await openAccess(context);
    const use = { provider, method, path, peek: true };
    const consumer = await readConsumer(context, values['consumer-file']);
    const verification =
      'consumerKey' in consumer
        ? await access.verifyApiKey({ ...use, ...consumer })
        : await access.verifyAccessToken({ ...use, ...consumer, scope });
    if (json) terminal.answerJson({ verification });
    else if (!verification.ok) terminal.answer(`refused: ${verification.fault.message}: ${verification.fault.code}`);
    else {
      const { app, product, keyId, quota } = verification;
      const left = quota === undefined ? '' : `, ${quota.remaining} of ${quota.limit} left`;
      terminal.answer(`granted to ${app} by ${product} (${keyId})${left}`);
    }
    return verification.ok ? exitCodes.ok : exitCodes.refused;
  },
});
