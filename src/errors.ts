/**
 * Every code a {@link ClavigerError} can carry. Match on the code, never on the message.
 *
 * "Missing" (`ERR_CREDENTIAL_NOT_FOUND`) and "can't answer" (`ERR_STORE_*`) are different things and never mixed.
 */
export type ErrorCode =
  | 'ERR_PROVIDER_NOT_FOUND'
  | 'ERR_CREDENTIAL_NOT_FOUND'
  | 'ERR_CREDENTIAL_EXPIRED'
  | 'ERR_CREDENTIAL_REVOKED'
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_STORE_LOCKED'
  | 'ERR_STORE_DENIED'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_STORE_PERMISSIONS'
  | 'ERR_STORE_READ_ONLY'
  | 'ERR_DESTINATION_DENIED'
  | 'ERR_DESTINATION_INSECURE'
  | 'ERR_DESTINATION_AMBIGUOUS'
  | 'ERR_ACCESS_DENIED'
  | 'ERR_PLACEMENT_INVALID'
  | 'ERR_SECRET_INVALID'
  | 'ERR_CONFIG_INVALID'
  | 'ERR_CONFIG_UNTRUSTED'
  | 'ERR_REGISTRY_CLOSED'
  | 'ERR_TOOLSET_START'
  | 'ERR_TOOLSET_CLOSED'
  | 'ERR_BROKER_UNAUTHORIZED'
  | 'ERR_BROKER_UPSTREAM'
  | 'ERR_BROKER_CLOSED'
  | 'ERR_DEPENDENCY_MISSING';

/** One finding of a validation: where, and what is wrong. Never holds a secret value. */
export interface Issue {
  /** Dotted path from the root of the definition or file: `providers[0].destinatons`. */
  readonly path: string;
  readonly message: string;
}

export interface ClavigerErrorDetails {
  provider?: string | undefined;
  store?: string | undefined;
  host?: string | undefined;
  /** Apigee's fault code, with `ERR_ACCESS_DENIED`. */
  fault?: string | undefined;
  /** With `ERR_CONFIG_INVALID`. */
  issues?: readonly Issue[] | undefined;
  /** With `ERR_TOOLSET_START` and `ERR_TOOLSET_CLOSED`. */
  exitCode?: number | null | undefined;
  signal?: string | null | undefined;
  /** Redacted, the last 4 KB. */
  stderr?: string | undefined;
  /** Kept as it is: pass only what holds no secret (see `safeCause`). */
  cause?: unknown;
}

const brand = Symbol.for('claviger.error');

/** No honest chain of causes is longer; a getter could make one without end. */
const MAX_CAUSES = 1000;

/**
 * The one error class of this package. `code` says what happened, the message what to do about it; neither it nor
 * anything that hangs off it ever holds a secret.
 *
 * @example
 * try { await registry.resolve('github'); }
 * catch (error) { if (isClavigerError(error) && error.code === 'ERR_STORE_LOCKED') askForPassphrase(); }
 */
export class ClavigerError extends Error {
  readonly code: ErrorCode;
  declare readonly provider?: string;
  declare readonly store?: string;
  declare readonly host?: string;
  declare readonly fault?: string;
  declare readonly issues?: readonly Issue[];
  declare readonly exitCode?: number | null;
  declare readonly signal?: string | null;
  declare readonly stderr?: string;

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'ClavigerError', configurable: true, writable: true });
    Object.defineProperty(this.prototype, brand, { value: true });
  }

  constructor(code: ErrorCode, message: string, details: ClavigerErrorDetails = {}) {
    const { cause, ...rest } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    for (const [key, value] of Object.entries(rest)) {
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true, configurable: true });
    }
  }

  override toString(): string {
    return `${this.name} [${this.code}]: ${this.message}`;
  }

  /** Code, message and the names involved; no stack, no cause. */
  toJSON(): Record<string, unknown> {
    return Object.assign({ name: this.name, message: this.message } as Record<string, unknown>, this);
  }
}

/** Whether this very value is a `ClavigerError`, of this or another copy of the package. */
function isBranded(value: unknown): value is ClavigerError {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * The `ClavigerError` that a value is or that stands somewhere in its chain of causes, also across copies of the
 * package (a brand, not `instanceof`).
 */
export function findClavigerError(value: unknown): ClavigerError | undefined {
  const seen = new Set<unknown>();
  let current = value;
  try {
    while (typeof current === 'object' && current !== null && !seen.has(current) && seen.size < MAX_CAUSES) {
      if (isBranded(current)) return current;
      seen.add(current);
      current = (current as { cause?: unknown }).cause;
    }
  } catch {
    // A getter or a proxy of foreign code: what it throws could hold anything.
  }
  return undefined;
}

/**
 * Whether a value is a {@link ClavigerError} or was caused by one: `fetch` and HTTP clients wrap what an interceptor
 * throws, so this looks through `cause`.
 *
 * When the value itself is only a wrapper, its own `code` may be missing: use `findClavigerError` for the error itself.
 */
export function isClavigerError(value: unknown): value is ClavigerError {
  return findClavigerError(value) !== undefined;
}

/**
 * What may be kept as the cause of an error that came out of foreign code: its class name and its system code. The
 * message of foreign code can hold anything, the key included, so it is dropped. Our own errors are kept whole.
 */
export function safeCause(error: unknown): Error {
  const own = findClavigerError(error);
  if (own === error && own !== undefined) return own;
  const name = identifier(read(error, 'name')) ?? 'Error';
  const systemCode = read(error, 'code');
  const code = identifier(systemCode) ?? (typeof systemCode === 'number' ? String(systemCode) : undefined);
  const cause = new Error(code ?? 'message withheld');
  Object.defineProperty(cause, 'name', { value: name, configurable: true });
  delete cause.stack;
  if (code !== undefined) Object.defineProperty(cause, 'code', { value: code, enumerable: true });
  return cause;
}

/** What foreign code's getters throw could hold a secret as well. */
function read(value: unknown, key: 'name' | 'code'): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** A short identifier such as `TypeError` or `ECONNREFUSED`; anything else could be a value. */
function identifier(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z][A-Za-z_]{0,39}$/.test(value) ? value : undefined;
}
