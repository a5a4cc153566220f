import type { Credential } from '../credential.js';
import { ClavigerError } from '../errors.js';
import type { Held } from './held.js';

/** How long answers are kept. All in milliseconds. */
export interface CacheOptions {
  /** Never served past this; default 300 000. */
  ttlMs?: number;
  /** How long past `ttlMs` a credential is served while its store fails; default 3 600 000. */
  staleIfErrorMs?: number;
  /** How long "missing" is remembered; default 5 000. "Can't answer" never is. */
  negativeTtlMs?: number;
}

export interface CachePolicy extends Required<CacheOptions> {
  readonly now: () => number;
  /** Shortens a lifetime by up to 10 %, so that many processes don't refetch at once. */
  readonly jitter: (ttlMs: number) => number;
}

/** A refetch may start in the background after this part of the lifetime. */
const REFRESH_AHEAD = 0.8;
/** A refresh that found the refused version again is not repeated for this long; a refresh of another version is. */
const SAME_VERSION_MS = 10_000;

/** Fetches once; `rejectedVersion` names a version that the upstream refused. */
export type Load = (rejectedVersion?: string) => Promise<Held>;

/**
 * The credential of one provider and account: fresh, stale or missing, with at most one fetch under way.
 */
export class CacheSlot {
  readonly #load: Load;
  readonly #policy: CachePolicy | undefined;
  #held: Held | undefined;
  #freshUntil = 0;
  #refreshAt = 0;
  #staleUntil = 0;
  #missing: ClavigerError | undefined;
  #missingUntil = 0;
  #same: { readonly version: string; readonly until: number } | undefined;
  #flight: Promise<Held> | undefined;
  #refreshFlight: Promise<Held> | undefined;
  /** Fetches are numbered by their start: an answer never replaces that of a later question. */
  #asked = 0;
  #answered = 0;

  constructor(load: Load, policy: CachePolicy | undefined) {
    this.#load = load;
    this.#policy = policy;
  }

  /** What it holds, fresh or not. */
  get kept(): Held | undefined {
    return this.#held;
  }

  /** The fresh credential, without waiting; the warm path of every call. Starts the early refetch when it is due. */
  peek(): Held | undefined {
    const policy = this.#policy;
    if (policy === undefined || this.#held === undefined) return undefined;
    const now = policy.now();
    if (now >= this.#freshUntil) return undefined;
    if (now >= this.#refreshAt && this.#flight === undefined) this.#refreshAhead();
    return this.#held;
  }

  /** The store says that it holds another one now: the next use asks for it. Stale it may still be served, as ever. */
  expire(): void {
    this.#freshUntil = 0;
    this.#missingUntil = 0;
    this.#same = undefined;
    this.#answered = this.#asked + 1; // what is on its way may be the old one
    this.#flight = undefined;
  }

  /** The credential, fetched if need be; concurrent callers share one fetch. */
  get(): Promise<Held> {
    const fresh = this.peek();
    if (fresh !== undefined) return Promise.resolve(fresh);
    if (this.#policy !== undefined && this.#missing !== undefined && this.#policy.now() < this.#missingUntil) {
      return Promise.reject(this.#missing);
    }
    return this.#fetch().catch((error: unknown) => this.#staleOr(error));
  }

  /**
   * Looks for a newer credential than the one refused: `undefined` when there is none.
   *
   * @throws ClavigerError `ERR_STORE_*` when the store can't say.
   */
  async refresh(rejected: Credential, now: number): Promise<Held | undefined> {
    const held = this.peek();
    if (held !== undefined && held.credential.version !== rejected.version) return held;
    if (this.#same?.version === rejected.version && now < this.#same.until) return undefined;
    try {
      this.#refreshFlight ??= this.#begin(rejected.version).finally(() => {
        this.#refreshFlight = undefined;
      });
      const found = await this.#refreshFlight;
      if (found.credential.version !== rejected.version) return found;
      this.#same = { version: rejected.version, until: now + SAME_VERSION_MS };
      return undefined;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  #refreshAhead(): void {
    void this.#fetch().catch(() => undefined); // a failure shows when the lifetime ends
  }

  #fetch(): Promise<Held> {
    if (this.#flight !== undefined) return this.#flight;
    const flight = this.#begin().finally(() => {
      if (this.#flight === flight) this.#flight = undefined;
    });
    this.#flight = flight;
    return flight;
  }

  async #begin(rejectedVersion?: string): Promise<Held> {
    const question = ++this.#asked;
    try {
      const held = await this.#load(rejectedVersion);
      if (this.#isLatest(question)) this.#keep(held);
      return held;
    } catch (error) {
      if (isGone(error) && this.#isLatest(question)) this.#forget(error);
      throw error;
    }
  }

  #isLatest(question: number): boolean {
    if (question < this.#answered) return false;
    this.#answered = question;
    return true;
  }

  #keep(held: Held): void {
    const policy = this.#policy;
    if (policy === undefined) return;
    const now = policy.now();
    const expiry = held.credential.expiresAt?.getTime() ?? Infinity;
    const lifetime = policy.ttlMs - policy.jitter(policy.ttlMs);
    this.#held = held;
    this.#missing = undefined;
    this.#freshUntil = Math.min(now + lifetime, expiry);
    this.#refreshAt = now + lifetime * REFRESH_AHEAD;
    this.#staleUntil = Math.min(now + policy.ttlMs + policy.staleIfErrorMs, expiry);
  }

  /** The store said that there is none, or none that may be used: nothing old is served from here on. */
  #forget(error: ClavigerError): void {
    this.#held = undefined;
    this.#freshUntil = 0;
    if (this.#policy === undefined || error.code !== 'ERR_CREDENTIAL_NOT_FOUND') return;
    this.#missing = error;
    this.#missingUntil = this.#policy.now() + this.#policy.negativeTtlMs;
  }

  /** While the store fails, what was good until lately is served up to the hard limit, never past its own expiry. */
  #staleOr(error: unknown): Held {
    const usable = this.#held !== undefined && this.#policy !== undefined && this.#policy.now() < this.#staleUntil;
    if (usable && this.#held !== undefined && isStoreFailure(error)) return this.#held;
    throw error;
  }
}

function isGone(error: unknown): error is ClavigerError {
  return error instanceof ClavigerError && error.code.startsWith('ERR_CREDENTIAL_');
}

/** Down or locked; a store that says no, or that somebody has tampered with, is not "failing". */
function isStoreFailure(error: unknown): boolean {
  return (
    error instanceof ClavigerError && (error.code === 'ERR_STORE_UNAVAILABLE' || error.code === 'ERR_STORE_LOCKED')
  );
}
