import type { HiddenSchema } from '../../tools/hidden-schema.js';

/** What is used of a structured tool of LangChain, in any of its versions. */
export interface LangChainTool {
  readonly name: string;
  readonly schema: unknown;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one type that every invoke is assignable to
  invoke(input: any, config?: any): Promise<any>;
}

/** A model's call of a tool. */
export interface LangChainToolCall {
  readonly type?: 'tool_call';
  readonly id?: string;
  readonly name: string;
  readonly args: Record<string, unknown>;
}

/** The tool without the parameter `N`. */
export type CredentialTool<T extends LangChainTool, N extends string> = Omit<
  T,
  'schema' | 'invoke' | 'call' | 'func'
> & {
  schema: T['schema'] extends object ? HiddenSchema<T['schema'], N> : T['schema'];
  invoke<I extends WithoutParameter<InputOf<T['schema']>, N> | LangChainToolCall>(
    input: I,
    config?: Parameters<T['invoke']>[1],
  ): Promise<I extends LangChainToolCall ? MessageOf<ResultOf<T>> : Exclude<ResultOf<T>, Message>>;
  /** @deprecated as in LangChain itself: use `invoke` */
  call<I extends WithoutParameter<InputOf<T['schema']>, N> | LangChainToolCall>(
    input: I,
    config?: Parameters<T['invoke']>[1],
    tags?: string[],
  ): Promise<I extends LangChainToolCall ? MessageOf<ResultOf<T>> : Exclude<ResultOf<T>, Message>>;
};

type ResultOf<T extends LangChainTool> = Awaited<ReturnType<T['invoke']>>;

/** What tells a tool's message from its output. */
interface Message {
  readonly tool_call_id: string;
}

type MessageOf<R> = 0 extends 1 & R ? R : Extract<R, Message>;

/** What a schema takes: zod 4, zod 3 and every other Standard Schema say; of JSON Schema nothing is known. */
type InputOf<S> = S extends { readonly _input: infer I }
  ? I
  : S extends { readonly '~standard': { readonly types?: { readonly input: infer I } | undefined } }
    ? I
    : Record<string, unknown>;

/** `Omit` that keeps unions apart. */
type WithoutParameter<I, N extends string> = I extends object ? { [K in keyof I as K extends N ? never : K]: I[K] } : I;
