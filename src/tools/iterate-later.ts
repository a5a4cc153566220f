import { AsyncResource } from 'node:async_hooks';

/**
 * The async generator that a promise is to give. A generator's body runs at the first `next()`; so does everything before it,
 * but in the async context of the call: whose credential it is to be, the caller says and not who reads.
 */
export function iterateLater(start: () => Promise<AsyncGenerator>): AsyncGenerator {
  return iterate(AsyncResource.bind(start));
}

async function* iterate(start: () => Promise<AsyncGenerator>): AsyncGenerator {
  return (yield* await start()) as unknown;
}

/** Whether a call of a function gives an async generator; of one that was compiled for older engines nobody can tell. */
export function isAsyncGeneratorFunction(fn: unknown): boolean {
  return Object.prototype.toString.call(fn) === '[object AsyncGeneratorFunction]';
}
