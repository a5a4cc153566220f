/** What is used of a function tool of the OpenAI Agents SDK, in any of its versions. */
export interface AgentsTool {
  readonly type: 'function';
  readonly name: string;
  readonly parameters: unknown;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one type that every invoke is assignable to
  readonly invoke: (runContext: any, input: string, details?: any) => Promise<any>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one type that every extractor is assignable to
  readonly customDataExtractor?: ((context: any) => any) | undefined;
}

export interface CallDetails {
  readonly signal?: AbortSignal;
}

export interface CustomDataContext {
  readonly input: unknown;
}

/** A function tool of our own making, for the `tools` of an agent. */
export interface AgentsFunctionTool {
  type: 'function';
  name: string;
  description: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the JSON Schema that an MCP server gives
  parameters: any;
  strict: boolean;
  deferLoading: boolean;
  needsApproval: () => Promise<boolean>;
  isEnabled: () => Promise<boolean>;
  invoke: (runContext: unknown, input: string, details?: { signal?: AbortSignal }) => Promise<unknown>;
}
