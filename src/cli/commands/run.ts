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
    'Keys are replaced in what the command prints into a pipe or a file. A terminal stays one: the command draws, asks and is ' +
      'stopped there as without claviger, and what it prints there stays as it is; --redact replaces keys there too.',
    'It ends with the exit code of the command: 128 + n for signal n, 126 or 127 when it can not be run or found.',
  ],
  examples: [
    ['claviger run --env github -- gh pr list', 'in GITHUB_TOKEN, the usual variable'],
    ['claviger run --env TOKEN=github -- ./deploy.sh', 'in a variable of your choice'],
    ['claviger run --file KEY_FILE=signing -- make release', 'in a private file'],
    ['claviger run --reverse TOKEN=github --base-url API=github -- ./report.sh', 'the command never holds the key'],
    ['claviger run --pristine --env github -- ./agent.sh', 'with nothing else of your environment'],
  ],
  options: {
    ...injectionOptions,
    ...consumerOption,
    pristine: { type: 'boolean', help: 'inherit only HOME, PATH, TERM, LANG and their like' },
    redact: { type: 'boolean', help: 'replace keys on a terminal too, which the command then does not see' },
    'no-redact': { type: 'boolean', help: 'leave what is printed as it is, also in a pipe' },
  },
  takesCommand: true,
  tooMany: 'put -- before the command: claviger run --env VAR=NAME -- command',
  async run(context, { values, rest: [command, ...args] }) {
    if (command === undefined) throw usageError('no command: claviger run --env VAR=NAME -- command');
    if (values.redact && values['no-redact']) throw usageError('either --redact or --no-redact');
    await using registry = await openRegistry(context);
    const inject = injectionsOf(values, registry, consumerOf(context, values));
    const redactOutput = values.redact || (values['no-redact'] ? false : 'piped');
    const environment = values.pristine ? { inheritEnv: false, env: placeAndLanguage(context.env) } : {};
    try {
      return exitCodeOf(await runProcess({ command, args, inject, cwd: context.cwd, redactOutput, ...environment }));
    } catch (error) {
      throw notStarted(error) ?? error;
    }
  },
});

/** What says where one is and in which language, beside the few variables that every program needs. */
function placeAndLanguage(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => /^(?:LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TMP)$/.test(name));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** A command that could not be started, as a shell reports it. */
export function notStarted(error: unknown): CommandError | undefined {
  const { syscall, code = '', message } = error as NodeJS.ErrnoException;
  return syscall === 'spawn' ? new CommandError(message, { exitCode: spawnExitCode(error), code }) : undefined;
}
