import { createRequire } from 'node:module';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { RequestOptions } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { CallToolResult, Implementation, Progress, Tool } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError, isClavigerError } from '../errors.js';
import { abortable } from '../internal/abortable.js';
import { safeEnvironment } from '../process/child-environment.js';
import type { Injection } from '../process/injection.js';
import { divideInjections, type McpInjections } from './mcp-injections.js';
import { loadSdk } from './sdk.js';
import type { Connection } from './server.js';
import { handshakeFailure } from './server-failure.js';
import { lineWriter } from './stderr-lines.js';
import { toolPages, type ToolPage } from './tool-pages.js';
import { ToolsetTransport } from './toolset-transport.js';

export type StdioToolsetOptions = (Injection | { inject: Injection[] }) & {
  /** The server; the SDK's `StdioServerParameters` fit. It inherits the SDK's six variables and nothing else. */
  connection: Connection;
  /** For each request; default 60 000, and 180 000 for the handshake, as `npx` may have to download the server first. */
  timeoutMs?: number;
  /** What the server is told of us; default this package. */
  clientInfo?: Implementation;
  /** Whether a server is replaced when a credential that it was started with has changed; default true. */
  respawn?: boolean;
  /** Put before the name of each tool. */
  toolNamePrefix?: string;
  /** Which tools there are: their names as the server gives them, or a function. The others can't be called either. */
  toolFilter?: readonly string[] | ((tool: Tool) => boolean);
  /** Takes what the server writes to stderr, and to stdout beside the protocol; default nobody. */
  onStderr?: (redactedLine: string) => void;
  /** The longest message; default 64 MiB. The answer to a longer one is an error. */
  maxMessageBytes?: number;
};

export interface RequestLimits {
  signal?: AbortSignal;
  timeoutMs?: number;
}

export interface CallToolOptions extends RequestLimits {
  onProgress?: (progress: Progress) => void;
}

/** The tools of one MCP server, with credentials that neither the model nor its host ever sees. */
export interface Toolset extends AsyncDisposable {
  /**
   * All tools, from all pages. An injected parameter is in no schema; schemas are otherwise as the server gives them.
   *
   * @throws ClavigerError `ERR_PLACEMENT_INVALID` if no tool declares an injected parameter, or one can't be hidden
   */
  listTools(options?: RequestLimits): Promise<Tool[]>;
  /** Calls a tool. Nothing in the result, in an error or in a progress message holds a credential. */
  callTool(name: string, args?: Record<string, unknown>, options?: CallToolOptions): Promise<CallToolResult>;
  /** The SDK's client, for resources, prompts, sampling and elicitation. Set its handlers before the first call. */
  readonly client: Client;
  /** Ends the server with everything that it started, within a second. */
  close(): Promise<void>;
}

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

class ChildToolset implements StdioToolset {
  readonly #options: StdioToolsetOptions;
  readonly #injections: McpInjections;
  readonly #prefix: string;
  #client: Client | undefined;
  #transport: ToolsetTransport | undefined;
  #connecting: Promise<ToolsetTransport> | undefined;
  #closing: Promise<void> | undefined;
  /** The tools that a filter function lets through. */
  #admitted: ReadonlySet<string> | undefined;

  constructor(options: StdioToolsetOptions) {
    const { connection } = options as { connection?: Partial<Connection> };
    if (typeof connection?.command !== 'string' || connection.command === '') {
      throw new ClavigerError('ERR_CONFIG_INVALID', 'connection.command must name the MCP server to run');
    }
    this.#options = options;
    this.#prefix = options.toolNamePrefix ?? '';
    this.#injections = divideInjections('inject' in options ? options.inject : [options]);
  }

  get client(): Client {
    this.#client ??= new (loadSdk().Client)(this.#options.clientInfo ?? ourselves());
    return this.#client;
  }

  async listTools(limits: RequestLimits = {}): Promise<Tool[]> {
    const transport = await this.#connected(limits.signal);
    const tools = await this.#listAll(transport, limits);
    const [missing] = transport.relay.undeclared;
    if (missing !== undefined) throw undeclared(missing);
    const { toolFilter } = this.#options;
    const admitted = tools.filter((tool) =>
      typeof toolFilter === 'function' ? toolFilter(tool) : toolFilter?.includes(tool.name) !== false,
    );
    this.#admitted = new Set(admitted.map(({ name }) => name));
    return admitted.map((tool) => ({ ...tool, name: this.#prefix + tool.name }));
  }

  async callTool(
    name: string,
    args: Record<string, unknown> = {},
    options: CallToolOptions = {},
  ): Promise<CallToolResult> {
    const tool = await this.#toolNamed(name, options);
    const transport = await this.#connected(options.signal);
    const params = { name: tool, arguments: args };
    const result = await this.#request(transport, { method: 'tools/call', params }, options);
    return (Array.isArray(result['content']) ? result : { ...result, content: [] }) as CallToolResult;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    await this.#transport?.end(closed());
    await this.#connecting?.catch(() => undefined);
  }

  /** The connection; the first call makes it, and the first one after it was lost. */
  async #connected(signal?: AbortSignal): Promise<ToolsetTransport> {
    signal?.throwIfAborted();
    if (this.#closing !== undefined) throw closed();
    if (this.#transport?.isClosed === false && this.#connecting === undefined) return this.#transport;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return abortable(this.#connecting, signal);
  }

  async #connect(): Promise<ToolsetTransport> {
    const { connection, respawn = true, timeoutMs, onStderr, maxMessageBytes = defaultMaxMessageBytes } = this.#options;
    const { client } = this;
    const stderr = lineWriter(onStderr);
    const transport = new ToolsetTransport({
      connection,
      environment: safeEnvironment(),
      injections: this.#injections,
      respawn,
      maxMessageBytes,
      handshakeTimeoutMs: timeoutMs ?? startTimeoutMs,
      onStderr: stderr,
    });
    this.#transport = transport;
    try {
      await client.connect(transport, { timeout: timeoutMs ?? startTimeoutMs });
      return transport;
    } catch (error) {
      const failure = transport.failureOf(error);
      await transport.close();
      throw isClavigerError(failure) ? failure : refused(connection.command, failure);
    }
  }

  async #listAll(transport: ToolsetTransport, limits: RequestLimits): Promise<Tool[]> {
    const tools: Tool[] = [];
    const pages = toolPages<ToolPage>((params) => this.#request(transport, { method: 'tools/list', params }, limits));
    for await (const page of pages) if (Array.isArray(page.tools)) tools.push(...page.tools.filter(isTool));
    return tools;
  }

  /** Reads leniently: what a server gives is for the caller to judge, and one odd tool must not hide the others. */
  async #request(
    transport: ToolsetTransport,
    request: { method: string; params: Record<string, unknown> },
    { signal, timeoutMs = this.#options.timeoutMs, onProgress }: CallToolOptions,
  ): Promise<Record<string, unknown>> {
    const options: RequestOptions = {
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
      ...(onProgress === undefined ? {} : { onprogress: onProgress }),
    };
    try {
      return await this.client.request(request, loadSdk().ResultSchema, options);
    } catch (error) {
      throw transport.failureOf(error);
    }
  }

  /** The server's name of a tool, if it may be called. */
  async #toolNamed(name: string, limits: RequestLimits): Promise<string> {
    const tool = name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : undefined;
    const { toolFilter } = this.#options;
    if (typeof toolFilter === 'function' && this.#admitted === undefined) await this.listTools(limits);
    const admitted = typeof toolFilter === 'function' ? this.#admitted : toolFilter && new Set(toolFilter);
    if (tool !== undefined && admitted?.has(tool) !== false) return tool;
    const { McpError, ErrorCode } = loadSdk();
    throw new McpError(ErrorCode.InvalidParams, `this toolset has no tool "${name}"`);
  }
}

function isTool(value: unknown): value is Tool {
  return typeof (value as { name?: unknown } | null)?.name === 'string';
}

function closed(): ClavigerError {
  return new ClavigerError('ERR_TOOLSET_CLOSED', 'the toolset was closed');
}

function undeclared(name: string): ClavigerError {
  const message = `no tool of this server declares the parameter "${name}", so the credential would never be used`;
  return new ClavigerError('ERR_PLACEMENT_INVALID', message);
}

function refused(command: string, error: unknown): ClavigerError {
  return handshakeFailure(command, error instanceof Error ? error.message : 'it refused to initialize');
}

function ourselves(): Implementation {
  const { name, version } = createRequire(import.meta.url)('claviger/package.json') as Implementation;
  return { name, version };
}
