import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { CallToolResult, Implementation, Progress, Tool } from '@modelcontextprotocol/sdk/types.js';

/** What every toolset can be told. */
export interface ToolsetOptions {
  /** What the server is told of us; default this package. */
  clientInfo?: Implementation;
  /** Put before the name of each tool. */
  toolNamePrefix?: string;
  /** Which tools there are: their names as the server gives them, or a function. The others can't be called either. */
  toolFilter?: readonly string[] | ((tool: Tool) => boolean);
}

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
  /** Ends a server that is a child with everything that it started, and the session of one that is not, within a second. */
  close(): Promise<void>;
}
