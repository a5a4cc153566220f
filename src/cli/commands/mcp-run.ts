import { createStdioLauncher } from '../../mcp/index.js';
import { exitCodeOf } from '../../process/index.js';
import { consumerOf, consumerOption } from '../access-rules.js';
import { usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { injectionDetails, injectionOptions, injectionsOf } from '../injections.js';
import { openRegistry } from '../open-registry.js';
import { exitCodeFor } from '../report-error.js';

export const mcpRun = defineCommand({
  usage: ['claviger mcp run <injections> -- <command> [argument…]'],
  summary: 'run an MCP server with credentials, for any MCP client',
  details: [
    "Stands in the client's configuration in place of the server; that configuration then holds no key.",
    'With --param the key goes into an argument of its tools, which the model does not see.',
    ...injectionDetails,
    'Nobody can be asked here: a store under a passphrase needs CLAVIGER_PHRASE_FILE.',
  ],
  examples: [
    ['claviger mcp run --env github -- npx -y @modelcontextprotocol/server-github', 'in the usual variable'],
    [
      'claviger mcp run --reverse NOTION_TOKEN=notion --base-url BASE_URL=notion/ -- notion-mcp-server',
      'it never holds the key',
    ],
    ['claviger mcp run --param api_key=weather -- node server.js', 'in a parameter of its tools'],
  ],
  options: {
    ...injectionOptions,
    ...consumerOption,
    param: {
      type: 'string',
      multiple: true,
      value: 'PARAMETER=NAME',
      help: 'in this parameter of every tool that has it',
    },
  },
  takesCommand: true,
  tooMany: 'put -- before the command: claviger mcp run --env VAR=NAME -- command',
  async run(context, { values, rest: [command, ...args] }) {
    if (command === undefined) throw usageError('no command: claviger mcp run --env VAR=NAME -- command');
    const { terminal, env } = context;
    await using registry = await openRegistry(context, { ask: false });
    const launcher = await createStdioLauncher({
      inject: injectionsOf(values, registry, consumerOf(context, values)),
      connection: { command, args },
      input: terminal.streams.stdin,
      output: terminal.streams.stdout,
      env,
    });
    const status = await launcher.exited;
    return status.exitCode === 1 && launcher.failure !== undefined ? exitCodeFor(launcher.failure) : exitCodeOf(status);
  },
});
