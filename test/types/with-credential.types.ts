import { header, parameter, withCredential, type Auth } from '../../src/index.js';

declare const auth: Auth;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const assert = <T extends true>(): T | undefined => undefined;

interface User {
  id: number;
}

// a named parameter leaves the first argument; the result is a promise
const named = withCredential((args: { id: number; apiKey: string }): User => ({ id: args.id }), {
  auth,
  into: 'apiKey',
});
assert<Equal<ReturnType<typeof named>, Promise<User>>>();
void named({ id: 1 });
// @ts-expect-error -- the required rest stays required
void named();
// @ts-expect-error -- the parameter is gone
void named({ id: 1, apiKey: 'x' });
// @ts-expect-error -- and the others keep their types
void named({ id: 'one' });

// nothing required remains: the argument may be left out
const alone = withCredential((args: { apiKey: string; page?: number }) => Promise.resolve(args.page), {
  auth,
  into: parameter('apiKey'),
});
void alone();
void alone({ page: 2 });
assert<Equal<Awaited<ReturnType<typeof alone>>, number | undefined>>();
// @ts-expect-error -- still no such parameter
void alone({ apiKey: 'x' });

// unions stay apart
const union = withCredential((args: { kind: 'a'; a: 1; key: string } | { kind: 'b'; b: 2; key: string }) => args.kind, {
  auth,
  into: 'key',
});
void union({ kind: 'a', a: 1 });
// @ts-expect-error -- no mixture
void union({ kind: 'a', b: 2 });

// further arguments pass
const more = withCredential(
  (args: { key: string; q: string }, context: { trace: string }, last?: number) => [args.q, context.trace, last],
  {
    auth,
    into: 'key',
  },
);
void more({ q: 'x' }, { trace: 't' });
void more({ q: 'x' }, { trace: 't' }, 7);
// @ts-expect-error -- a required argument stays required
void more({ q: 'x' });

// a position leaves the list
const positional = withCredential(
  (q: string, options: { deep: boolean } | undefined, key: string) => q + key + String(options?.deep),
  {
    auth,
    into: 2,
  },
);
void positional('x', undefined);
void positional('x', { deep: true });
// @ts-expect-error -- position 2 is gone
void positional('x', undefined, 'key');
const first = withCredential((key: string, q: string) => q + key, { auth, into: 0 });
void first('x');
// @ts-expect-error -- one argument remains
void first('x', 'y');
const optional = withCredential((q: string, options?: { deep: boolean }, key?: string) => [q, options, key], {
  auth,
  into: 2,
});
void optional('x');
void optional('x', { deep: true });
// @ts-expect-error -- position 2 is gone
void optional('x', { deep: true }, 'key');

// a request placement leaves the type alone
const requested = withCredential(fetch, { auth, into: header('x-api-key') });
assert<Equal<Awaited<ReturnType<typeof requested>>, Response>>();
void requested('https://api.example.com', { method: 'POST' });

// an async generator stays one
const stream = withCredential(
  async function* (args: { key: string; n: number }) {
    for (let index = 0; index < args.n; index++) yield await Promise.resolve(index);
  },
  { auth, into: 'key' },
);
assert<Equal<ReturnType<typeof stream>, AsyncGenerator<number, void, unknown>>>();
stream({ n: 3 });

// `this` is kept
const method = withCredential(
  function (this: { base: string }, args: { key: string }) {
    return this.base + args.key;
  },
  { auth, into: 'key' },
);
void method.call({ base: 'x' });
// @ts-expect-error -- a wrong `this`
void method.call({ base: 1 });

// overloads and type parameters: name the resulting type
const generic = withCredential<<T>(args: { value: T }) => Promise<T>>(
  <T>(args: { value: T; key: string }) => Promise.resolve(args.value),
  { auth, into: 'key' },
);
assert<Equal<Awaited<ReturnType<typeof generic<number>>>, number>>();

// @ts-expect-error -- an auth is needed
withCredential((args: { key: string }) => args, { into: 'key' });
// @ts-expect-error -- an environment variable is nothing that a function has
withCredential((args: { key: string }) => args, { auth, into: { in: 'env', name: 'X' } });
