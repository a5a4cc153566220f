import type { Redaction } from './item-redaction.js';
import { RedactedAsyncIterator } from './wrap-iterator.js';

/**
 * An instance that can't be searched now, as it or something in it gives its content later: a page of results that is iterated
 * over, a client's answer that holds a `Response`, a pair of streams. It stays of its class; whatever is read from it, its
 * methods' results included, is redacted on the way. Its methods run on the instance itself, which is not altered.
 */
export function wrapInstance(source: object, redaction: Redaction): unknown {
  const within = redaction.remembering();
  const read = (key: PropertyKey): unknown => {
    const value: unknown = Reflect.get(source, key, source);
    if (typeof value !== 'function' || key === 'constructor') return within.value(value);
    if (key !== Symbol.asyncIterator) return (...passed: unknown[]) => call(source, value, passed, within);
    return () => new RedactedAsyncIterator(Reflect.apply(value, source, []) as AsyncIterator<unknown>, within);
  };
  return new Proxy(Object.create(Object.getPrototypeOf(source) as object | null) as object, {
    get: (_, key) => read(key),
    set: (_, key, value) => Reflect.set(source, key, value, source),
    has: (_, key) => Reflect.has(source, key),
    deleteProperty: (_, key) => Reflect.deleteProperty(source, key),
    ownKeys: () => Reflect.ownKeys(source),
    getOwnPropertyDescriptor(_, key) {
      const property = Reflect.getOwnPropertyDescriptor(source, key);
      const enumerable = property?.enumerable === true;
      return property && { value: read(key), enumerable, writable: true, configurable: true };
    },
  });
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- whatever an instance has
function call(source: object, method: Function, passed: unknown[], redaction: Redaction): unknown {
  try {
    return redaction.value(Reflect.apply(method, source, passed) as unknown);
  } catch (error) {
    throw redaction.error(error);
  }
}
