import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { ClavigerError } from './errors.js';

/** Secrets under this many characters can't be told from ordinary text and so not be redacted safely. */
export const SHORT_SECRET = 8;

/** What stands in the place of a secret wherever one is shown. */
export const REDACTED = '[secret]';

/** Below this length a hash would let somebody confirm a guess. */
const HASHABLE = 20;

/** Makes versions of short secrets comparable inside this process and useless outside it. */
let versionSalt: Buffer | undefined;

/**
 * A secret value that shows itself to nobody: `String()`, JSON, `util.inspect`, templates and `structuredClone` give
 * `"[secret]"`, nothing, or a throw. {@link Secret.reveal} is the only way out.
 *
 * @example
 * const secret = Secret.from('ghp_…');
 * console.log(secret);              // [secret]
 * secret.fingerprint();             // "sha256:ab12cd34"
 */
export class Secret {
  readonly #value: string;

  private constructor(value: string) {
    this.#value = value;
    Object.freeze(this);
  }

  /**
   * @throws {@link ClavigerError} `ERR_SECRET_INVALID` for anything but a string, for `""`, and for a value with CR, LF or NUL,
   * which could split a header (RFC 9110 §5.5). The value is not in the message.
   */
  static from(value: string): Secret {
    if (typeof value !== 'string') throw new ClavigerError('ERR_SECRET_INVALID', 'a secret must be a string');
    if (value === '') throw new ClavigerError('ERR_SECRET_INVALID', 'a secret must not be empty');
    const bad = /[\r\n\0]/.exec(value)?.[0];
    if (bad !== undefined) {
      const what = bad === '\0' ? 'a NUL character' : 'a line break';
      throw new ClavigerError(
        'ERR_SECRET_INVALID',
        `a secret must not contain ${what}: check that it was copied whole`,
      );
    }
    return new Secret(value);
  }

  /** The raw value. Call it as late as possible, and keep nothing of what it gives. */
  reveal(): string {
    return this.#value;
  }

  /** `sha256:` and the first 8 hex digits of the hash; `sha256:short` under 20 characters, where a hash would confirm a guess. */
  fingerprint(): string {
    return this.#value.length < HASHABLE ? 'sha256:short' : `sha256:${sha256(this.#value).slice(0, 8)}`;
  }

  /** Compares in a time that does not depend on where the values differ. */
  equals(other: Secret): boolean {
    if (typeof (other as unknown) !== 'object' || (other as unknown) === null || !(#value in other)) return false;
    const digest = (value: string) => createHash('sha256').update(value).digest();
    return timingSafeEqual(digest(this.#value), digest(other.#value));
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }

  get [Symbol.toStringTag](): string {
    return 'Secret';
  }
}

/** Whether a secret is too short to be redacted. */
export function isShort(secret: Secret): boolean {
  return secret.reveal().length < SHORT_SECRET;
}

/** A version for a secret whose source names none: the whole hash, or for a short one a hash that only this process can repeat. */
export function versionOf(secret: Secret): string {
  const value = secret.reveal();
  if (value.length >= HASHABLE) return `sha256:${sha256(value)}`;
  versionSalt ??= randomBytes(32);
  return `sha256:${createHmac('sha256', versionSalt).update(value).digest('hex')}`;
}

function sha256(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}
