import { createHttpLauncher } from '../../mcp/index.js';
import { exitCodeOf } from '../../process/index.js';
import { consumerOf, consumerOption } from '../access-rules.js';
import { usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { headersOf } from '../header-lines.js';
import { assertName } from '../looks-like-value.js';
import { openRegistry } from '../open-registry.js';
import { exitCodeFor } from '../report-error.js';

export const mcpConnect = defineCommand({
  usage: ['claviger mcp connect <url> [--as NAME]'],
  summary: 'reach an MCP server over HTTP with a credential, for clients that only speak stdio',
  details: [
    "Stands in the client's configuration as the server; that configuration then holds no key. The key goes onto every request, " +
      'in the header, query or cookie that its provider says, and only if the URL is one of its destinations. A key that has ' +
      'changed is used from the next message on.',
    'Without --as the provider is found by the URL. It speaks Streamable HTTP, not the older HTTP+SSE.',
    'Nobody can be asked here: a store under a passphrase needs CLAVIGER_PHRASE_FILE.',
  ],
  examples: [
    ['claviger mcp connect https://api.githubcopilot.com/mcp/ --as github', 'with the key of github'],
    ['claviger mcp connect https://mcp.example.com/mcp', 'the provider is found by the URL'],
  ],
  options: {
    ...consumerOption,
    as: { type: 'string', value: 'NAME', help: 'the provider whose credential goes with every request' },
    header: {
      type: 'string',
      short: 'H',
      multiple: true,
      value: "'NAME: VALUE'",
      help: 'a further header, no secret; may stand several times',
    },
  },
  arguments: [1, 1],
  async run(context, { values, positionals: [url = ''] }) {
    if (values.as !== undefined) assertName(values.as);
    if (!URL.canParse(url)) throw usageError('it reads: claviger mcp connect <url> --as NAME, with a whole URL');
    const headers = Object.fromEntries(headersOf(values.header));
    const { stdin, stdout } = context.terminal.streams;
    await using registry = await openRegistry(context, { ask: false });
    const whose = consumerOf(context, values);
    const launcher = await createHttpLauncher({
      ...(values.as === undefined ? { registry, ...whose } : { auth: registry.auth(values.as, whose) }),
      url,
      headers,
      input: stdin,
      output: stdout,
    });
    const status = await launcher.exited;
    return status.exitCode === 1 && launcher.failure !== undefined ? exitCodeFor(launcher.failure) : exitCodeOf(status);
  },
});
