import { Buffer } from 'node:buffer';

/** A shorter form would be found in ordinary text. */
const SHORTEST_FORM = 6;

type Escape = (character: string) => string;

/**
 * Every form in which a secret may come back: raw, JSON-escaped, percent-encoded, as HTML entities, hex, and base64 at
 * all three alignments; each also as the characters that its UTF-8 bytes are, so that one list serves text and bytes.
 *
 * A base64 form holds only the characters that are the same whatever stands around the secret (so it also finds `Basic` of
 * `user:secret`); of a character at its edge at most 4 bits of the secret's first and last byte are left in place.
 *
 * @example
 * encodedForms('a"b/c+d=e f');   // 'a"b/c+d=e f', 'a\\"b/c+d=e f', 'a%22b%2Fc%2Bd%3De%20f', 'YSJiL2MrZD1lIG', …
 */
export function encodedForms(secret: string): string[] {
  const forms = new Set<string>();
  for (const written of lineEndings(secret)) {
    for (const form of [...jsonForms(written), ...percentForms(written), ...entityForms(written)]) forms.add(form);
    const bytes = Buffer.from(written, 'utf8');
    forms.add(bytes.toString('hex')).add(bytes.toString('hex').toUpperCase());
    for (const form of base64Forms(bytes)) forms.add(form);
  }
  for (const form of [...forms]) forms.add(Buffer.from(form, 'utf8').toString('latin1'));
  return [...forms].filter((form) => form.length >= SHORTEST_FORM);
}

/** A secret of several lines travels with either line ending, and without the last one. */
function lineEndings(secret: string): Set<string> {
  if (!/[\r\n]/.test(secret)) return new Set([secret]);
  const unix = secret.replaceAll('\r\n', '\n').replace(/\n+$/, '');
  return new Set([secret.replace(/[\r\n]+$/, ''), unix, unix.replaceAll('\n', '\r\n')]);
}

/** RFC 8259 §7 leaves the choice of what is escaped to the writer: these are the choices that writers make. */
function jsonForms(secret: string): Set<string> {
  const forms = new Set([secret]);
  const plain = JSON.stringify(secret).slice(1, -1);
  for (const hex of [lower, upper]) {
    const unicode: Escape = (unit) => `\\u${hex(unit.charCodeAt(0)).padStart(4, '0')}`;
    const units = (text: string, which: RegExp) => text.replace(which, unicode);
    const ascii = units(plain, /[\u007f-\uffff]/g);
    forms.add(plain).add(ascii);
    forms.add(plain.replaceAll('/', '\\/')).add(ascii.replaceAll('/', '\\/'));
    forms.add(units(plain, /[<>&\u2028\u2029]/g));
    forms.add(units(ascii, /[<>&]/g)).add(units(ascii, /[<>&']/g));
    forms.add(units(secret, /["\\\p{Cc}]/gu)).add(units(secret, /[^ !#-[\]-~]/g));
    forms.add(units(secret, /[^ !#$%(-*,-;=?-[\]-_a-~]/g));
    forms.add(units(secret, /[^A-Za-z0-9]/g)).add(units(secret, /[^]/g));
  }
  for (const form of [...forms]) forms.add(JSON.stringify(form).slice(1, -1));
  return forms;
}

/** The characters that common encoders leave alone, beside letters and digits. */
const percentKept = [
  `-_.!~*'()`, // encodeURIComponent
  `-_.~`, // RFC 3986 §2.3
  `-_.~/`, // Python's quote
  `-_.`, // PHP's urlencode
  `-_.*`, // forms: WHATWG URL §1.3
  `-_.!~*'();/?:@&=+$,#`, // encodeURI
  `-_.!~*'();/?:@&=+$,%[]\\^\`{|}`, // a query that a URL parser wrote
  `-_.!~*();/?:@&=+$,%[]\\^\`{|}`, // the same of https:
  `-_.!~*'()/:@&=+$,;%[]\\|^`, // a path
  `-_.!~*'()&=+$,%`, // user name and password
  ``,
];

function percentForms(secret: string): Set<string> {
  const forms = new Set<string>();
  const bytes = [...Buffer.from(secret, 'utf8')];
  for (const hex of [lower, upper]) {
    const triplet = (byte: number) => `%${hex(byte).padStart(2, '0')}`;
    for (const kept of percentKept) {
      const write = (byte: number) => (isKept(byte, kept) ? String.fromCharCode(byte) : triplet(byte));
      const form = bytes.map(write).join('');
      forms.add(form).add(form.replaceAll(triplet(0x20), '+'));
      if (kept === percentKept[0] || kept === percentKept[1]) forms.add(form.replaceAll('%', '%25'));
    }
    forms.add(bytes.map(triplet).join(''));
  }
  return forms;
}

function isKept(byte: number, kept: string): boolean {
  const character = String.fromCharCode(byte);
  return byte < 0x80 && (/[A-Za-z0-9]/.test(character) || kept.includes(character));
}

const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const entitySets = [
  /[&<>]/gu,
  /[&<>"]/gu,
  /[&<>"']/gu,
  /[&<>"'/]/gu,
  /[&<>"'`=/]/gu,
  /[^A-Za-z0-9]/gu,
  /[^\n -~]|[&<>"']/gu,
];

function entityForms(secret: string): Set<string> {
  const forms = new Set<string>();
  const code = (character: string) => character.codePointAt(0) ?? 0;
  const numeric: Escape[] = [
    (character) => `&#${code(character)};`,
    (character) => `&#${String(code(character)).padStart(3, '0')};`,
    (character) => `&#x${lower(code(character))};`,
    (character) => `&#x${upper(code(character))};`,
    (character) => `&#X${upper(code(character))};`,
  ];
  for (const escape of numeric) {
    const nameOr: Escape = (character) => named[character] ?? escape(character);
    const nameOrQuote: Escape = (character) => (character === "'" ? escape(character) : nameOr(character));
    for (const which of entitySets) {
      for (const write of [escape, nameOr, nameOrQuote]) forms.add(secret.replace(which, write));
    }
    forms.add(secret.replace(/[^]/gu, escape));
  }
  return forms;
}

/** Both alphabets, and the base64 one as JSON (`\/`) and URLs (`%2B`, `%2F`) carry it. */
function base64Forms(bytes: Buffer): Set<string> {
  const forms = new Set<string>();
  for (const alignment of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(alignment), bytes]).toString('base64');
    const first = Math.ceil((alignment * 8) / 6);
    const form = whole.slice(first, Math.floor(((alignment + bytes.length) * 8) / 6));
    forms.add(form).add(form.replaceAll('+', '-').replaceAll('/', '_')).add(form.replaceAll('/', '\\/'));
    const percent = encodeURIComponent(form);
    forms.add(percent).add(percent.replaceAll('%2B', '%2b').replaceAll('%2F', '%2f'));
    forms.add(form.replaceAll('+', '%2B')).add(form.replaceAll('+', '\\u002B')).add(form.replaceAll('+', '\\u002b'));
  }
  return forms;
}

function lower(number: number): string {
  return number.toString(16);
}

function upper(number: number): string {
  return number.toString(16).toUpperCase();
}
