import { ClavigerError } from '../errors.js';
import { safeEnvironment } from '../process/child-environment.js';
import type { Injection } from '../process/injection.js';
import { ClientToolset } from './client-toolset.js';
import { divideInjections, type McpInjections } from './mcp-injections.js';
import type { Connection } from './server.js';
import { handshakeFailure } from './server-failure.js';
import { lineWriter } from './stderr-lines.js';
import type { Toolset, ToolsetOptions } from './toolset.js';
import { ToolsetTransport } from './toolset-transport.js';

export type StdioToolsetOptions = ToolsetOptions &
  (Injection | { inject: Injection[] }) & {
    /** The server; the SDK's `StdioServerParameters` fit. It inherits the SDK's six variables and nothing else. */
    connection: Connection;
    /** For each request; default 60 000, and 180 000 for the handshake, as `npx` may have to download the server first. */
    timeoutMs?: number;
    /** Whether a server is replaced when a credential that it was started with has changed; default true. */
    respawn?: boolean;
    /** Takes what the server writes to stderr, and to stdout beside the protocol; default nobody. */
    onStderr?: (redactedLine: string) => void;
    /** The longest message; default 64 MiB. The answer to a longer one is an error. */
    maxMessageBytes?: number;
  };

/** A toolset whose server is a child process. */
export type StdioToolset = Toolset;

/**
 * Runs an MCP server and gives it its credentials: in its environment (the default), a file or an argument when it is
 * started, or in a parameter of its tools at each call.
 *
 * The server starts at the first call. It is replaced when a credential that it was started with has changed, and started
 * again after it has ended; calls that are under way are never repeated. Errors:
 *
 * - `ERR_TOOLSET_START`: it did not start; `exitCode`, `signal` and `stderr` say why. The next call tries again.
 * - `ERR_TOOLSET_CLOSED`: it ended, or the toolset was closed, during the call.
 * - `ERR_CREDENTIAL_*`, `ERR_STORE_*`, `ERR_PLACEMENT_INVALID`: there is no credential to be had; nothing was started.
 * - The SDK's `McpError`: what the server answers, redacted, and time-outs.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID` at once, for options that can't work
 *
 * @example
 * await using toolset = createStdioToolset({
 *   auth: apiKeyAuth({ providerName: 'github' }),
 *   connection: { command: 'npx', args: ['-y', '@modelcontextprotocol/server-github'] },
 * });
 * await toolset.callTool('search_repositories', { query: 'mcp' });
 */
export function createStdioToolset(options: StdioToolsetOptions): StdioToolset {
  return new ChildToolset(options);
}

const startTimeoutMs = 180_000;
const defaultMaxMessageBytes = 64 * 1024 * 1024;

class ChildToolset extends ClientToolset<ToolsetTransport> implements StdioToolset {
  readonly #options: StdioToolsetOptions;
  readonly #injections: McpInjections;

  constructor(options: StdioToolsetOptions) {
    const { connection } = options as { connection?: Partial<Connection> };
    if (typeof connection?.command !== 'string' || connection.command === '') {
      throw new ClavigerError('ERR_CONFIG_INVALID', 'connection.command must name the MCP server to run');
    }
    super(options);
    this.#options = options;
    this.#injections = divideInjections('inject' in options ? options.inject : [options]);
  }

  protected get handshakeMs(): number {
    return this.#options.timeoutMs ?? startTimeoutMs;
  }

  protected open(): ToolsetTransport {
    const { connection, respawn = true, onStderr, maxMessageBytes = defaultMaxMessageBytes } = this.#options;
    return new ToolsetTransport({
      connection,
      environment: safeEnvironment(),
      injections: this.#injections,
      respawn,
      maxMessageBytes,
      handshakeTimeoutMs: this.handshakeMs,
      onStderr: lineWriter(onStderr),
    });
  }

  protected refused(problem: string): ClavigerError {
    return handshakeFailure(this.#options.connection.command, problem);
  }

  protected override listed({ relay }: ToolsetTransport): void {
    const [missing] = relay.undeclared;
    if (missing !== undefined) throw undeclared(missing);
  }
}

function undeclared(name: string): ClavigerError {
  const message = `no tool of this server declares the parameter "${name}", so the credential would never be used`;
  return new ClavigerError('ERR_PLACEMENT_INVALID', message);
}
