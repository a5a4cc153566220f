import { randomBytes } from 'node:crypto';
import type { KeyShape } from '../registry/provider.js';

/** Less could be guessed by somebody who can ask the broker often. */
const MIN_BITS = 80;

const lettersAndDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The random characters of a shape that tells no length: more than 250 bits of the usual alphabet. */
const DEFAULT_RANDOM = 43;

/**
 * A worthless stand-in for a key, of the form that the provider's keys have, so that what checks the form takes it. It is
 * random in all but that form, and made of nothing else: never of the secret, which is not even fetched yet.
 *
 * A form that leaves less than 80 random bits gives way to `claviger_` and 43 characters of base64url.
 *
 * @example
 * createPlaceholder({ prefix: 'ghp_', length: 40 })   // 'ghp_…', 40 characters
 */
export function createPlaceholder(shape: KeyShape = {}): string {
  if (shape.jwt === true) return jwt(shape);
  const { prefix = '', suffix = '', length, alphabet = lettersAndDigits } = shape;
  const hasShape = prefix !== '' || suffix !== '' || length !== undefined || shape.alphabet !== undefined;
  const characters = [...new Set(Array.from(alphabet).filter(isPlain))];
  const count = length === undefined ? DEFAULT_RANDOM : length - prefix.length - suffix.length;
  if (!hasShape || count * Math.log2(characters.length) < MIN_BITS) return `claviger_${randomText(32)}`;
  return prefix + pick(characters, count) + suffix;
}

/** What can stand in a header, a cookie, a URL and a process as it is. */
function isPlain(character: string): boolean {
  return /^[\w.~!*+/=:@-]$/.test(character);
}

/** RFC 7519 §3.1: a header, an empty set of claims, and what would be the signature. */
function jwt({ prefix = '', suffix = '' }: KeyShape): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${prefix}${part({ alg: 'HS256', typ: 'JWT' })}.${part({})}.${randomText(32)}${suffix}`;
}

function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** Each character as likely as the others: bytes that would favour the first ones are thrown away. */
function pick(characters: readonly string[], count: number): string {
  const limit = 256 - (256 % characters.length);
  let picked = '';
  for (let left = count; left > 0;) {
    for (const byte of randomBytes(left)) {
      if (byte >= limit) continue;
      picked += characters[byte % characters.length] ?? '';
      left--;
    }
  }
  return picked;
}
