import { LONG_ARRAY } from './is-clean.js';
import type { Kind } from './value-kinds.js';

/** One thing that an object holds. */
export interface Part {
  readonly key: unknown;
  readonly value: unknown;
  /**
   * `property`: own. `thrown`: the same, and the value is what its getter threw. `inherited`: what its class gives, an error's
   * message or a request's headers. `entry`: of a map or set.
   */
  readonly from: 'property' | 'thrown' | 'inherited' | 'entry' | 'json';
  readonly isEnumerable: boolean;
}

/** What an object holds; each getter is read once. */
export function partsOf(source: object, kind: Kind): Part[] {
  if (kind === 'array') return arrayParts(source as unknown[]);
  const parts = ownParts(source, Reflect.ownKeys(source));
  if (kind === 'error') parts.push(...inheritedParts(source, ['name', 'message', 'stack', 'cause']));
  if (kind === 'live') parts.push(...inheritedParts(source, ['url', 'headers', 'statusText']));
  if (kind === 'instance') parts.push(...jsonParts(source));
  if (kind === 'map') for (const [key, value] of source as Map<unknown, unknown>) parts.push(entry(key, value));
  if (kind === 'set') for (const value of source as Set<unknown>) parts.push(entry(undefined, value));
  return parts;
}

function arrayParts(array: unknown[]): Part[] {
  if (array.length <= LONG_ARRAY) return ownParts(array, Reflect.ownKeys(array)).filter(({ key }) => key !== 'length');
  const parts: Part[] = [];
  for (let index = 0; index < array.length; index++) {
    if (index in array) parts.push({ key: index, value: array[index], from: 'property', isEnumerable: true });
  }
  return parts;
}

function ownParts(source: object, keys: readonly PropertyKey[]): Part[] {
  const parts: Part[] = [];
  for (const key of keys) {
    const property = Reflect.getOwnPropertyDescriptor(source, key);
    if (property === undefined) continue;
    const isEnumerable = property.enumerable === true;
    if (property.get === undefined) parts.push({ key, value: property.value, from: 'property', isEnumerable });
    else parts.push({ key, ...readGetter(source, key), isEnumerable });
  }
  return parts;
}

/** What a getter throws could hold a secret as well. */
function readGetter(source: object, key: PropertyKey): Pick<Part, 'value' | 'from'> {
  try {
    return { value: Reflect.get(source, key) as unknown, from: 'property' };
  } catch (error) {
    return { value: error, from: 'thrown' };
  }
}

function inheritedParts(source: object, keys: readonly string[]): Part[] {
  return keys
    .filter((key) => !Object.hasOwn(source, key))
    .map((key): Part => ({
      key,
      value: attempt(() => Reflect.get(source, key) as unknown),
      from: 'inherited',
      isEnumerable: false,
    }))
    .filter(({ value }) => value !== undefined);
}

function jsonParts(source: object): Part[] {
  const toJson: unknown = attempt(() => Reflect.get(source, 'toJSON') as unknown);
  if (typeof toJson !== 'function') return [];
  const value: unknown = attempt(() => Reflect.apply(toJson, source, ['']) as unknown);
  return [{ key: undefined, value, from: 'json', isEnumerable: false }];
}

function entry(key: unknown, value: unknown): Part {
  return { key, value, from: 'entry', isEnumerable: true };
}

/** What fails gives nothing. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
