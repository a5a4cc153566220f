import { createRequire } from 'node:module';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { RequestOptions } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult, Implementation, Tool } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError, findClavigerError, isClavigerError } from '../errors.js';
import { abortable } from '../internal/abortable.js';
import { traceContext } from '../tracing/open-telemetry.js';
import { loadSdk } from './sdk.js';
import { toolPages, type ToolPage } from './tool-pages.js';
import type { CallToolOptions, RequestLimits, Toolset, ToolsetOptions } from './toolset.js';

/** A transport that knows what went wrong. */
export interface ToolsetConnection extends Transport {
  readonly isClosed: boolean;
  /** Whatever waits for an answer gets the reason instead. */
  end(reason: ClavigerError): Promise<void>;
  /** The error behind one that the client gave. */
  failureOf(error: unknown): unknown;
}

/** What toolsets have in common: one client, whose connection the first call makes, and the first one after it was lost. */
export abstract class ClientToolset<C extends ToolsetConnection> implements Toolset {
  readonly #options: ToolsetOptions & { timeoutMs?: number };
  readonly #prefix: string;
  #client: Client | undefined;
  #connection: C | undefined;
  #connecting: Promise<C> | undefined;
  #closing: Promise<void> | undefined;
  /** The tools that a filter function lets through. */
  #admitted: ReadonlySet<string> | undefined;

  constructor(options: ToolsetOptions & { timeoutMs?: number }) {
    this.#options = options;
    this.#prefix = options.toolNamePrefix ?? '';
  }

  get client(): Client {
    this.#client ??= new (loadSdk().Client)(this.#options.clientInfo ?? ourselves());
    return this.#client;
  }

  async listTools(limits: RequestLimits = {}): Promise<Tool[]> {
    const connection = await this.#connected(limits.signal);
    const tools = await this.#listAll(connection, limits);
    this.listed(connection);
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
    const connection = await this.#connected(options.signal);
    const trace = traceContext();
    const params = { name: tool, arguments: args, ...(trace === undefined ? {} : { _meta: trace }) };
    const result = await this.#request(connection, { method: 'tools/call', params }, options);
    return (Array.isArray(result['content']) ? result : { ...result, content: [] }) as CallToolResult;
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A connection that is not connected yet. */
  protected abstract open(): C | Promise<C>;
  /** How long a handshake may take, in milliseconds. */
  protected abstract readonly handshakeMs: number;
  /** What to say of a server that could be reached but not be talked to. */
  protected abstract refused(problem: string): ClavigerError;
  /** All tools have been listed. */
  protected listed(_connection: C): void {}

  async #end(): Promise<void> {
    await this.#connection?.end(closed());
    await this.#connecting?.catch(() => undefined);
  }

  async #connected(signal?: AbortSignal): Promise<C> {
    signal?.throwIfAborted();
    if (this.#closing !== undefined) throw closed();
    if (this.#connection?.isClosed === false && this.#connecting === undefined) return this.#connection;
    const begun = this.#connecting;
    if (begun !== undefined) {
      return abortable(begun, signal).catch((error: unknown) => {
        if (findClavigerError(error)?.code !== 'ERR_ACCESS_DENIED') throw error;
        return this.#connected(signal); // who began was refused, not yet who waited
      });
    }
    this.#connecting = this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return abortable(this.#connecting, signal);
  }

  async #connect(): Promise<C> {
    const connection = await this.open();
    if (this.#closing !== undefined) throw closed();
    this.#connection = connection;
    try {
      await this.client.connect(connection, { timeout: this.handshakeMs });
      return connection;
    } catch (error) {
      const failure = connection.failureOf(error);
      await connection.close();
      if (isClavigerError(failure)) throw failure;
      throw this.refused(failure instanceof Error ? failure.message : 'it refused to initialize');
    }
  }

  async #listAll(connection: C, limits: RequestLimits): Promise<Tool[]> {
    const tools: Tool[] = [];
    const pages = toolPages<ToolPage>((params) => this.#request(connection, { method: 'tools/list', params }, limits));
    for await (const page of pages) if (Array.isArray(page.tools)) tools.push(...page.tools.filter(isTool));
    return tools;
  }

  /** Reads leniently: what a server gives is for the caller to judge, and one odd tool must not hide the others. */
  async #request(
    connection: C,
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
      throw connection.failureOf(error);
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

function ourselves(): Implementation {
  const { name, version } = createRequire(import.meta.url)('claviger/package.json') as Implementation;
  return { name, version };
}
