import type { ValueContext } from './finding.js';
import type { Part } from './part.js';
import { headerPrefixes, isSecretName, placeByHeader, placeByVariable } from './credential-names.js';
import { isReference, isUnknownScheme, referenceDefault } from './reference.js';
import { splitJson } from './split-json.js';
import { splitUrl } from './split-url.js';

/**
 * The parts of a value that may be keys: of JSON in a string, of an address, of `NAME=value`, `--name=value` and
 * `Name: value`, of lists of those; without quotes and schemes. One that is nothing of the kind is its own only part.
 */
export async function splitValue(text: string, context: ValueContext, start = 0, end = text.length): Promise<Part[]> {
  [start, end] = withoutQuotes(text, start, end);
  const value = text.slice(start, end);
  if (value === '') return [];
  if (isReference(value)) return [{ start, end, context }];
  const again = (from: number, to: number, changes: Partial<ValueContext>) =>
    splitValue(text, { ...context, ...changes }, start + from, start + to);

  const fallback = referenceDefault(value);
  if (fallback !== undefined) return again(fallback.start, fallback.end, {});
  if (/^[[{]/.test(value)) {
    const members = await splitJson(value);
    if (members !== undefined) {
      const parts = await Promise.all(
        members.map(({ from, to, name }) => again(from, to, name === undefined ? {} : { name })),
      );
      return parts.flat();
    }
  }
  const named = isUnknownScheme(value) && !/^[^/]*\/\/[^/]*@/.test(value);
  const address = named ? undefined : splitUrl(value, context);
  if (address !== undefined) return address.map((part) => moved(part, start));
  const pairs = splitPairs(value, context);
  if (pairs !== undefined) {
    const parts = await Promise.all(pairs.map(({ from, to, name, place }) => again(from, to, { name, place })));
    return parts.flat();
  }
  const scheme = schemeLength(value);
  const [part] = scheme === 0 ? [] : await again(scheme, value.length, {});
  if (part === undefined) return [{ start, end, context }];
  // "Bearer" says what follows where the name does not: AUTH_HEADER.
  const { name = '' } = context;
  const says = isSecretName(name) || placeByVariable(name).known || placeByHeader(name).known;
  return [says ? part : { ...part, context: { ...context, name: 'bearer' } }];
}

const moved = ({ start, end, context }: Part, by: number): Part => ({ start: start + by, end: end + by, context });

function withoutQuotes(text: string, start: number, end: number): [number, number] {
  while (start < end && /\s/.test(text.charAt(start))) start += 1;
  while (end > start && /\s/.test(text.charAt(end - 1))) end -= 1;
  const quote = text.charAt(start);
  if (end - start >= 2 && /["'`]/.test(quote) && text.charAt(end - 1) === quote)
    return withoutQuotes(text, start + 1, end - 1);
  return [start, end];
}

interface Pair {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly place: ValueContext['place'];
}

/** `--name=value`, `NAME=value`, `Name: value`, or a list of them. */
function splitPairs(value: string, { place }: ValueContext): Pair[] | undefined {
  const flag = /^--?([A-Za-z][\w.-]*)=/.exec(value);
  if (flag?.[1] !== undefined) return [{ from: flag[0].length, to: value.length, name: flag[1], place: 'argument' }];
  const list = listed(value);
  if (list === undefined) return undefined;
  // A key may hold "=" and ":" itself: where a key is expected, only a name that says so makes a pair of it.
  const telling = list.some(({ name, place: pairPlace }) =>
    pairPlace === 'header'
      ? placeByHeader(name).known || isSecretName(name)
      : isSecretName(name) || placeByVariable(name).known,
  );
  return telling || (place === 'argument' && list[0]?.place === 'env') ? list : undefined;
}

const pairStart = /([A-Za-z_][A-Za-z0-9_. -]{0,63}?)\s?([:=])(?![:=/])/y;

function listed(value: string): Pair[] | undefined {
  const pairs: Pair[] = [];
  let at = 0;
  while (at < value.length) {
    pairStart.lastIndex = at;
    const match = pairStart.exec(value);
    if (match === null) return pairs.length > 0 && value.slice(at).trim() === '' ? pairs : undefined;
    const from = pairStart.lastIndex;
    const next = /[,;\n]\s*(?=[A-Za-z_][A-Za-z0-9_. -]{0,63}?\s?[:=](?![:=/]))|[;\n,]\s*$/.exec(value.slice(from));
    const to = next === null ? value.length : from + next.index;
    const [, name = '', sign] = match;
    pairs.push({ from, to, name: name.trim(), place: sign === ':' ? 'header' : 'env' });
    at = next === null ? value.length : to + next[0].length;
  }
  return pairs.every(({ from, to }) => !/^=*$/.test(value.slice(from, to))) ? pairs : undefined;
}

const commonSchemes =
  /^(?:bearer|basic|token|apikey|api-key|key|bot|ssws|digest|negotiate|access_token|oauth)\s+(?=\S)/i;

/** How much of a header's value stands before the key. */
function schemeLength(value: string): number {
  const prefix = headerPrefixes()
    .filter((text) => text !== '' && value.toLowerCase().startsWith(text.toLowerCase()))
    .reduce((longest, { length }) => Math.max(longest, length), 0);
  return Math.max(prefix, commonSchemes.exec(value)?.[0].length ?? 0);
}
