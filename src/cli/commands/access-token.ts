import { consumerOption, openAccess } from '../access-rules.js';
import { usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { readKeyAndSecret } from '../consumer-input.js';

export const accessToken = defineCommand({
  usage: ['claviger access token [--scope SCOPES] [--ttl SECONDS]'],
  summary: 'make a short-lived access token from a consumer key and its secret',
  details: [
    'Key and secret come from hidden prompts, or from stdin in two lines; with a consumer file the key is there, and stdin holds ' +
      'the secret. The token goes to stdout. It is refused once its key, app or developer is.',
  ],
  examples: [
    ['claviger access token --ttl 300', 'asks for key and secret'],
    ['claviger access token --consumer-file agent.consumer < secret > agent.token', 'for a program that gets no key'],
  ],
  options: {
    ...consumerOption,
    scope: {
      type: 'string',
      value: 'SCOPES',
      help: 'these scopes only, parted by blanks; default all of its products',
    },
    ttl: { type: 'string', value: 'SECONDS', help: 'how long it is good for; default 900, at most 86400' },
  },
  async run(context, { values }) {
    const { terminal, json } = context;
    const { scope, ttl } = values;
    if (ttl !== undefined && !/^[1-9]\d{0,4}$/.test(ttl)) throw usageError('--ttl takes seconds, from 1 to 86400');
    const { access } = await openAccess(context);
    const token = await access.issueAccessToken({
      ...(await readKeyAndSecret(context, values['consumer-file'])),
      ...(scope !== undefined && { scope }),
      ...(ttl !== undefined && { ttlMs: Number(ttl) * 1000 }),
    });
    if (json) terminal.answerJson({ token });
    else terminal.answer(token.access_token);
    return 0;
  },
});
