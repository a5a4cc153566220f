import type * as zod from 'zod';
import type * as mini from 'zod/mini';
import type { StandardSchema } from './standard-schema.js';

/** `Omit` that keeps each member of a union and leaves what is no object alone. */
type WithoutKey<T, N extends string> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T as K extends N ? never : K]: T[K] }
    : T;

/** The type of a schema without its parameter `N`. */
export type HiddenSchema<S, N extends string> =
  S extends zod.ZodObject<infer Shape, infer Config>
    ? zod.ZodObject<WithoutEntry<Shape, N>, Config>
    : S extends mini.ZodMiniObject<infer Shape, infer Config>
      ? mini.ZodMiniObject<WithoutEntry<Shape, N>, Config>
      : S extends ArkTypeLike<infer Input, infer Output>
        ? ArkTypeLike<WithoutKey<Input, N>, WithoutKey<Output, N>>
        : S extends StandardTyped<infer Input, infer Output>
          ? StandardSchema<WithoutKey<Input, N>, WithoutKey<Output, N>>
          : HiddenJsonSchema<S, N>;

type WithoutEntry<Shape, N extends string> = { [K in keyof Shape as K extends N ? never : K]: Shape[K] };

/** What may be said of an ArkType type without importing the library's types. */
export interface ArkTypeLike<Input, Output> extends StandardSchema<Input, Output> {
  readonly infer: Output;
  readonly inferIn: Input;
  readonly expression: string;
  allows(data: unknown): boolean;
  assert(data: unknown): Output;
  toJsonSchema(): object;
}

/** Any Standard Schema; a union in `types` because libraries differ in whether they admit `undefined`. */
interface StandardTyped<Input, Output> {
  readonly '~standard': { readonly types?: { readonly input: Input; readonly output: Output } | undefined };
}

type Combinator = 'allOf' | 'anyOf' | 'oneOf';
type RequiredNames<S> = S extends { readonly required: readonly (infer Name)[] } ? Name : never;

/** Out of `properties` and `required`, through combinators as far as they are written out in the type. */
export type HiddenJsonSchema<S, N extends string> = S extends object
  ? {
      [K in keyof S as K extends 'required' ? never : K]: K extends 'properties'
        ? WithoutKey<S[K], N>
        : K extends Combinator
          ? { [I in keyof S[K]]: HiddenJsonSchema<S[K][I], N> }
          : S[K];
    } & HiddenRequired<RequiredNames<S>, N>
  : S;

type HiddenRequired<Name, N> = [Exclude<Name, N>] extends [never]
  ? unknown
  : string extends Name
    ? { readonly required?: readonly string[] }
    : { readonly required: readonly Exclude<Name, N>[] };
