import { fitsKeyShape, matchedPrefix, type CatalogEntry } from '../catalog/index.js';
import { recognized } from './catalog-shapes.js';
import {
  entryByHost,
  isPathName,
  isSecretName,
  placeByHeader,
  placeByQuery,
  placeByVariable,
  type NamedPlace,
} from './credential-names.js';
import { findShapes } from './find-shapes.js';
import { withoutOverlaps, type Finding, type ValueContext } from './finding.js';
import { isPlaceholder } from './placeholder.js';
import { looksRandom } from './random-text.js';
import { holdsReference, isUnknownScheme } from './reference.js';
import type { Part } from './part.js';
import { splitValue } from './split-value.js';

/** What the registry refuses to use, because it can't be redacted; and no key is as short. */
const shortest = 8;

/**
 * The keys in a value, and how sure that is: what the format declares, then a provider of the catalog by name, header or
 * host, then the published form of a key, then a name for secrets with something random in it. References and
 * placeholders are none.
 */
export async function judgeValue(value: string, context: ValueContext): Promise<Finding[]> {
  const parts = await splitValue(value, context);
  const composite =
    parts.length !== 1 || parts.some(({ context: { place } }) => /^(?:path|query|userinfo)$/.test(place));
  const found = parts.flatMap((part) =>
    judgePart(value, composite ? { ...part, context: { ...part.context, declared: false } } : part),
  );
  const findings = withoutOverlaps([...found, ...(await shapesIn(value, context))]);
  if (context.declared !== true || !composite) return findings;
  if (findings.length > 0) return findings.map((finding) => ({ ...finding, certainty: 'declared' }));
  const texts = [value, ...parts.map(({ start, end }) => value.slice(start, end))];
  if (texts.some((text) => isPlaceholder(text) || holdsReference(text))) return [];
  return [{ start: 0, end: value.length, certainty: 'declared' }];
}

/** By form alone, with the name before the value: some rules want both. */
async function shapesIn(value: string, { name }: ValueContext): Promise<Finding[]> {
  const before = name === undefined ? '' : `${name}=`;
  const shapes = await findShapes(before + value);
  return shapes
    .map((finding) => ({ ...finding, start: finding.start - before.length, end: finding.end - before.length }))
    .filter(({ start }) => start >= 0);
}

/** A part of a value by what is known of its place, and not by its form. */
export function judgePart(value: string, { start, end, context }: Part): Finding[] {
  const text = value.slice(start, end);
  const { name = '', declared = false } = context;
  if (text.length < shortest || isPlaceholder(text) || holdsReference(text)) return [];
  if (!declared && isPathName(name)) return [];
  const place = placeOf(context);
  const secret = declared || place.known || isSecretName(name);
  if (secret && isUnknownScheme(text)) return [{ start, end, rule: 'unknown-scheme', certainty: 'name' }];

  const provider = providerOf(place, text, context);
  const whole = { start, end, ...(provider !== undefined && { provider }) };
  if (declared) return [{ ...whole, certainty: 'declared' }];
  if (place.known && !/\s/.test(text) && !isAddress(text)) return [{ ...whole, certainty: 'catalog' }];
  return judgeByLooks(whole, text, context);
}

/** A password in an address is one by the address's own form; the rest is unsure. */
function judgeByLooks(whole: Omit<Finding, 'certainty'>, text: string, { place, name }: ValueContext): Finding[] {
  const inAddress = place === 'path' || place === 'userinfo';
  if (!inAddress && (name === undefined || !isSecretName(name))) return [];
  if (place === 'userinfo' && name === 'password')
    return [{ ...whole, rule: 'password-in-address', certainty: 'shape' }];
  if (!looksRandom(text) || (place === 'userinfo' && text.length < 20)) return [];
  return place === 'path' && !isOpaqueSegment(text) ? [] : [{ ...whole, certainty: 'name' }];
}

/** What the name of the place says, by what kind of name it is. */
function placeOf({ place, name, host }: ValueContext): NamedPlace {
  if (name === undefined) return { known: false };
  const asHeader = placeByHeader(name, host);
  if (place === 'header') return asHeader;
  if (place === 'query') return placeByQuery(name, host);
  const asVariable = placeByVariable(name);
  if (asVariable.known || place === 'userinfo' || place === 'path') return asVariable;
  // JSON in a variable, and flags for headers, name headers too.
  return /^(?:proxy-)?authorization$|^x-/i.test(name) ? asHeader : asVariable;
}

/** By the name; but a key that has the form of another provider's, and not of that one's, is the other's. */
function providerOf(
  { known, entry }: NamedPlace,
  text: string,
  { host, place, name }: ValueContext,
): string | undefined {
  const other = recognized(text);
  if (entry === undefined) return (other ?? atHost())?.id;
  return other !== undefined && !fitsKeyShape(entry, text) && isTelling(other) ? other.id : entry.id;

  function isTelling(candidate: CatalogEntry): boolean {
    return matchedPrefix(candidate, text) >= 4;
  }
  function atHost(): CatalogEntry | undefined {
    const carries = known || place === 'path' || place === 'query' || (name !== undefined && isSecretName(name));
    return host !== undefined && carries ? entryByHost(host) : undefined;
  }
}

/** A path segment that is neither a word, an id of the usual form, nor a file. */
function isOpaqueSegment(text: string): boolean {
  if (text.length < 20 || /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text) || /\.[a-z0-9]{1,5}$/i.test(text))
    return false;
  return true;
}

const isAddress = (text: string) => /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text);
