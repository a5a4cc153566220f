import type { Judgement, Verification } from './access.js';
import { TokenReader, type TokenClaims } from './access-token.js';
import type { CompiledKey, IntendedUse } from './compiled.js';
import { faultOf, statusOfFault, type FaultName } from './fault.js';
import { sha256 } from './hashes.js';
import type { Counting, QuotaCounter, QuotaLeft, QuotaOutcome } from './quota.js';
import type { Match, Rules } from './rules.js';
import type { Records } from './state.js';

export interface JudgeOptions {
  readonly rules: Rules;
  readonly quotas: QuotaCounter;
  readonly now: () => number;
}

/** One question: what is to be used, and how that counts. */
export interface Question {
  readonly records: Records;
  /** Undefined for one that no product can cover, as its path can be read in two ways. */
  readonly use: IntendedUse | undefined;
  readonly counting: Counting;
}

/** A key is some 50 characters; what is much longer is none. */
const MAX_LENGTH = 4096;

/**
 * Runs the checks in their order: known → approved → not expired → app approved → developer active → a product covers the
 * use → quota. The first that fails is the fault, so that nobody learns what comes after it.
 */
export class Judge {
  readonly #options: JudgeOptions;
  readonly #tokens = new TokenReader();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** By a consumer key. Known or not, its hash is made and looked up, and that is all the work that depends on it. */
  key(consumerKey: unknown, question: Question): Judgement | Promise<Judgement> {
    if (typeof consumerKey !== 'string' || consumerKey === '') return refusal('none');
    if (consumerKey.length > MAX_LENGTH) return refusal('unknown');
    const { rules, now } = this.#options;
    const key = rules.key(question.records, sha256(consumerKey));
    if (key === undefined) return refusal('unknown');
    const fault = rules.faultOf(question.records, key, now());
    if (fault !== undefined) return refusal(fault, key);
    const matches = this.#matches(key, question, true);
    return matches.length === 0 ? refusal('noProduct', key) : this.#count(key, matches, question);
  }

  /** By an access token; the key that it stands for is judged anew each time. */
  token(accessToken: unknown, question: Question, scope?: string): Judgement | Promise<Judgement> {
    if (typeof accessToken !== 'string' || accessToken === '') return refusal('badToken');
    const claims = this.#tokens.read(accessToken, question.records, this.#options.now());
    return claims instanceof Promise
      ? claims.then((read) => this.#claims(read, question, scope))
      : this.#claims(claims, question, scope);
  }

  #claims(
    claims: TokenClaims | undefined,
    question: Question,
    scope: string | undefined,
  ): Judgement | Promise<Judgement> {
    if (claims === undefined) return refusal('badToken');
    const { rules, now } = this.#options;
    if (!(now() < claims.expiresAt)) return refusal('tokenExpired');
    const key = rules.keyOfId(question.records, claims.keyId);
    if (key === undefined) return refusal('badToken');
    const fault = rules.faultOf(question.records, key, now());
    if (fault !== undefined) return refusal(fault === 'unknown' ? 'badToken' : fault, key);
    const matches = this.#matches(key, question, scope === undefined);
    if (matches.length === 0) return refusal('noProductForToken', key);
    const wanted = scopesOf(scope);
    if (wanted.some((each) => !claims.scopes.has(each))) return refusal('scope', key);
    const scoped = matches.filter(({ product }) => wanted.every((each) => product.scopes.has(each)));
    return scoped.length === 0 ? refusal('scope', key) : this.#count(key, scoped, question);
  }

  #matches(key: CompiledKey, { records, use }: Question, firstServes: boolean): Match[] {
    return use === undefined ? [] : this.#options.rules.matches(records, key, use, firstServes);
  }

  #count(key: CompiledKey, matches: readonly Match[], question: Question): Judgement | Promise<Judgement> {
    const outcome = this.#options.quotas.take(matches, question.counting, this.#options.now());
    return outcome instanceof Promise
      ? outcome.then((counted) => this.#answer(key, question.records, counted))
      : this.#answer(key, question.records, outcome);
  }

  #answer(key: CompiledKey, records: Records, outcome: QuotaOutcome): Judgement {
    const { product, quota } = outcome;
    if (product === undefined) return refusal('quota', key, { quota, message: outcome.message });
    const { id: keyId, app } = key;
    const developer = this.#options.rules.appOf(records, key)?.developer;
    const verification: Mutable<Extract<Verification, { ok: true }>> = { ok: true, app, product: product.name, keyId };
    if (developer !== undefined) verification.developer = developer; // faster than to spread what may be there
    if (quota !== undefined) verification.quota = quota;
    return { verification, keyId, app };
  }
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

export function refusal(
  name: FaultName,
  key?: CompiledKey,
  { quota, message }: { quota?: QuotaLeft | undefined; message?: string } = {},
): Judgement {
  const fault = faultOf(name, message);
  const verification: Verification = {
    ok: false,
    status: statusOfFault(name),
    fault,
    ...(quota !== undefined && { quota }),
  };
  return { verification, keyId: key?.id, app: key?.app };
}

/** Scopes as OAuth writes them, parted by blanks. */
export function scopesOf(scope: string | undefined): string[] {
  return scope === undefined ? [] : scope.split(' ').filter((each) => each !== '');
}
