import type { Part } from './part.js';

/** Where a name for secrets ends and something follows that may be its value. */
const nameEnds =
  /(?:key|token|secret|passw(?:or)?d|passphrase|pwd|pass|pat|bearer|credentials?|auth(?:orization)?)\d{0,2}(?<between>["'\]]{0,2}[ \t]{0,8}(?:=>|:=|[:=](?![:=>]))[ \t]{0,8}|["'],\s{0,80}(?=["'])|[ \t]+(?=\S))/gi;

/** What a value without quotes is made of; a reference in it is one whole. */
const bare =
  /(?:(?:bearer|basic|token|apikey|key|bot)[ \t]+)?(?:\$\{[^}\n]{0,256}\}|\$\([^)\n]{0,256}\)|[^\s"'`,;<>()[\]{}|&\\])+/iy;

const longest = 4096;

/**
 * The values in a text that stand under a name for secrets: `NAME=value`, `name: value`, `"name": "value"`,
 * `--name value`, `"--name", "value"`, `set -gx NAME value`.
 */
export function* namedValues(text: string): Generator<Part> {
  for (const match of text.matchAll(nameEnds)) {
    const between = match.groups?.['between'] ?? '';
    const nameStart = startOfName(text, match.index);
    const written = text.slice(nameStart, match.index + match[0].length - between.length);
    const isFlag = /^--?[A-Za-z]/.test(written);
    if (!/[:=]/.test(between) && !isFlag && !isSetBefore(text, nameStart)) continue;
    const value = valueAt(text, match.index + match[0].length);
    if (value === undefined) continue;
    const name = written.replace(/^.*\./, '').replace(/^-+/, '');
    yield { ...value, context: { name, place: isFlag ? 'argument' : 'env' } };
  }
}

function startOfName(text: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < 80 && /[\w.-]/.test(text.charAt(start - 1))) start -= 1;
  return start;
}

/** The shells that assign with a blank: fish's `set`, Windows' `setx`. */
function isSetBefore(text: string, at: number): boolean {
  return /(?:^|[\s;&])(?:set|setx|setenv)\s+(?:-\w+\s+)*$/i.test(text.slice(Math.max(0, at - 40), at));
}

function valueAt(text: string, at: number): { start: number; end: number } | undefined {
  const quote = text.charAt(at);
  if (quote === '"' || quote === "'" || quote === '`') {
    const end = closing(text, at + 1, quote);
    return end === undefined ? undefined : { start: at + 1, end };
  }
  bare.lastIndex = at;
  const match = bare.exec(text);
  if (match === null || match[0].length > longest) return undefined;
  const end = bare.lastIndex;
  // A call or an element of something: code, and no value.
  return /[([]/.test(text.charAt(end)) ? undefined : { start: at, end };
}

function closing(text: string, from: number, quote: string): number | undefined {
  for (let at = from; at < text.length && at - from <= longest; at += 1) {
    const character = text.charAt(at);
    if (character === '\n') return undefined;
    if (character === '\\') at += 1;
    else if (character === quote) return at;
  }
  return undefined;
}
