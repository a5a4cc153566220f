import { inspect } from 'node:util';
import { LONG_ARRAY, ownExtras } from './own-extras.js';
import type { Kind } from './value-kinds.js';

/** One thing that an object holds. */
export interface Part {
  readonly key: unknown;
  readonly value: unknown;
  /**
   * `property`: own. `thrown`: the same, and the value is what its getter threw. `inherited`: what its class gives, an error's
   * message or a request's headers. `entry`: of a map or set. `json`: what an instance's `toJSON` gives. `given`: what an
   * error's own method of that name gives when the error is shown.
   */
  readonly from: 'property' | 'thrown' | 'inherited' | 'entry' | 'json' | 'given';
  readonly isEnumerable: boolean;
}

/** What an object holds; each getter is read once. */
export function partsOf(source: object, kind: Kind): Part[] {
  if (kind === 'array') return arrayParts(source as unknown[]);
  if (kind === 'leaf' || kind === 'atom' || kind === 'function') return ownParts(source, ownExtras(source));
  const parts = ownParts(source, Reflect.ownKeys(source));
  if (kind === 'error') {
    parts.push(...givenParts(source, parts), ...inheritedParts(source, ['name', 'message', 'stack', 'cause']));
  }
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
  return [...parts, ...ownParts(array, ownExtras(array))];
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

/** The methods by which an error is shown, with what each is passed. */
const showing = new Map<unknown, unknown[]>([
  ['toJSON', ['']],
  ['toString', []],
  ['valueOf', []],
  [Symbol.toPrimitive, ['string']],
  [inspect.custom, [0, {}, String]],
]);

function givenParts(source: object, own: readonly Part[]): Part[] {
  return own.flatMap(({ key, value, isEnumerable }): Part[] => {
    const passed = showing.get(key);
    if (passed === undefined || typeof value !== 'function') return [];
    return [
      { key, value: attempt(() => Reflect.apply(value, source, passed) as unknown), from: 'given', isEnumerable },
    ];
  });
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
