import { catalogEntry, fitsKeyShape, matchedPrefix, recognizeKey, type CatalogEntry } from '../catalog/index.js';
import { ClavigerError } from '../errors.js';
import type { KeyShape, ProviderDefinition, Secret } from '../index.js';

/** What the registry will not resolve, because it can't be redacted. */
const SHORT = 8;

/**
 * Looks at a key before it is stored.
 *
 * @returns a warning if it does not look like a key of that provider: vendors change their formats, so no more than that
 * @throws ClavigerError `ERR_SECRET_INVALID` if it is too short to be used later
 */
export function checkKey(secret: Secret, definition: ProviderDefinition | undefined): string | undefined {
  const value = secret.reveal();
  if (value.length < SHORT && definition?.allowShortSecret !== true) {
    const message =
      `a key of fewer than ${SHORT} characters can't be redacted and so would not be used: check that it was copied whole, ` +
      'or set allowShortSecret for its provider first';
    throw new ClavigerError('ERR_SECRET_INVALID', message);
  }
  if (definition === undefined) return undefined;
  const { uses, shape, name } = definition;
  const entry = uses === undefined || shape !== undefined ? undefined : catalogEntry(uses);
  if (entry !== undefined) return catalogWarning(entry, value);
  if (shape === undefined || fitsShape(shape, value)) return undefined;
  return `this does not look like a key of ${name}, going by the shape in its definition`;
}

function catalogWarning(entry: CatalogEntry, value: string): string | undefined {
  const other = recognizeKey(value);
  const fits = fitsKeyShape(entry, value);
  if (
    other !== undefined &&
    other.id !== entry.id &&
    matchedPrefix(other, value) > (fits ? matchedPrefix(entry, value) : 0)
  ) {
    return `this looks like a key of ${other.title}, not of ${entry.title}`;
  }
  if (fits) return undefined;
  const starts = entry.keyShape?.prefix;
  return `this does not look like a key of ${entry.title}${starts === undefined ? '' : `: those begin with ${starts.join(' or ')}`}`;
}

function fitsShape({ prefix = '', suffix = '', length, alphabet, jwt }: KeyShape, value: string): boolean {
  if (jwt) return value.split('.').length === 3;
  if (!value.startsWith(prefix) || !value.endsWith(suffix)) return false;
  if (length !== undefined && value.length !== length) return false;
  const middle = value.slice(prefix.length, value.length - suffix.length);
  return alphabet === undefined || Array.from(middle).every((character) => alphabet.includes(character));
}
