import { types } from 'node:util';
import type { FormIndex } from './form-index.js';
import { LONG_ARRAY, ownExtras } from './own-extras.js';

/** Deeper and larger values go the thorough way, which can't run out of stack. */
const MAX_DEPTH = 100;
const MAX_VISITS = 1_000_000;

/**
 * Whether a value of strings, numbers, plain objects and arrays certainly holds no secret. It answers for most values without
 * making anything; "no" means only that a thorough look is needed.
 */
export function isSurelyClean(forms: FormIndex, value: object): boolean {
  try {
    return isClean(forms, value, 0, { left: MAX_VISITS });
  } catch {
    return false;
  }
}

function isClean(forms: FormIndex, value: object, depth: number, visits: { left: number }): boolean {
  if (depth > MAX_DEPTH || --visits.left < 0) return false;
  if (Array.isArray(value)) return isCleanArray(forms, value, depth, visits);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return types.isDate(value) && Reflect.ownKeys(value).length === 0;
  let names = 0;
  for (const key in value) {
    names++;
    if (key.length >= forms.shortest && forms.find(key) !== undefined) return false;
    if (!isCleanPart(forms, (value as Record<string, unknown>)[key], depth, visits)) return false;
  }
  return Object.getOwnPropertyNames(value).length === names && Object.getOwnPropertySymbols(value).length === 0;
}

function isCleanArray(forms: FormIndex, array: readonly unknown[], depth: number, visits: { left: number }): boolean {
  const hasMore =
    array.length <= LONG_ARRAY
      ? Object.getOwnPropertyNames(array).length > array.length + 1
      : ownExtras(array).length > 0;
  if (hasMore) return false;
  visits.left -= array.length;
  for (let index = 0; index < array.length && visits.left >= 0; index++) {
    if (!isCleanPart(forms, array[index], depth, visits)) return false;
  }
  return visits.left >= 0 && Object.getOwnPropertySymbols(array).length === 0;
}

function isCleanPart(forms: FormIndex, part: unknown, depth: number, visits: { left: number }): boolean {
  switch (typeof part) {
    case 'string':
      return part.length < forms.shortest || forms.find(part) === undefined;
    case 'object':
      return part === null || isClean(forms, part, depth + 1, visits);
    case 'number':
    case 'bigint':
      return !forms.hasNumbers || forms.find(String(part)) === undefined;
    case 'symbol':
      return forms.find(part.description ?? '') === undefined;
    case 'function':
      return ownExtras(part).length === 1 && part.name.length < forms.shortest; // its name is one
    default:
      return true;
  }
}
