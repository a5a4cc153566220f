/**
 * An object like another one, with its prototype, its accessors and what it keeps under symbols, but for some properties. The
 * original is not changed, and nothing of it runs.
 */
export function cloneWith<T extends object>(original: T, changes: Readonly<Record<PropertyKey, unknown>>): T {
  const properties = Object.getOwnPropertyDescriptors(original) as Record<PropertyKey, PropertyDescriptor>;
  for (const key of Reflect.ownKeys(changes)) {
    properties[key] = { value: changes[key as string], enumerable: true, writable: true, configurable: true };
  }
  return Object.create(Object.getPrototypeOf(original) as object | null, properties) as T;
}
