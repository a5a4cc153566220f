import { randomBytes } from 'node:crypto';
import { sha256 } from './hashes.js';
import { recordName } from './record-names.js';
import type { Records } from './state.js';

/** A key that tokens are signed with. It rests in the state, as every process has to verify them. */
export interface SigningKey {
  readonly kid: string;
  /** 32 bytes in base64url. */
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** What a token says: for which consumer key it stands, until when, for what. */
export interface TokenClaims {
  readonly keyId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly scopes: ReadonlySet<string>;
}

interface Verified extends TokenClaims {
  readonly kid: string;
}

/** The longest life of a token. */
export const MAX_TOKEN_MS = 86_400_000;
/** After this a new key signs … */
const ROTATE_MS = 86_400_000;
/** … and the one before verifies until the last token that it signed has expired. */
const RETIRE_MS = ROTATE_MS + MAX_TOKEN_MS;

/** Verified tokens are remembered by their hash, the oldest forgotten first. */
const MAX_REMEMBERED = 10_000;

/** A token is some 200 characters; what is much longer is none. */
const MAX_LENGTH = 8192;

const TYPE = 'at+jwt'; // RFC 9068 §2.1
const ALGORITHM = 'HS256';

/** The key to sign with now, and all keys if that one is new. */
export function signingKeyFor(records: Records, now: number): { key: SigningKey; all?: readonly SigningKey[] } {
  const known = signingKeys(records);
  const [newest] = known;
  if (newest !== undefined && now - newest.createdAt < ROTATE_MS) return { key: newest };
  const key: SigningKey = {
    kid: randomBytes(8).toString('hex'),
    key: randomBytes(32).toString('base64url'),
    createdAt: now,
  };
  return { key, all: [key, ...known.filter((old) => now - old.createdAt < RETIRE_MS)] };
}

/** A compact JWS (RFC 7515) with no claims but `sub`, `exp` and, if there is any, `scope`. */
export async function signToken(signing: SigningKey, { keyId, expiresAt, scopes }: TokenClaims): Promise<string> {
  const { SignJWT } = await import('jose');
  return new SignJWT({ sub: keyId, exp: expiresAt / 1000, ...(scopes.size > 0 && { scope: [...scopes].join(' ') }) })
    .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: signing.kid })
    .sign(bytesOf(signing));
}

/** Reads tokens: each signature is checked once, and its key at every use. */
export class TokenReader {
  readonly #verified = new Map<string, Verified>();

  /** The claims of a token that one of our keys has signed; undefined for any other. It may have expired. */
  read(token: string, records: Records, now: number): TokenClaims | undefined | Promise<TokenClaims | undefined> {
    if (token.length > MAX_LENGTH) return undefined;
    const hash = sha256(token);
    const known = this.#verified.get(hash);
    if (known === undefined) return this.#verify(token, hash, records, now);
    return isTrusted(signingKeys(records), known.kid, now) ? known : undefined;
  }

  async #verify(token: string, hash: string, records: Records, now: number): Promise<TokenClaims | undefined> {
    const { decodeProtectedHeader, jwtVerify } = await import('jose');
    try {
      const { kid } = decodeProtectedHeader(token);
      const signing = signingKeys(records).find((key) => key.kid === kid);
      if (signing === undefined || !isTrusted([signing], signing.kid, now)) return undefined;
      const { payload } = await jwtVerify(token, bytesOf(signing), {
        algorithms: [ALGORITHM],
        typ: TYPE,
        requiredClaims: ['sub', 'exp'],
        currentDate: new Date(0), // whether it has expired is judged at every use
      });
      const { sub, exp, scope } = payload as { sub: string; exp: number; scope?: string };
      const scopes = new Set(scope?.split(' '));
      const verified = { keyId: sub, expiresAt: Math.round(exp * 1000), scopes, kid: signing.kid };
      this.#remember(hash, verified);
      return verified;
    } catch {
      return undefined; // not a token, or not one of ours: its holder is told no more
    }
  }

  #remember(hash: string, verified: Verified): void {
    if (this.#verified.size >= MAX_REMEMBERED) {
      for (const oldest of this.#verified.keys()) {
        this.#verified.delete(oldest);
        break;
      }
    }
    this.#verified.set(hash, verified);
  }
}

function signingKeys(records: Records): readonly SigningKey[] {
  return (records.get(recordName.signingKeys) as readonly SigningKey[] | undefined) ?? [];
}

function isTrusted(keys: readonly SigningKey[], kid: string, now: number): boolean {
  return keys.some((key) => key.kid === kid && now - key.createdAt < RETIRE_MS);
}

function bytesOf({ key }: SigningKey): Uint8Array {
  return Buffer.from(key, 'base64url');
}
