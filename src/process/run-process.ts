import type { Writable } from 'node:stream';
import type { Redactor } from '../redaction/redactor.js';
import { inheritedEnvironment, mergeEnvironment, safeEnvironment, type Environment } from './child-environment.js';
import type { ExitStatus } from './exit-status.js';
import { forwardSignals, shareSignals } from './forward-signals.js';
import { checkInjections, type Injection } from './injection.js';
import { pipeRedacted, type StreamScanner } from './output.js';
import { prepareInjections, type PreparedInjections } from './prepare-injections.js';
import { spawnTree, type ProcessTree } from './process-tree.js';

export interface RunProcessOptions {
  command: string;
  args?: readonly string[];
  inject: Injection[];
  /** Whether the child gets our environment, without our `CLAVIGER_*` (default true), or just what every program needs. */
  inheritEnv?: boolean;
  /** Further variables; injected ones win. */
  env?: Record<string, string>;
  /**
   * Pipes stdout and stderr through the redactor (default true); `false` hands them to the child as they are. `'piped'` hands
   * over what is a terminal, so that the child can ask, draw and be stopped there, and redacts what is none.
   */
  redactOutput?: boolean | 'piped';
  cwd?: string;
  /** Ends the whole tree. */
  signal?: AbortSignal;
  /** Where redacted output goes; default our own. */
  stdout?: Writable;
  stderr?: Writable;
}

/**
 * Runs a command with credentials in its environment, files or arguments, and waits for its end. SIGINT, SIGTERM and
 * SIGHUP are passed on to its whole tree, which ends with it.
 *
 * @returns how it ended: its exit code, or the signal that ended it
 * @throws ClavigerError `ERR_CREDENTIAL_*`, `ERR_STORE_*`, `ERR_PLACEMENT_INVALID` before anything is started; an
 * `Error` with Node's `code` (`ENOENT`, `EACCES`) when the command can't be.
 *
 * @example
 * const { exitCode } = await runProcess({
 *   command: './deploy.sh',
 *   inject: [{ auth: apiKeyAuth({ providerName: 'github' }), into: env('GITHUB_TOKEN') }],
 * });
 */
export async function runProcess(options: RunProcessOptions): Promise<ExitStatus> {
  checkInjections(options.inject);
  const { args = [], signal } = options;
  const environment = environmentOf(options);
  await using prepared = await prepareInjections(options.inject, { args, surface: 'process', signal, environment });
  await using tree = start(options, prepared, environment);
  const stop = sharesTerminal(options) ? shareSignals(tree) : forwardSignals(tree);
  try {
    const output = pipeOutput(tree, options, prepared.redactors);
    output.catch(() => undefined); // it may fail long before it is awaited
    const status = await tree.exited;
    await tree.close(); // what the child left running would hold the pipes open
    await output;
    return status;
  } finally {
    stop();
  }
}

function environmentOf({ inheritEnv = true, env = {} }: RunProcessOptions): Environment {
  return mergeEnvironment([inheritEnv ? inheritedEnvironment() : safeEnvironment(), env]);
}

function start(options: RunProcessOptions, prepared: PreparedInjections, environment: Environment): ProcessTree {
  const { redactOutput = true } = options;
  const outputOf = (stream: { isTTY?: boolean }) =>
    redactOutput === false || (redactOutput === 'piped' && stream.isTTY === true) ? 'inherit' : 'pipe';
  return spawnTree({
    command: options.command,
    args: prepared.args,
    env: mergeEnvironment([environment, prepared.environment]),
    cwd: options.cwd,
    stdio: ['inherit', outputOf(process.stdout), outputOf(process.stderr)],
    signal: options.signal,
    watch: prepared.directories.length > 0 ? { remove: prepared.directories } : false,
    detached: redactOutput !== false && !sharesTerminal(options), // who shares our terminal stays in our session
  });
}

/** Whether Ctrl-C, Ctrl-Z and the questions of programs come and go by the terminal that we have. */
function sharesTerminal({ redactOutput = true }: RunProcessOptions): boolean {
  return redactOutput !== true && [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
}

async function pipeOutput(
  tree: ProcessTree,
  options: RunProcessOptions,
  redactors: readonly Redactor[],
): Promise<void> {
  const { stdout, stderr } = tree.child;
  await Promise.all([
    stdout === null ? undefined : pipeRedacted(stdout, scannerOf(redactors), options.stdout ?? process.stdout),
    stderr === null ? undefined : pipeRedacted(stderr, scannerOf(redactors), options.stderr ?? process.stderr),
  ]);
}

/** One scanner that knows what all the redactors know. */
export function scannerOf(redactors: readonly Redactor[]): StreamScanner {
  const scanners = redactors.map((redactor) => redactor.scanner());
  return {
    push: (chunk) => scanners.reduce((rest, scanner) => scanner.push(rest), chunk),
    flush: () => {
      let rest: Uint8Array = new Uint8Array();
      for (const scanner of scanners) rest = Buffer.concat([scanner.push(rest), scanner.flush()]);
      return rest;
    },
  };
}
