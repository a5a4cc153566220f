/** What is used of a tool of Mastra. */
export interface MastraTool {
  readonly id: string;
  readonly inputSchema?: unknown;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one type that every execute is assignable to
  readonly execute?: ((input: any, context: any) => unknown) | undefined;
}

/** The tool without the parameter `N`: who calls it by itself, in a workflow or a test, need not know of it. */
export type CredentialTool<T extends MastraTool, N extends string> = Omit<T, 'execute' | 'inputSchema'> & {
  inputSchema?: T['inputSchema'];
  execute?: Executor<NonNullable<T['execute']>, N>;
};

type Executor<F, N extends string> = F extends (input: infer Input, ...rest: infer Rest) => infer Result
  ? (input: WithoutParameter<Input, N>, ...rest: Rest) => Result
  : never;

type WithoutParameter<I, N extends string> = I extends object ? { [K in keyof I as K extends N ? never : K]: I[K] } : I;

/** What the framework hands to a tool, as far as it is used here. */
export interface ToolContext {
  readonly abortSignal?: AbortSignal;
}

export type Execute = (input: unknown, context?: ToolContext) => Promise<unknown>;
