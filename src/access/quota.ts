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

/** How a use is counted: as a unit of its own, as part of one, by a look only, or not at all, as it belongs to what was counted before. */
export type Counting = Unit | 'take' | 'peek' | 'skip';

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
    return this.#from(0, undefined, matches, counting, now);
  }

  /** Waits only where a state has to be asked elsewhere. `spent` is the quota used up so far that begins anew first. */
  #from(
    index: number,
    spent: Spent | undefined,
    matches: readonly Match[],
    counting: Counting,
    now: number,
  ): QuotaOutcome | Promise<QuotaOutcome> {
    const match = matches[index];
    if (match === undefined) return usedUp(spent);
    const { product, counter } = match;
    const { quota } = product;
    if (quota === undefined) return { product };
    const decide = (count: Count): QuotaOutcome | Promise<QuotaOutcome> => {
      if (count.granted) return { product, quota: left(quota, count) };
      const sooner = spent === undefined || count.resetsAt < spent.resetsAt;
      return this.#from(index + 1, sooner ? { quota, resetsAt: count.resetsAt } : spent, matches, counting, now);
    };
    let count: Count | Promise<Count>;
    try {
      count = this.#count(counter, quota, counting, now);
    } catch (error) {
      return this.#failed(product, error);
    }
    return count instanceof Promise
      ? count.then(decide, (error: unknown) => this.#failed(product, error))
      : decide(count);
  }

  #count(counter: string, quota: Readonly<Quota>, counting: Counting, now: number): Count | Promise<Count> {
    const request = { key: counter, quota, now };
    if (counting === 'peek' || counting === 'skip') return this.#options.state.count({ ...request, peek: true });
    if (counting === 'take') return this.#options.state.count(request);
    const counted = counting.get(counter);
    if (counted !== undefined) return counted;
    const count = this.#options.state.count(request);
    counting.set(counter, count);
    return count;
  }

  #failed(product: CompiledProduct, error: unknown): QuotaOutcome {
    if (this.#options.failure === 'closed') return { message: unavailable(error) };
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      const message = 'quotas can not be counted and are open, as configured: uses go on uncounted (reported once)';
      process.emitWarning(message, 'ClavigerWarning');
    }
    return { product };
  }
}

interface Spent {
  readonly quota: Readonly<Quota>;
  readonly resetsAt: number;
}

function usedUp(spent: Spent | undefined): QuotaOutcome {
  if (spent === undefined) return { message: 'the quota is used up' };
  const quota = { limit: spent.quota.limit, remaining: 0, resetsAt: new Date(spent.resetsAt) };
  return { quota, message: `the quota is used up until ${quota.resetsAt.toISOString()}` };
}

function left({ limit }: Readonly<Quota>, { used, resetsAt }: Count): QuotaLeft {
  return { limit, remaining: Math.max(0, limit - used), resetsAt: new Date(resetsAt) };
}

function unavailable(error: unknown): string {
  const why = isClavigerError(error) ? error.message : 'its store does not answer';
  return `the quota can not be counted and is closed, as configured (${why})`;
}
