import { inheritedEnvironment, type Environment } from '../process/child-environment.js';
import { spawnExitCode, type ExitStatus } from '../process/exit-status.js';
import type { Injection } from '../process/injection.js';
import { defaultMaxMessageBytes, Launcher, type LauncherOptions, type StdioLauncher } from './launcher.js';
import { divideInjections } from './mcp-injections.js';
import { Relay } from './relay.js';
import type { Connection } from './server.js';
import type { ServerEnd } from './server-process.js';

export type { StdioLauncher } from './launcher.js';

export interface StdioLauncherOptions extends LauncherOptions {
  inject: Injection[];
  /** The server. It inherits our own environment, without our `CLAVIGER_*`. */
  connection: Connection;
  /** Takes what the server writes to stderr, and to stdout beside the protocol; default our own stderr. */
  onStderr?: (redactedLine: string) => void;
  /** Whether a server is replaced when a credential that it was started with has changed; default true. */
  respawn?: boolean;
  /** What the server inherits; default our own environment. */
  env?: Environment;
}

/**
 * Runs an MCP server between a client's standard input and output, with credentials that the client's configuration never
 * holds. Lines that need no change pass byte for byte, whatever protocol version they are of.
 *
 * A server that can't be started is told to the client, as the error that answers its requests.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID` for options that can't work
 *
 * @example
 * const launcher = await createStdioLauncher({
 *   inject: [{ auth: apiKeyAuth({ providerName: 'github' }) }],
 *   connection: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-github'] },
 * });
 * process.exitCode = exitCodeOf(await launcher.exited);
 */
export async function createStdioLauncher(options: StdioLauncherOptions): Promise<StdioLauncher> {
  const { connection, respawn = true, env, maxMessageBytes = defaultMaxMessageBytes } = options;
  const injections = divideInjections(options.inject);
  return new Launcher(
    options,
    ({ deliver, fail, say, onEnd }) =>
      new Relay({
        connection,
        environment: inheritedEnvironment(env),
        injections,
        respawn,
        needsParameters: false,
        maxMessageBytes,
        handshakeTimeoutMs,
        deliver,
        fail,
        onStderr: say,
        onEnd: (end) => onEnd(statusOf(end)),
      }),
  );
}

const handshakeTimeoutMs = 180_000;

function statusOf({ exitCode, signal, failure }: ServerEnd): ExitStatus {
  return failure === undefined ? { exitCode, signal } : { exitCode: spawnExitCode({ code: failure }), signal: null };
}
