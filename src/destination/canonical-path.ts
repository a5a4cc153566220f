import { ambiguous } from './ambiguous.js';

/** A path that is canonical as it stands. Each segment ends only at a `/`, so there is nothing to backtrack into. */
const CANONICAL = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,=:@|[\]-]+)*\/?$/;

/**
 * A piece of a segment (they are divided by encoded slashes) that is a dot segment once dots are decoded and
 * parameters cut. `%(25)*3b` is a semicolon, however often it was encoded.
 */
const DOT_PIECE = /(?:^|%2F)(?:\.|%2E){1,2}(?:$|%2F|;|%(?:25)*3B)/i;

/**
 * The one canonical form of a path: what policy judges and what goes on the wire.
 *
 * Normalised: the case of percent triplets, encoded unreserved characters other than `.`, plain dot segments, raw
 * characters that a URL parser encodes. Refused: what another program could read as another path.
 *
 * | path | becomes |
 * | --- | --- |
 * | `''` | `/` |
 * | `/a/./b/../c` | `/a/c` |
 * | `/%7euser/%41%3a` | `/~user/A%3A` |
 * | `/projects/group%2fname`, `/a;v=1` | `/projects/group%2Fname`, `/a;v=1`: they stay in their segment |
 * | `/a//b`, `/a\b`, `/a%5cb`, `/a%00`, `/a%0a`, `/a b` | refused |
 * | `/%2e%2e/a`, `/..%2fa`, `/a%2f..%2fb`, `/..;x/a`, `/..%3b/a` | refused |
 * | `/%252e`, `/%252f`, `/%255c`, `/%zz`, `/%`, `/%c0%ae` | refused |
 *
 * @param host Named in the error.
 * @throws `ERR_DESTINATION_AMBIGUOUS`
 */
export function canonicalPath(raw: string, host?: string): string {
  if (raw === '') return '/';
  if (CANONICAL.test(raw)) return raw;
  const rule = brokenRule(raw);
  if (rule !== undefined) throw ambiguous(rule, host);
  const path = normaliseTriplets(raw, host);
  const encodedRule = brokenEncodedRule(path);
  if (encodedRule !== undefined) throw ambiguous(encodedRule, host);
  return removeDotSegments(path, host);
}

function brokenRule(raw: string): string | undefined {
  if (raw.includes('\\')) return 'its path holds a backslash';
  if (!raw.startsWith('/')) return 'its path does not start with "/"';
  if (/[\0-\x20\x7f]/.test(raw)) return 'its path holds a space or a control character; encode a space as %20';
  if (raw.includes('//')) return 'its path holds "//"';
  if (/[?#]/.test(raw)) return 'its path holds a "?" or "#"';
  return undefined;
}

/** Every triplet in upper case, of an unreserved character only where that is `.`; the rest of the path ASCII. */
function normaliseTriplets(raw: string, host: string | undefined): string {
  try {
    const ascii = raw.replace(/[^!-~]+|["<>^`{}]/g, encodeURIComponent);
    // Refuses malformed triplets, and bytes that are not UTF-8 (RFC 3629), overlong forms among them.
    decodeURIComponent(ascii);
    return ascii.replace(/%[0-9a-f]{2}/gi, normaliseTriplet);
  } catch {
    throw ambiguous('its path holds a malformed percent triplet or bytes that are not UTF-8', host);
  }
}

function normaliseTriplet(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  return /[\w~-]/.test(character) ? character : triplet.toUpperCase();
}

function brokenEncodedRule(path: string): string | undefined {
  if (path.includes('%5C')) return 'its path holds an encoded backslash';
  if (/%(?:[01][0-9A-F]|7F)/.test(path)) return 'its path holds an encoded control character';
  if (/%25(?:25)*(?:2E|2F|5C)/i.test(path)) return 'its path holds a dot, slash or backslash that is encoded twice';
  return undefined;
}

/** RFC 3986, 5.2.4, for plain dot segments; a disguised one is refused. */
function removeDotSegments(path: string, host: string | undefined): string {
  const segments = path.slice(1).split('/');
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    if (segment === '.' || segment === '..') {
      if (segment === '..') kept.pop();
      if (index === segments.length - 1) kept.push('');
    } else if (DOT_PIECE.test(segment)) {
      throw ambiguous('its path holds a disguised dot segment', host);
    } else {
      kept.push(segment);
    }
  }
  return `/${kept.join('/')}`;
}
