import { Buffer } from 'node:buffer';

/** What a writer puts in the place of one character. */
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
  for (const form of [...forms]) if (/[^\0-\x7f]/.test(form)) forms.add(Buffer.from(form, 'utf8').toString('latin1'));
  return [...forms];
}

/** A secret of several lines travels with either line ending, and without the last one. */
function lineEndings(secret: string): Set<string> {
  if (!/[\r\n]/.test(secret)) return new Set([secret]);
  const unix = secret.replaceAll('\r\n', '\n').replace(/\n+$/, '');
  return new Set([secret.replace(/[\r\n]+$/, ''), unix, unix.replaceAll('\n', '\r\n')]);
}

/** What writers of JSON escape, beside what RFC 8259 §7 demands. */
const jsonEscaped = [
  /[\u007f-\uffff]/g, // ASCII only
  /[<>&\u2028\u2029]/g, // for HTML
  /[<>&\u007f-\uffff]/g,
  /[<>&'\u007f-\uffff]/g, // PHP
  /[<>&'=\u2028\u2029]/g, // Gson
];

/** What is escaped where every escape is a number. */
const unicodeEscaped = [
  /["\\\p{Cc}]/gu,
  /[^ !#-[\]-~]/g, // ASCII only
  /[^ !#$%(-*,-;=?-[\]-_a-~]/g, // .NET
  /[^A-Za-z0-9]/g,
  /[^]/g,
];

function jsonForms(secret: string): Set<string> {
  const plain = JSON.stringify(secret).slice(1, -1);
  const forms = new Set([secret, plain]);
  for (const hex of [lower, upper]) {
    const unicode: Escape = (unit) => `\\u${hex(unit.charCodeAt(0)).padStart(4, '0')}`;
    for (const escaped of jsonEscaped) forms.add(plain.replace(escaped, unicode));
    for (const escaped of unicodeEscaped) forms.add(secret.replace(escaped, unicode));
  }
  for (const form of [...forms]) if (form.includes('/')) forms.add(form.replaceAll('/', '\\/'));
  for (const form of [...forms]) if (/["\\]/.test(form)) forms.add(JSON.stringify(form).slice(1, -1));
  return forms;
}

/** What common encoders escape. */
const percentEscaped = [
  /[^A-Za-z0-9\-_.!~*'()]/gu, // encodeURIComponent
  /[^A-Za-z0-9\-_.~]/gu, // RFC 3986 §2.3
  /[^A-Za-z0-9\-_.~/]/gu, // Python's quote
  /[^A-Za-z0-9\-_.]/gu, // PHP's urlencode
  /[^A-Za-z0-9\-_.*]/gu, // forms: WHATWG URL §1.3
  /[^A-Za-z0-9\-_.!~*'();/?:@&=+$,#]/gu, // encodeURI
  /[^!$-;=?-~]/gu, // a query that a URL parser wrote
  /[^!$-&(-;=?-~]/gu, // the same of https:
  /[^!$-;=@-Z[\]\\_a-z|~]/gu, // a path
  /[^!$-.0-9A-Z_a-z~]/gu, // user name and password
  /[^A-Za-z0-9]/gu,
  /[^]/gu,
];

function percentForms(secret: string): Set<string> {
  const forms = new Set<string>();
  for (const hex of [lower, upper]) {
    const triplet = (byte: number) => `%${hex(byte).padStart(2, '0')}`;
    const triplets: Escape = (character) => [...Buffer.from(character, 'utf8')].map(triplet).join('');
    for (const escaped of percentEscaped) {
      const form = secret.replace(escaped, triplets);
      forms.add(form).add(form.replaceAll('%20', '+'));
      if (escaped === percentEscaped[0] || escaped === percentEscaped[1]) forms.add(form.replaceAll('%', '%25'));
    }
  }
  return forms;
}

const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const entityEscaped = [
  /[&<>]/gu,
  /[&<>"]/gu,
  /[&<>"']/gu,
  /[&<>"'/]/gu,
  /[&<>"'`=/]/gu, // Mustache
  /[^\n -~]|[&<>"']/gu, // ASCII only
  /[^A-Za-z0-9]/gu,
];

function entityForms(secret: string): Set<string> {
  const forms = new Set<string>();
  const code = (character: string) => character.codePointAt(0) ?? 0;
  const sets = entityEscaped.filter((escaped) => secret.search(escaped) !== -1);
  const numeric: Escape[] = [
    (character) => `&#${String(code(character))};`,
    (character) => `&#${String(code(character)).padStart(3, '0')};`,
    (character) => `&#x${lower(code(character))};`,
    (character) => `&#x${upper(code(character))};`,
    (character) => `&#X${upper(code(character))};`,
  ];
  for (const escape of numeric) {
    const nameOr: Escape = (character) => named[character] ?? escape(character);
    const nameOrQuote: Escape = (character) => (character === "'" ? escape(character) : nameOr(character));
    for (const escaped of sets) {
      for (const write of [escape, nameOr, nameOrQuote]) forms.add(secret.replace(escaped, write));
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
