import { ClavigerError, safeCause } from '../errors.js';
import { configInvalid } from '../internal/validation.js';

/** A client of ioredis, a cluster's too. */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A client of node-redis (`redis`) 4 or later. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>;
}

export type RedisClient = IoredisClient | NodeRedisClient;

export function isIoredis(client: RedisClient): client is IoredisClient {
  return typeof (client as Partial<IoredisClient>).call === 'function';
}

/** @throws ClavigerError `ERR_CONFIG_INVALID` */
export function assertRedisClient(client: RedisClient): void {
  const given = client as RedisClient | null | undefined;
  if (typeof given === 'object' && given !== null && (isIoredis(given) || typeof given.sendCommand === 'function'))
    return;
  const message = 'must be a client of ioredis or of node-redis, connected by you';
  throw configInvalid('redisState', [{ path: 'client', message }]);
}

/** Sends one command. */
export function redisCommand(
  client: RedisClient,
  [command = '', ...args]: string[],
  withinMs: number,
): Promise<unknown> {
  return answered(
    () => (isIoredis(client) ? client.call(command, ...args) : client.sendCommand([command, ...args])),
    withinMs,
  );
}

/**
 * The answer of a client, or `ERR_STORE_UNAVAILABLE`: clients queue what they can't send, without end, and nobody's
 * request is to wait for that.
 */
export async function answered<T>(ask: () => Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable(`did not answer within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    if (error instanceof ClavigerError || isLimit(error)) throw error;
    throw unavailable(`can't be asked: ${safeCause(error).message}`, safeCause(error));
  } finally {
    clearTimeout(timer);
  }
}

/** The limiter rejects with what it counted. */
export function isLimit(value: unknown): value is { consumedPoints: number; msBeforeNext: number } {
  return typeof (value as { consumedPoints?: unknown } | null)?.consumedPoints === 'number';
}

function unavailable(what: string, cause?: Error): ClavigerError {
  return new ClavigerError('ERR_STORE_UNAVAILABLE', `access state in Redis ${what}`, { store: 'redis', cause });
}
