import type { CallToolResult, Icon, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';

/** What the `McpServer` of both versions of the official SDK has in common, as far as it is used here. */
export interface ToolServer {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each version has type parameters of its own here
  registerTool: (name: string, config: any, callback: any) => RegisteredToolLike;
}

interface RegisteredToolLike {
  update: (updates: never) => void;
}

/** Any schema of a Standard Schema library: zod objects of versions 3 and 4, ArkType, Valibot with its converter. */
interface Typed<Output> {
  readonly '~standard': { readonly types?: { readonly input: unknown; readonly output: Output } | undefined };
}

/** A tool's `inputSchema`: a schema of an object, or the schemas of its properties. */
export type ToolInput = Typed<unknown> | Readonly<Record<string, Typed<unknown>>>;

type OutputOf<S> = S extends Typed<infer Output> ? Output : never;

/** What a tool's callback takes, its credential included. */
export type ArgumentsOf<Input> = Input extends Typed<infer Output> ? Output : ArgumentsOfShape<Input>;

type ArgumentsOfShape<S> = { [K in keyof S as undefined extends OutputOf<S[K]> ? never : K]: OutputOf<S[K]> } & {
  [K in keyof S as undefined extends OutputOf<S[K]> ? K : never]?: OutputOf<S[K]>;
};

/** The names of a tool's parameters; of a union those that all its members have. */
export type ParameterName<Input> = keyof ArgumentsOf<Input> & string;

/** A tool's description, as `registerTool` takes it, with the schema of its arguments. What a server does not know it ignores. */
export interface CredentialToolConfig<Input extends ToolInput = ToolInput> {
  title?: string;
  description?: string;
  inputSchema: Input;
  outputSchema?: object;
  annotations?: ToolAnnotations;
  icons?: Icon[];
  /** Of the second version. */
  scopeChallenge?: object;
  _meta?: Record<string, unknown>;
}

/** What a tool's callback gives: of the second version also what asks the client for more input. */
export type ToolResult = CallToolResult | { readonly resultType: string };

/**
 * What a server hands to a tool's callback beside the arguments: `extra` of the first version, `ctx` of the second. Read off where
 * both have it in a type without parameters of its own.
 */
export type ContextOf<S> = S extends {
  server: { fallbackRequestHandler?: (request: never, context: infer Context) => unknown };
}
  ? Context
  : unknown;

/** What a server's `registerTool` gives. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
export type RegisteredOf<S extends ToolServer> = S['registerTool'] extends (...args: any) => infer R ? R : never;
