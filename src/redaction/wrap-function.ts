import type { Redaction } from './item-redaction.js';

export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A function that does the same and gives no secret; its own properties are for others to set. */
export function wrapFunction(source: Method, redaction: Redaction): Method {
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    try {
      return redaction.value(Reflect.apply(source, this, args));
    } catch (error) {
      throw redaction.error(error);
    }
  };
  Reflect.deleteProperty(wrapper, 'name');
  return Object.defineProperty(wrapper, 'length', { value: source.length });
}
