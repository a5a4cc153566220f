/** A text in pieces: what it says, and in place of each secret a reference to it. */
export type ConcealedText = readonly (string | ConcealedSecret)[];

interface ConcealedSecret {
  /** Which of the secrets. */
  readonly secret: number;
  /** How its characters were written where they were not written as themselves: `[3, "u005f"]` for `\u005f`. */
  readonly escapes?: readonly (readonly [index: number, written: Escape])[];
}

/** The way of an escape, which tells nothing of the character: `\uXXXX` in lower or upper case, `\UXXXXXXXX`, `\xXX`, or `\` and itself. */
type Escape = 'u' | 'U4' | 'U' | 'U8' | 'x' | 'X' | '\\';

const ways: Readonly<Record<Escape, (code: number, character: string) => string>> = {
  u: (code) => `\\u${hex(code, 4)}`,
  U4: (code) => `\\u${hex(code, 4).toUpperCase()}`,
  U: (code) => `\\U${hex(code, 8)}`,
  U8: (code) => `\\U${hex(code, 8).toUpperCase()}`,
  x: (code) => `\\x${hex(code, 2)}`,
  X: (code) => `\\x${hex(code, 2).toUpperCase()}`,
  '\\': (_code, character) => `\\${character}`,
};

/**
 * Takes secrets out of a stretch of a JSON, TOML or YAML text, however they are spelled there. `revealText` with the same
 * secrets gives back the very characters.
 */
export function concealText(text: string, secrets: readonly string[]): ConcealedText {
  const order = secrets.map((_, index) => index).sort((a, b) => (secrets[b]?.length ?? 0) - (secrets[a]?.length ?? 0));
  let pieces: (string | ConcealedSecret)[] = [text];
  for (const index of order) {
    const secret = secrets[index] ?? '';
    const spelled = new RegExp(
      Array.from({ length: secret.length }, (_, at) => spellings(secret.charAt(at))).join(''),
      'g',
    );
    pieces = pieces.flatMap((piece) => (typeof piece === 'string' ? takeOut(piece, spelled, secret, index) : [piece]));
  }
  return pieces;
}

export function revealText(pieces: ConcealedText, secrets: readonly string[]): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : spell(secrets[piece.secret] ?? '', piece)))
    .join('');
}

function takeOut(text: string, spelled: RegExp, secret: string, index: number): (string | ConcealedSecret)[] {
  const pieces: (string | ConcealedSecret)[] = [];
  let from = 0;
  for (const { index: at, 0: match } of text.matchAll(spelled)) {
    pieces.push(text.slice(from, at), concealed(match, secret, index));
    from = at + match.length;
  }
  return [...pieces, text.slice(from)].filter((piece) => piece !== '');
}

function concealed(written: string, secret: string, index: number): ConcealedSecret {
  if (written === secret) return { secret: index };
  const escapes: [number, Escape][] = [];
  let at = 0;
  for (let each = 0; each < secret.length; each++) {
    const character = secret.charAt(each);
    const way = (Object.keys(ways) as Escape[]).find((one) => written.startsWith(escaped(one, character), at));
    if (way !== undefined) escapes.push([each, way]);
    at += way === undefined ? 1 : escaped(way, character).length;
  }
  return { secret: index, escapes };
}

function spell(secret: string, { escapes = [] }: ConcealedSecret): string {
  const byIndex = new Map(escapes);
  return Array.from({ length: secret.length }, (_, at) => {
    const way = byIndex.get(at);
    return way === undefined ? secret.charAt(at) : escaped(way, secret.charAt(at));
  }).join('');
}

function escaped(way: Escape, character: string): string {
  return ways[way](character.charCodeAt(0), character);
}

/** Every way in which a character may be written. */
function spellings(character: string): string {
  const all = [...(Object.keys(ways) as Escape[]).map((way) => escaped(way, character)), character];
  return `(?:${[...new Set(all)].map((one) => one.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
