import type { StandardSchema } from '../../tools/standard-schema.js';

/** What is used of a tool of the AI SDK, in any of its versions. */
export interface AiTool {
  readonly inputSchema: unknown;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one type that every execute is assignable to
  readonly execute?: ((input: any, options: any) => unknown) | undefined;
}

/** The tool without the parameter `N`: what the SDK infers of it, its calls and its results. */
export type CredentialTool<T, N extends string> = T extends { execute?: infer E }
  ? Omit<T, Retyped> & {
      [K in keyof T as K extends Retyped ? K : never]: K extends 'inputSchema'
        ? StandardSchema<unknown, WithoutParameter<InputOf<E>, N>>
        : K extends 'execute'
          ? (input: WithoutParameter<InputOf<E>, N>, options: OptionsOf<E>) => ResultOf<E>
          : RetypedHook<T[K], N>;
    }
  : never;

/** Everything that speaks of the input. */
type Retyped = 'inputSchema' | 'execute' | 'inputExamples' | 'needsApproval' | 'onInputAvailable' | 'toModelOutput';

type InputOf<E> = NonNullable<E> extends (input: infer I, ...rest: never) => unknown ? I : never;
type OptionsOf<E> = NonNullable<E> extends (input: never, options: infer O) => unknown ? O : never;
type ResultOf<E> = NonNullable<E> extends (...args: never) => infer R ? R : never;

/** Hooks take the input itself or an object that holds it; examples are such objects. */
type RetypedHook<H, N extends string> = H extends (given: infer G, ...rest: infer R) => infer Result
  ? (given: WithoutInput<G, N>, ...rest: R) => Result
  : H extends readonly (infer Example)[]
    ? WithoutInput<Example, N>[]
    : H;

type WithoutInput<G, N extends string> = G extends { input: infer I }
  ? Omit<G, 'input'> & { input: WithoutParameter<I, N> }
  : WithoutParameter<G, N>;

/** `Omit` that keeps unions apart. */
type WithoutParameter<I, N extends string> = I extends object ? { [K in keyof I as K extends N ? never : K]: I[K] } : I;

/** The tools of an MCP toolset: what a server declares is known at run time only. */
export type AiToolset = Record<
  string,
  {
    readonly type: 'dynamic';
    readonly description: string;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the SDK's own schema, whose mark is a unique symbol
    readonly inputSchema: any;
    readonly execute: (input: unknown, options: { abortSignal?: AbortSignal }) => Promise<unknown>;
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- differs between the SDK's versions
    readonly toModelOutput: (options: { output: unknown }) => any;
  }
>;
