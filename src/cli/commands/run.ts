import { exitCodeOf, runProcess, spawnExitCode } from '../../process/index.js';
import { consumerOf, consumerOption } from '../access-rules.js';
import { CommandError, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { injectionDetails, injectionOptions, injectionsOf } from '../injections.js';
import { openRegistry } from '../open-registry.js';

export const run = defineCommand({
  usage: ['claviger run <injections> -- <command> [argument…]'],
  summary: 'run a command with credentials',
  details: [
    ...injectionDetails,
    'Keys are replaced in what the command prints. It ends with the exit code of the command: 128 + n for signal n, 126 or ' +
      '127 when it can not be run or found.',
  ],
  examples: [
    ['claviger run --env github -- gh pr list', 'in GITHUB_TOKEN, the usual variable'],
    ['claviger run --env TOKEN=github -- ./deploy.sh', 'in a variable of your choice'],
    ['claviger run --file KEY_FILE=signing -- make release', 'in a private file'],
    ['claviger run --reverse TOKEN=github --base-url API=github -- ./report.sh', 'the command never holds the key'],
    ['claviger run --env github --no-redact -- bash', 'a command that needs the terminal itself'],
  ],
  options: {
    ...injectionOptions,
    ...consumerOption,
    'no-redact': { type: 'boolean', help: 'hand the terminal over; what is printed then stays as it is' },
  },
  takesCommand: true,
  tooMany: 'put -- before the command: claviger run --env VAR=NAME -- command',
  async run(context, { values, rest: [command, ...args] }) {
    if (command === undefined) throw usageError('no command: claviger run --env VAR=NAME -- command');
    await using registry = await openRegistry(context);
    const inject = injectionsOf(values, registry, consumerOf(context, values));
    try {
      return exitCodeOf(
        await runProcess({ command, args, inject, cwd: context.cwd, redactOutput: !values['no-redact'] }),
      );
    } catch (error) {
      throw notStarted(error) ?? error;
    }
  },
});

/** A command that could not be started, as a shell reports it. */
export function notStarted(error: unknown): CommandError | undefined {
  const { syscall, code = '', message } = error as NodeJS.ErrnoException;
  return syscall === 'spawn' ? new CommandError(message, { exitCode: spawnExitCode(error), code }) : undefined;
}
