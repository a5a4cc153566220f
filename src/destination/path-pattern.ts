import { ClavigerError, isClavigerError } from '../errors.js';
import { canonicalPath } from './canonical-path.js';

/** A parsed path pattern; `parsePathPattern` makes it, `matchPath` uses it. */
export interface PathPattern {
  readonly text: string;
  /** How the pattern can be compared: `all` paths, one `exact` path, a `prefix` of whole segments, or by `segments`. */
  readonly kind: 'all' | 'exact' | 'prefix' | 'segments';
  /** For `exact` and `prefix`: the path without its trailing slash. */
  readonly literal: string;
  /** For `segments`: each segment as the literal pieces between its stars. */
  readonly segments: readonly (readonly string[])[];
  /** Whether a final `/**` was written: zero or more segments may follow. */
  readonly open: boolean;
  /** Number of characters that are no wildcard, and number of wildcards: how specific the pattern is. */
  readonly literalLength: number;
  readonly wildcards: number;
}

/**
 * Reads a path pattern of a destination or a product: the one path rule (API.md, "Path rule").
 *
 * Pattern and path lose one trailing `/`; the empty path is `/`. `/` and `/**` match every path. `*` is one or more
 * characters inside a segment. A final `/**` is zero or more segments. Anchored, case-sensitive, everything else
 * literal. An encoded slash or a semicolon in a path stays in its segment, and only a wildcard matches it.
 *
 * | pattern | matches | does not match |
 * | --- | --- | --- |
 * | `/`, `/**` | every path | |
 * | `/a`, `/a/` | `/a`, `/a/` | `/a/b`, `/ab`, `/A`, `/a//` |
 * | `/*` | `/a`, `/a/`, `/a%2Fb`, `/a;b` | `/`, `/a/b` |
 * | `/a/*` | `/a/b`, `/a/b/` | `/a`, `/a/`, `/a/b/c` |
 * | `/a/**` | `/a`, `/a/`, `/a/b/c` | `/ab`, `/` |
 * | `/v1/*.json` | `/v1/x.json`, `/v1/x.y.json` | `/v1/.json`, `/v1/xjson`, `/v1/a/b.json` |
 * | `/v1/a.b` | `/v1/a.b` | `/v1/aXb` |
 * | `/a/*` + `/c/**` | `/a/b/c`, `/a/b/c/d` | `/a/c`, `/a/b/d/c` |
 *
 * Literals are written as a URL parser would: `/é` is `/%C3%A9`, `/%7Eme` is `/~me`.
 *
 * @throws `ERR_CONFIG_INVALID`: no leading `/`, `**` anywhere but as the last segment, `***`, a literal `;` or `%2F`,
 * a malformed percent triplet
 */
export function parsePathPattern(text: string): PathPattern {
  const trimmed = canonicalLiterals(text).replace(/\/$/, '');
  const open = trimmed.endsWith('/**');
  const base = open ? trimmed.slice(0, -3) : trimmed;
  if (base.includes('**')) throw invalid(text, '"**" may stand only as the last segment, alone');
  if (base === '') return { text, kind: 'all', literal: '', segments: [], open: true, literalLength: 0, wildcards: 1 };
  const stars = base.split('*').length - 1;
  return {
    text,
    kind: stars > 0 ? 'segments' : open ? 'prefix' : 'exact',
    literal: base,
    segments: base
      .slice(1)
      .split('/')
      .map((segment) => segment.split('*')),
    open,
    literalLength: base.length - stars,
    wildcards: stars + (open ? 1 : 0),
  };
}

/**
 * Whether a canonical path is meant by a pattern. Linear in the length of the path: nothing backtracks.
 *
 * @param path As `CanonicalUrl.path` or `canonicalPath()` give it.
 */
export function matchPath(pattern: PathPattern, path: string): boolean {
  const { kind, literal } = pattern;
  if (path !== '' && !path.startsWith('/')) return false;
  if (kind === 'all') return true;
  const trimmed = path.endsWith('/') ? path.slice(0, -1) : path;
  if (kind === 'exact') return trimmed === literal;
  if (kind === 'prefix')
    return trimmed === literal || (path.startsWith(literal) && path.startsWith('/', literal.length));
  return matchSegments(pattern, trimmed);
}

function matchSegments({ segments, open }: PathPattern, path: string): boolean {
  let start = 1;
  for (const pieces of segments) {
    if (start > path.length) return false;
    const slash = path.indexOf('/', start);
    const end = slash === -1 ? path.length : slash;
    if (!matchSegment(pieces, path, start, end)) return false;
    start = end + 1;
  }
  return open || start > path.length;
}

/**
 * Whether `path[start, end)` is the pieces in their order, with at least one character for each star between them.
 * The leftmost place for a middle piece leaves the most room for the rest, so the first find is the only one needed.
 */
function matchSegment(pieces: readonly string[], path: string, start: number, end: number): boolean {
  const first = pieces[0] ?? '';
  if (!path.startsWith(first, start)) return false;
  let at = start + first.length;
  if (pieces.length === 1) return at === end;
  for (const piece of pieces.slice(1, -1)) {
    at = findPiece(piece, path, at + 1) + piece.length;
    if (at < start || at > end) return false;
  }
  const last = pieces[pieces.length - 1] ?? '';
  const lastAt = end - last.length;
  return lastAt > at && path.startsWith(last, lastAt) && !insideTriplet(path, lastAt);
}

/** Where a piece is found, or so far to the left that no segment can start there. */
function findPiece(piece: string, path: string, from: number): number {
  let at = path.indexOf(piece, from);
  while (at !== -1 && insideTriplet(path, at)) at = path.indexOf(piece, at + 1);
  return at === -1 ? Number.NEGATIVE_INFINITY : at;
}

/** A star takes whole characters: `%2F` is one of them and never half of it. */
function insideTriplet(path: string, at: number): boolean {
  return path[at - 1] === '%' || path[at - 2] === '%';
}

/** The literals of a pattern in the form that they have in a canonical path. */
function canonicalLiterals(text: string): string {
  if (!text.startsWith('/')) throw invalid(text, 'it must start with "/"');
  if (/;|%2f|%3b/i.test(text))
    throw invalid(text, 'an encoded slash or a ";" is matched by a wildcard only; write "*"');
  if (/^[\w.~!$&'()*+,=:@|[\]/-]*$/.test(text)) return text;
  try {
    return canonicalPath(text);
  } catch (error) {
    if (!isClavigerError(error)) throw error;
    throw invalid(text, error.message.replace('the URL can be read in two ways: its path', 'it'));
  }
}

function invalid(text: string, reason: string): ClavigerError {
  return new ClavigerError('ERR_CONFIG_INVALID', `the path pattern ${JSON.stringify(text)} is not valid: ${reason}`);
}
