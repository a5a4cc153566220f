/**
 * Finds a value in text, whatever it is wrapped in. This looks from the other side than redaction does, by undoing
 * encodings instead of listing encoded forms, so that the two can't be wrong in the same way.
 */
export function findInText(text: string, value: string): string | undefined {
  for (const view of viewsOf(text)) {
    const found = findForm(view.text, value);
    if (found !== undefined) return [...view.undone, ...found].join(', ') || 'as it is';
  }
  return undefined;
}

/** The same in bytes. */
export function findInBytes(bytes: Buffer, value: string): string | undefined {
  if (bytes.includes(Buffer.from(value, 'utf8'))) return 'as it is';
  if (bytes.includes(Buffer.from(value, 'utf16le'))) return 'UTF-16';
  const latin1 = Buffer.from(value, 'latin1');
  // Where Latin-1 can't hold a character, what is left of the value is another one.
  if (latin1.toString('latin1') === value && bytes.includes(latin1)) return 'Latin-1';
  return findInText(bytes.toString('utf8'), value);
}

interface View {
  readonly text: string;
  readonly undone: readonly string[];
}

/** How many encodings may lie over one another: JSON inside a form inside JSON. */
const DEPTH = 3;

/** Shorter pieces of base64 stand in any text. */
const SHORTEST_BASE64 = 6;

const decoders: Record<string, (text: string) => string> = {
  'JSON-escaped': (text) =>
    text.replace(/\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|([^ux]))/gi, (_, wide?: string, narrow?: string, mark = '') =>
      wide || narrow ? String.fromCharCode(parseInt(wide || narrow || '', 16)) : unescapeMark(mark as string),
    ),
  'percent-encoded': (text) =>
    text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8')),
  'form-encoded': (text) => text.replaceAll('+', ' '),
  'HTML-escaped': (text) =>
    text
      .replace(/&#x([0-9a-f]{1,6});?/gi, (whole, digits: string) => codePoint(parseInt(digits, 16)) ?? whole)
      .replace(/&#([0-9]{1,7});?/g, (whole, digits: string) => codePoint(Number(digits)) ?? whole)
      .replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? ''),
  'broken into lines': (text) => text.replace(/(?:\s|\\r|\\n)+/g, ''),
};

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const marks: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' };

function unescapeMark(mark: string): string {
  return marks[mark] ?? mark;
}

/** The text as it is, and with up to three encodings undone, in any order. */
function viewsOf(text: string): View[] {
  const seen = new Set([text]);
  const views: View[] = [{ text, undone: [] }];
  for (const view of views) {
    if (view.undone.length === DEPTH) continue;
    for (const [encoding, decode] of Object.entries(decoders)) {
      const decoded = decode(view.text);
      if (seen.has(decoded)) continue;
      seen.add(decoded);
      views.push({ text: decoded, undone: [...view.undone, encoding] });
    }
  }
  return views;
}

function findForm(text: string, value: string): string[] | undefined {
  if (text.includes(value)) return [];
  const bytes = Buffer.from(value, 'utf8');
  if (text.toLowerCase().includes(bytes.toString('hex'))) return ['hex'];
  const standard = text.replaceAll('-', '+').replaceAll('_', '/');
  for (const [shift, piece] of base64Pieces(bytes).entries()) {
    if (piece.length < SHORTEST_BASE64) continue;
    if (text.includes(piece)) return [`base64 at offset ${shift}`];
    if (standard.includes(piece)) return [`base64url at offset ${shift}`];
  }
  return undefined;
}

/** For each of the three positions that a value can have in a longer text, the base64 characters that it alone decides. */
function base64Pieces(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
}

function codePoint(code: number): string | undefined {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
