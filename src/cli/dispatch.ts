import { didYouMean } from '../internal/near-names.js';
import { exitCodes, usageError } from './command-error.js';
import type { Command, Globals } from './command.js';
import { reportError } from './report-error.js';
import { Terminal, type Streams } from './terminal.js';
import { verbs } from './verbs.js';

type Host = Streams & Pick<NodeJS.Process, 'env' | 'cwd'> & { exitCode?: NodeJS.Process['exitCode'] };

/** Runs one command line and leaves its exit code with the process. */
export async function runCommandLine(args: readonly string[], host: Host): Promise<void> {
  const terminal = new Terminal(host, host.env);
  endQuietly(host.stdout);
  // A command may wait for nothing but timers that hold no process: it must not end with code 0 in the middle of that.
  const running = setInterval(() => undefined, 60_000);
  try {
    host.exitCode = await dispatch(args, terminal, host);
  } catch (error) {
    host.exitCode = reportError(terminal, error, wantsJson(args));
  } finally {
    clearInterval(running);
  }
}

async function dispatch(args: readonly string[], terminal: Terminal, host: Host): Promise<number> {
  const { globals, help, words } = splitGlobals(args);
  if (words.length === 0) {
    if (help) return showHelp(terminal);
    const { welcome } = await import('./welcome.js');
    return welcome({ terminal, env: host.env, cwd: host.cwd(), ...globals });
  }
  if (words[0] === 'help') return showHelp(terminal, words.slice(1));
  const { name, rest } = findVerb(words);
  if (help || wantsHelp(rest)) return showHelp(terminal, name.split(' '));
  const command = await load(name);
  return command.run({ terminal, env: host.env, cwd: host.cwd() }, rest, globals);
}

/** The options for all commands may also stand before the command's name. */
function splitGlobals(args: readonly string[]): { globals: Globals; help: boolean; words: readonly string[] } {
  let configFile: string | undefined;
  let json = false;
  let help = false;
  let index = 0;
  for (; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--json') json = true;
    else if (arg === '--help' || arg === '-h') help = true;
    else if (arg.startsWith('--config=')) configFile = arg.slice('--config='.length);
    else if (arg === '--config') {
      configFile = args[++index];
      if (configFile === undefined) throw usageError('--config needs a value: --config FILE');
    } else if (arg.startsWith('-')) throw usageError('unknown option before the command: see claviger --help');
    else break;
  }
  return { globals: { configFile, json }, help, words: args.slice(index) };
}

function findVerb(words: readonly string[]): { name: string; rest: readonly string[] } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    if (words.length >= length && Object.hasOwn(verbs, name)) return { name, rest: words.slice(length) };
  }
  const [first = '', second] = words;
  const group = shownVerbs().filter((name) => name.startsWith(`${first} `));
  if (group.length > 0 && (second === undefined || second.startsWith('-'))) {
    throw usageError(`claviger ${first} needs a word more: ${group.map((name) => `claviger ${name}`).join(', ')}`);
  }
  const wanted = group.length > 0 ? `${first} ${second ?? ''}` : first;
  // Only what can be a command's name is repeated: anything else could be a value.
  if (!/^[a-z][a-z-]{0,11}( [a-z][a-z-]{0,11})?$/.test(wanted))
    throw usageError('unknown command: see claviger --help');
  throw usageError(`unknown command "${wanted}"${didYouMean(wanted, shownVerbs())}: see claviger --help`);
}

function shownVerbs(): string[] {
  return Object.keys(verbs).filter((name) => verbs[name]?.hidden !== true);
}

async function load(name: string): Promise<Command> {
  const verb = verbs[name];
  if (verb === undefined) throw usageError('unknown command: see claviger --help');
  return verb.load();
}

async function showHelp(terminal: Terminal, words: readonly string[] = []): Promise<number> {
  const { commandHelp, generalHelp } = await import('./help.js');
  if (words.length === 0) generalHelp(terminal);
  else commandHelp(terminal, await load(findVerb(words).name));
  return exitCodes.ok;
}

function wantsHelp(args: readonly string[]): boolean {
  return ownArguments(args).some((arg) => arg === '--help' || arg === '-h');
}

function wantsJson(args: readonly string[]): boolean {
  return ownArguments(args).includes('--json');
}

/** What stands after `--` is somebody else's. */
function ownArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end === -1 ? args : args.slice(0, end);
}

/** A reader that has seen enough, as in `claviger ls | head -1`, is no failure. */
function endQuietly(stdout: NodeJS.WriteStream): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}
