import { catalogEntry, fitsKeyShape, matchedPrefix, recognizeKey, type CatalogEntry } from '../catalog/index.js';
import { isPlaceholder, isReference, judgeText } from '../detection/index.js';
import { ClavigerError } from '../errors.js';
import type { KeyShape, ProviderDefinition, Secret } from '../index.js';

/** What the registry will not resolve, because it can't be redacted. */
const SHORT = 8;

/** Prefixes this long are somebody's own; shorter ones, such as `sk-`, are shared by many. */
const OWN_PREFIX = 4;

/**
 * Looks at a key before it is stored.
 *
 * @returns a warning, which repeats nothing of the value, if it does not look like a key of that provider: vendors change
 * their formats, so no more than that
 * @throws ClavigerError `ERR_SECRET_INVALID` if it is too short to be used later
 */
export async function checkKey(
  secret: Secret,
  definition: ProviderDefinition | undefined,
): Promise<string | undefined> {
  const value = secret.reveal();
  if (value.length < SHORT && definition?.allowShortSecret !== true) {
    const message =
      `a key of fewer than ${SHORT} characters can't be redacted and so would not be used: check that it was copied whole, ` +
      'or set allowShortSecret for its provider first';
    throw new ClavigerError('ERR_SECRET_INVALID', message);
  }
  if (isReference(value))
    return 'this names a secret that is elsewhere, and is stored as it was entered: store what it names';
  if (isPlaceholder(value)) return 'this looks like a placeholder from an example, and not like a key';
  return definition === undefined ? undefined : mismatch(value, definition);
}

async function mismatch(value: string, definition: ProviderDefinition): Promise<string | undefined> {
  const { uses, shape, name } = definition;
  if (shape !== undefined)
    return fitsShape(shape, value)
      ? undefined
      : `this does not look like a key of ${name}, going by the shape in its definition`;
  const entry = uses === undefined ? undefined : catalogEntry(uses);
  return entry === undefined ? foreignKey(value, definition) : catalogWarning(entry, value);
}

/** For an API of one's own: a key that is known to be another's would be sent there. */
function foreignKey(value: string, { name, baseUrl, destinations = [] }: ProviderDefinition): string | undefined {
  const other = recognizeKey(value);
  if (other === undefined || matchedPrefix(other, value) < OWN_PREFIX) return undefined;
  const host = /^https:\/\/[^/{}]+/.exec(other.baseUrl)?.[0];
  const goesThere = [baseUrl ?? '', ...destinations].some((address) => host !== undefined && address.includes(host));
  return goesThere
    ? undefined
    : `this looks like a key of ${other.title}, which ${name} is not: it would be sent to ${name}`;
}

async function catalogWarning(entry: CatalogEntry, value: string): Promise<string | undefined> {
  const other = recognizeKey(value);
  const fits = fitsKeyShape(entry, value);
  if (
    other !== undefined &&
    other.id !== entry.id &&
    matchedPrefix(other, value) > (fits ? matchedPrefix(entry, value) : 0)
  ) {
    return `this looks like a key of ${other.title}, not of ${entry.title}`;
  }
  if (fits && entry.keyShape !== undefined) return undefined;
  const rule = await ruleOf(value);
  if (rule !== undefined) return `this looks like a ${rule}, not like a key of ${entry.title}`;
  if (fits) return undefined;
  const starts = entry.keyShape?.prefix;
  return `this does not look like a key of ${entry.title}${starts === undefined ? '' : `: those begin with ${starts.join(' or ')}`}`;
}

/** What the maintained rules say a value is, whole: `databricks personal access token`. */
async function ruleOf(value: string): Promise<string | undefined> {
  const [finding] = await judgeText(value);
  const whole = finding?.certainty === 'shape' && finding.start === 0 && finding.end === value.length;
  return whole ? finding.rule?.replaceAll('-', ' ') : undefined;
}

function fitsShape({ prefix = '', suffix = '', length, alphabet, jwt }: KeyShape, value: string): boolean {
  if (jwt) return value.split('.').length === 3;
  if (!value.startsWith(prefix) || !value.endsWith(suffix)) return false;
  if (length !== undefined && value.length !== length) return false;
  const middle = value.slice(prefix.length, value.length - suffix.length);
  return alphabet === undefined || Array.from(middle).every((character) => alphabet.includes(character));
}
