/**
 * The abort signal that a caller passed, wherever functions usually take one: an argument itself, or the `signal` of
 * an options object or a `Request`. Ending the wait for a credential is all that we use it for.
 */
export function findSignal(args: readonly unknown[]): AbortSignal | undefined {
  for (const argument of args) {
    if (argument instanceof AbortSignal) return argument;
    if (typeof argument !== 'object' || argument === null) continue;
    const signal = isRequest(argument) ? argument.signal : ownValue(argument, 'signal');
    if (signal instanceof AbortSignal) return signal;
  }
  return undefined;
}

/** By its brand: naming the global `Request` would load Node's whole fetch. */
export function isRequest(value: unknown): value is Request {
  return Object.prototype.toString.call(value) === '[object Request]';
}

/** Runs no getter of the caller's. */
function ownValue(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}
