import type { ParameterPlacement, Placement, RequestPlacement } from '../placement/placement.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one type that every function is assignable to
export type AnyFunction = (...args: any[]) => unknown;

/** Where `withCredential` can put a credential. */
export type Into = string | number | RequestPlacement | ParameterPlacement;

/** What a caller writes in `into`, seen as the parameter's name or position; `never` for a request placement. */
type ParameterOf<I> = I extends string | number ? I : I extends ParameterPlacement<infer N> ? N : never;

/** The type of a function once its credential comes from elsewhere. */
export type WithoutCredential<F extends AnyFunction, I extends Into | Placement> = (
  this: ThisParameterType<F>,
  ...args: WithoutParameter<Parameters<F>, ParameterOf<I>>
) => Deferred<ReturnType<F>>;

/** Async generators stay what they are; everything else becomes a promise. */
type Deferred<R> =
  R extends AsyncGenerator<infer T, infer TReturn, infer TNext>
    ? AsyncGenerator<T, TReturn, TNext>
    : Promise<Awaited<R>>;

type WithoutParameter<Args extends unknown[], N> = [N] extends [never]
  ? Args
  : N extends number
    ? WithoutPosition<Args, N>
    : N extends string
      ? WithoutProperty<Args, N>
      : never;

/** `[q, opts?, key]` without position 2 is `[q, opts?]`. */
type WithoutPosition<Args extends unknown[], N extends number, Seen extends unknown[] = []> = Seen['length'] extends N
  ? Args extends [unknown?, ...infer Rest]
    ? Rest
    : []
  : Args extends [infer First, ...infer Rest]
    ? [First, ...WithoutPosition<Rest, N, [...Seen, unknown]>]
    : Args extends [(infer First)?, ...infer Rest]
      ? number extends Args['length']
        ? Args
        : [First?, ...WithoutPosition<Rest, N, [...Seen, unknown]>]
      : [];

/** The first argument without the property; left out altogether where nothing required remains. */
type WithoutProperty<Args extends unknown[], N extends string> = Args extends [(infer First)?, ...infer Rest]
  ? undefined extends Args[0]
    ? [args?: Without<NonNullable<First>, N>, ...rest: Rest]
    : Record<never, never> extends Without<First, N>
      ? [args?: Without<First, N>, ...rest: Rest]
      : [args: Without<First, N>, ...rest: Rest]
  : Args;

/** `Omit` that keeps unions apart. */
type Without<T, N extends string> = T extends unknown ? Omit<T, N> : never;
