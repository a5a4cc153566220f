import { isClavigerError } from '../errors.js';
import type { CompiledProduct } from './compiled.js';
import type { Quota } from './definitions.js';
import type { Count } from './fixed-window.js';
import type { Match } from './rules.js';
import type { AccessState } from './state.js';

/** What is left of a quota. */
export interface QuotaLeft {
  readonly limit: number;
  readonly remaining: number;
  readonly resetsAt: Date;
}

/**
 * One unit of quota: a tool call, a request with its hops, the start of a child. Whatever it asks of one product, and
 * however often, is counted there once.
 */
export type Unit = Map<string, Count | Promise<Count>>;

/** How a use is counted: as part of a unit, by a look only, or not at all, as it belongs to what was counted before. */
export type Counting = Unit | 'peek' | 'skip';

export interface QuotaOptions {
  readonly state: AccessState;
  /** What happens while uses can't be counted. */
  readonly failure: 'closed' | 'open';
}

export type QuotaOutcome =
  | { readonly product: CompiledProduct; readonly quota?: QuotaLeft }
  /** None has anything left, or it can't be told. */
  | { readonly product?: undefined; readonly quota?: QuotaLeft; readonly message: string };

/** Takes a unit from the first product that has one left. */
export class QuotaCounter {
  readonly #options: QuotaOptions;
  #hasWarned = false;

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  take(matches: readonly Match[], counting: Counting, now: number): QuotaOutcome | Promise<QuotaOutcome> {
    const [first] = matches;
    if (first !== undefined && (counting === 'skip' || first.product.quota === undefined)) {
      return { product: first.product };
    }
    return this.#first(matches, counting, now);
  }

  async #first(matches: readonly Match[], counting: Counting, now: number): Promise<QuotaOutcome> {
    let spent: { quota: Readonly<Quota>; resetsAt: number } | undefined;
    for (const { product, counter } of matches) {
      const { quota } = product;
      if (quota === undefined) return { product };
      let count: Count;
      try {
        count = await this.#count(counter, quota, counting, now);
      } catch (error) {
        if (this.#options.failure === 'open') return this.#admit(product);
        return { message: unavailable(error) };
      }
      if (count.granted) return { product, quota: left(quota, count) };
      if (spent === undefined || count.resetsAt < spent.resetsAt) spent = { quota, resetsAt: count.resetsAt };
    }
    if (spent === undefined) return { message: 'the quota is used up' };
    const quota = { limit: spent.quota.limit, remaining: 0, resetsAt: new Date(spent.resetsAt) };
    return { quota, message: `the quota is used up until ${quota.resetsAt.toISOString()}` };
  }

  #count(counter: string, quota: Readonly<Quota>, counting: Counting, now: number): Count | Promise<Count> {
    const request = { key: counter, quota, now };
    if (counting === 'peek' || counting === 'skip') return this.#options.state.count({ ...request, peek: true });
    const counted = counting.get(counter);
    if (counted !== undefined) return counted;
    const count = this.#options.state.count(request);
    counting.set(counter, count);
    return count;
  }

  #admit(product: CompiledProduct): QuotaOutcome {
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      const message = 'quotas can not be counted and are open, as configured: uses go on uncounted (reported once)';
      process.emitWarning(message, 'ClavigerWarning');
    }
    return { product };
  }
}

function left({ limit }: Readonly<Quota>, { used, resetsAt }: Count): QuotaLeft {
  return { limit, remaining: Math.max(0, limit - used), resetsAt: new Date(resetsAt) };
}

function unavailable(error: unknown): string {
  const why = isClavigerError(error) ? error.message : 'its store does not answer';
  return `the quota can not be counted and is closed, as configured (${why})`;
}
