import type { RateLimiterRedis } from 'rate-limiter-flexible';
import { counterName, windowEnd, type Count, type CountRequest } from './fixed-window.js';
import { answered, isIoredis, isLimit, type RedisClient } from './redis-client.js';

/**
 * Counters of fixed windows in Redis: `rate-limiter-flexible` counts with one atomic script, whose clock is Redis's own,
 * so that processes whose clocks differ share one window.
 */
export class RedisCounters {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  readonly #limiters = new Map<number, Promise<RateLimiterRedis>>();

  constructor(client: RedisClient, prefix: string, timeoutMs: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#timeoutMs = timeoutMs;
  }

  async count(request: CountRequest): Promise<Count> {
    const { quota, now, peek } = request;
    const name = counterName(request);
    const length = windowEnd(quota, now) - now;
    if (quota.limit === 0) return { granted: false, used: 0, resetsAt: now + length };
    const limiter = await this.#limiter(quota.limit);
    if (peek === true) {
      const found = await answered(() => limiter.get(name), this.#timeoutMs);
      const used = found?.consumedPoints ?? 0;
      return {
        granted: used < quota.limit,
        used: Math.min(used, quota.limit),
        resetsAt: now + positive(found?.msBeforeNext, length),
      };
    }
    try {
      const taken = await answered(
        () => limiter.consume(name, 1, { customDuration: Math.ceil(length / 1000) }),
        this.#timeoutMs,
      );
      return { granted: true, used: taken.consumedPoints, resetsAt: now + positive(taken.msBeforeNext, length) };
    } catch (error) {
      if (!isLimit(error)) throw error;
      return { granted: false, used: quota.limit, resetsAt: now + positive(error.msBeforeNext, length) };
    }
  }

  /** One for each limit: the length of the window is said at each count. */
  #limiter(limit: number): Promise<RateLimiterRedis> {
    let limiter = this.#limiters.get(limit);
    if (limiter === undefined) this.#limiters.set(limit, (limiter = this.#newLimiter(limit)));
    return limiter;
  }

  async #newLimiter(points: number): Promise<RateLimiterRedis> {
    const { RateLimiterRedis } = await import('rate-limiter-flexible');
    return new RateLimiterRedis({
      storeClient: this.#client,
      useRedisPackage: !isIoredis(this.#client),
      keyPrefix: this.#prefix,
      points,
      duration: 1,
    });
  }
}

function positive(ms: number | undefined, otherwise: number): number {
  return ms !== undefined && ms > 0 ? ms : otherwise;
}
