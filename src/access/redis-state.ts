import { randomBytes } from 'node:crypto';
import { ClavigerError } from '../errors.js';
import type { Count, CountRequest } from './fixed-window.js';
import { assertRedisClient, redisCommand, type RedisClient } from './redis-client.js';
import { RedisCounters } from './redis-counters.js';
import { applyChanges, changed, type AccessState, type Changes, type Records } from './state.js';

export interface RedisStateOptions {
  /** Put before every key, so that several sets of rules can share one Redis; default `claviger:access`. */
  prefix?: string;
  /** After this Redis counts as unavailable; default 2 000. */
  timeoutMs?: number;
}

/**
 * The state of any number of processes and machines, in Redis. What one of them revokes holds for all of them at once:
 * each verification asks whether anything has changed. While Redis can't answer, nobody is admitted.
 *
 * It holds hashes of consumer keys, and the keys that access tokens are signed with: whoever can read it can make tokens.
 * Use a Redis that keeps its data (append-only file) and evicts none: a revocation that it loses is undone.
 *
 * @param client A client of ioredis or of node-redis, which you connect, keep and close.
 * @throws ClavigerError `ERR_CONFIG_INVALID` for anything else
 *
 * @example
 * const access = createAccess({ products, apps, state: redisState(new Redis()) });
 */
export function redisState(client: RedisClient, options: RedisStateOptions = {}): AccessState {
  assertRedisClient(client);
  return new RedisState(client, options);
}

/** Names of changed records that are kept, so that a reader behind by fewer need not read everything. */
const KEPT_CHANGES = 1000;

/** Somebody else may come between; each time one of all who try gets through. */
const MAX_ATTEMPTS = 100;

/**
 * All that a reader lacks: the version, whether it is everything, and names with values in turn. A version is
 * `EPOCH.NUMBER`; the epoch tells one that began anew from the one that was lost.
 */
const READ = `
local version = redis.call('GET', KEYS[1]) or ''
local behind = (tonumber(string.match(version, '%.(%d+)$')) or 0) - tonumber(ARGV[2])
local isSameEpoch = string.match(version, '^[^.]*') == ARGV[1]
if isSameEpoch and behind >= 0 and behind <= redis.call('LLEN', KEYS[3]) then
  local flat = {}
  for _, name in ipairs(behind == 0 and {} or redis.call('LRANGE', KEYS[3], 0, behind - 1)) do
    flat[#flat + 1] = name
    flat[#flat + 1] = redis.call('HGET', KEYS[2], name) or ''
  end
  return { version, 0, flat }
end
return { version, 1, redis.call('HGETALL', KEYS[2]) }`;

/** Writes if nobody else has since; an empty value removes. */
const WRITE = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
for i = 4, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[2], ARGV[i])
  else redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
  redis.call('LPUSH', KEYS[3], ARGV[i])
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('LTRIM', KEYS[3], 0, tonumber(ARGV[3]) - 1)
return 1`;

/** How far a reader is. */
interface Version {
  readonly text: string;
  readonly epoch: string;
  readonly number: number;
}

function versionOf(text: string): Version {
  const [epoch = '', number] = text.split('.');
  return { text, epoch, number: Number(number ?? 0) };
}

class RedisState implements AccessState {
  readonly kind = 'redis';
  readonly #client: RedisClient;
  readonly #keys: readonly [string, string, string];
  readonly #timeoutMs: number;
  readonly #counters: RedisCounters;
  /** Replaced by each change, so that who has read it keeps what was read. */
  #records: Records = new Map();
  #version: Version | undefined;

  constructor(client: RedisClient, { prefix = 'claviger:access', timeoutMs = 2000 }: RedisStateOptions) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    // In a cluster, what stands in braces puts the three into one slot.
    this.#keys = [`{${prefix}}:version`, `{${prefix}}:records`, `{${prefix}}:changes`];
    this.#counters = new RedisCounters(client, `${prefix}:quota`, timeoutMs);
  }

  async read(): Promise<Records> {
    const version = ((await this.#send('GET', this.#keys[0])) ?? '') as string;
    if (version === this.#version?.text) return this.#records;
    return (await this.#load()).records;
  }

  async update(change: (now: Records) => Changes | undefined): Promise<void> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { records, version } = await this.#load();
      const changes = change(records);
      if (changes === undefined || changes.size === 0) return;
      const epoch = version.epoch === '' ? randomBytes(8).toString('hex') : version.epoch;
      const next = `${epoch}.${version.number + changes.size}`;
      const flat = [...changes].flatMap(([name, value]) => [name, value === undefined ? '' : JSON.stringify(value)]);
      if (Number(await this.#eval(WRITE, [version.text, next, String(KEPT_CHANGES), ...flat])) !== 1) continue;
      this.#keep(versionOf(next), changed(records, changes));
      return;
    }
    throw new ClavigerError('ERR_STORE_UNAVAILABLE', 'access state in Redis is changed by others all the time', {
      store: 'redis',
    });
  }

  count(request: CountRequest): Promise<Count> {
    return this.#counters.count(request);
  }

  async #load(): Promise<{ records: Records; version: Version }> {
    const asked = this.#version;
    const base = this.#records;
    const answer = await this.#eval(READ, [asked?.epoch ?? '-', String(asked?.number ?? 0)]);
    const [text, isEverything, flat] = answer as [string, unknown, string[]];
    const version = versionOf(text);
    if (asked !== undefined && asked.text !== '' && (version.epoch !== asked.epoch || version.number < asked.number)) {
      throw lost();
    }
    if (version.text === asked?.text) return { records: base, version };
    const records = new Map(Number(isEverything) === 1 ? [] : base);
    applyChanges(records, parsed(flat));
    this.#keep(version, records);
    return { records, version };
  }

  /** Answers may overtake one another; an older one never replaces a newer one. */
  #keep(version: Version, records: Records): void {
    if (this.#version?.epoch === version.epoch && version.number <= this.#version.number) return;
    this.#version = version;
    this.#records = records;
  }

  #eval(script: string, args: readonly string[]): Promise<unknown> {
    return this.#send('EVAL', script, String(this.#keys.length), ...this.#keys, ...args);
  }

  #send(...command: string[]): Promise<unknown> {
    return redisCommand(this.#client, command, this.#timeoutMs);
  }
}

function parsed(flat: readonly string[]): Changes {
  const changes = new Map<string, unknown>();
  for (let index = 0; index < flat.length; index += 2) {
    const [name = '', text = ''] = flat.slice(index, index + 2);
    try {
      changes.set(name, text === '' ? undefined : JSON.parse(text));
    } catch {
      throw new ClavigerError('ERR_STORE_CORRUPT', `access state in Redis: the record of ${name} can not be read`, {
        store: 'redis',
      });
    }
  }
  return changes;
}

/** What was revoked would be valid again. */
function lost(): ClavigerError {
  const message =
    'access state in Redis has lost changes that had been seen: restore it; if that was meant, start this program anew';
  return new ClavigerError('ERR_STORE_CORRUPT', message, { store: 'redis' });
}
