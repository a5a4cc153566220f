import fc from 'fast-check';

/** Secrets as they may be: of 8 to 64 characters, plain, with punctuation, or of any language. */
export const secrets = fc.oneof(
  fc.string({
    unit: fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'),
    minLength: 8,
    maxLength: 64,
  }),
  fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 64 }),
  fc.string({ unit: 'grapheme', minLength: 8, maxLength: 24 }).filter((secret) => !/[\r\n\0]/.test(secret)),
);

export const surroundings = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }),
  fc.string({ unit: 'grapheme' }),
  fc.base64String(),
);

const hex = (number: number, upper: boolean, length = 2) => {
  const digits = number.toString(16).padStart(length, '0');
  return upper ? digits.toUpperCase() : digits;
};
const bytes = (text: string) => [...Buffer.from(text)];
const json = (text: string) => JSON.stringify(text).slice(1, -1);
const unicode = (upper: boolean) => (unit: string) => `\\u${hex(unit.charCodeAt(0), upper, 4)}`;
const form = (text: string) => new URLSearchParams({ k: text }).toString().slice(2);
const html = (text: string, quote: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", quote);

/** Ways in which other programs write a text: by the platform's own encoders where it has them, else after theirs. */
export const encodings: Record<string, (secret: string) => string> = {
  'plain text': (secret) => secret,
  JSON: json,
  'JSON in JSON': (secret) => json(json(secret)),
  'JSON with escaped slashes': (secret) => json(secret).replaceAll('/', '\\/'),
  'ASCII JSON': (secret) => json(secret).replace(/[\u007f-\uffff]/g, unicode(false)),
  'ASCII JSON in capitals': (secret) => json(secret).replace(/[\u007f-\uffff]/g, unicode(true)),
  'JSON for HTML': (secret) => json(secret).replace(/[<>&]/g, unicode(false)),
  'JSON as Gson writes it': (secret) => json(secret).replace(/[<>&='\u2028\u2029]/g, unicode(false)),
  'JSON of escapes only': (secret) => secret.replace(/[^]/g, unicode(false)),
  'JSON of escapes only in capitals': (secret) => secret.replace(/[^]/g, unicode(true)),
  encodeURIComponent: (secret) => encodeURIComponent(secret),
  'encodeURIComponent in small letters': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (triplet) => triplet.toLowerCase()),
  'encodeURIComponent twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'a form': form,
  'the query of a URL': (secret) => new URL(`https://a.test/?${secret.replaceAll('#', '%23')}&`).search.slice(1, -1),
  'percent triplets only': (secret) =>
    bytes(secret)
      .map((byte) => `%${hex(byte, false)}`)
      .join(''),
  'percent triplets only in capitals': (secret) =>
    bytes(secret)
      .map((byte) => `%${hex(byte, true)}`)
      .join(''),
  'HTML with &#39;': (secret) => html(secret, '&#39;'),
  'HTML with &apos;': (secret) => html(secret, '&apos;'),
  'HTML with &#x27;': (secret) => html(secret, '&#x27;'),
  'decimal entities': (secret) => [...secret].map((each) => `&#${String(each.codePointAt(0))};`).join(''),
  'hex entities': (secret) => [...secret].map((each) => `&#x${hex(each.codePointAt(0) ?? 0, false, 1)};`).join(''),
  'hex entities in capitals': (secret) =>
    [...secret].map((each) => `&#x${hex(each.codePointAt(0) ?? 0, true, 1)};`).join(''),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  'hex in capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
};
