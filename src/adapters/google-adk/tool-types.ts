import type { Declaration } from './declaration.js';

/** What is used of a tool of the Agent Development Kit: its `BaseTool` and all that derive from it. */
export interface AdkTool {
  readonly name: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- its request holds a context of the framework's own class
  runAsync(request: any): Promise<unknown>;
}

/** What the framework calls of a tool. */
export interface ToolInternals extends AdkTool {
  _getDeclaration(): Declaration | undefined;
  runAsync(request: ToolRequest): Promise<unknown>;
  checkRequireConfirmation?(args: Record<string, unknown>, context?: ToolContext): Promise<boolean>;
}

interface ToolRequest {
  readonly args: Record<string, unknown>;
  readonly toolContext: ToolContext;
}

/** What is used of the context that a tool runs in. */
export interface ToolContext {
  readonly abortSignal?: AbortSignal;
  readonly actions?: { readonly stateDelta?: Record<string, unknown> };
  readonly state?: { set(key: string, value: unknown): void };
}

/** A `FunctionTool` beneath its types: the function, and the schema that its arguments are checked by. */
export interface FunctionToolInternals extends ToolInternals {
  readonly execute: (input: unknown, context?: ToolContext) => unknown;
  readonly parameters?: object;
}
