import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createAccess, fileState, redisState, type AccessState } from '../../src/access/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/built.js';
import { canary } from '../support/canary.js';
import { needs } from '../support/needs.js';
import { rejects } from '../support/rejects.js';
import { startRedis, type RedisServer } from './redis-server.js';
import { faultOf, product, sha256 } from './rules.js';

const hasRedis = needs('redis-server');
let redis: RedisServer;
let directory: string;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'claviger-state-'));
  if (hasRedis) redis = await startRedis();
});
afterEach(() => Promise.all(closers.splice(0).map((close) => close())));
afterAll(async () => {
  await redis?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

let count = 0;

/** A state that several processes can open: how this process opens it, and the code with which others do. */
interface Shared {
  readonly open: () => Promise<AccessState>;
  readonly code: string;
  /** How long another process may not see a change. */
  readonly lateMs: number;
}

function inFile(): Shared {
  const path = join(directory, `state-${(count += 1)}.json`);
  return {
    open: async () => fileState(path),
    code: `fileState(${JSON.stringify(path)})`,
    lateMs: 1000,
  };
}

function withIoredis(): Shared {
  const prefix = `test-${(count += 1)}`;
  return {
    open: async () => {
      const client = new Redis(redis.port);
      closers.push(() => client.disconnect());
      return redisState(client, { prefix });
    },
    code: `redisState(new (await import('ioredis')).Redis(${redis.port}), { prefix: '${prefix}' })`,
    lateMs: 0,
  };
}

function withNodeRedis(): Shared {
  const prefix = `test-${(count += 1)}`;
  const url = `redis://127.0.0.1:${redis.port}`;
  return {
    open: async () => {
      const client = createClient({ url });
      await client.connect();
      closers.push(() => client.destroy());
      return redisState(client, { prefix });
    },
    code: `redisState(await (await import('redis')).createClient({ url: '${url}' }).connect(), { prefix: '${prefix}' })`,
    lateMs: 0,
  };
}

const key = canary();
const secret = canary();
const rules = (limit = 50) => ({
  products: [product({ quota: { limit, interval: 1, unit: 'hour' } })],
  apps: [
    {
      name: 'agent',
      keys: [{ id: 'k1', sha256: sha256(key), secretSha256: sha256(secret), products: [{ name: 'read' }] }],
    },
  ],
});
const use = { consumerKey: key, provider: 'api', method: 'GET', path: '/v1/x' };

/** Runs module code in a process of its own, with `access` over the shared state, and gives what it prints. */
function run({ code }: Shared, body: string, limit?: number) {
  const program = `
    const { createAccess, fileState, redisState } = await import('claviger/access');
    const access = createAccess({ ...${JSON.stringify(rules(limit))}, state: ${code} });
    const use = ${JSON.stringify(use)};
    ${body}
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(root),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  closers.push(() => child.kill('SIGKILL'));
  return { child, lines: createInterface({ input: child.stdout }), exited: once(child, 'exit') };
}

describe.each([
  ['a file', inFile, true],
  ['Redis, by ioredis', withIoredis, hasRedis],
  ['Redis, by node-redis', withNodeRedis, hasRedis],
] as const)('a state in %s', (_name, shared, isHere) => {
  const test = it.skipIf(!isHere);

  test('is shared: keys, statuses, tokens and quotas', async () => {
    const place = shared();
    const [one, two] = [
      createAccess({ ...rules(2), state: await place.open() }),
      createAccess({ ...rules(2), state: await place.open() }),
    ];
    expect(await faultOf(two.verifyApiKey({ ...use, peek: true }))).toBe('ok');
    const issued = await one.issueKey({ app: 'agent', products: ['read'] });
    await delay(place.lateMs);
    const { access_token: accessToken } = await two.issueAccessToken(issued);
    expect(await faultOf(one.verifyAccessToken({ ...use, accessToken }))).toBe('ok');
    expect(await two.verifyApiKey({ ...use, consumerKey: issued.consumerKey })).toMatchObject({
      ok: true,
      keyId: issued.id,
      quota: { limit: 2, remaining: 0 },
    });
    expect(await faultOf(one.verifyApiKey(use))).toBe('policies.ratelimit.QuotaViolation');
    expect(await faultOf(one.verifyApiKey({ ...use, peek: true }))).toBe('policies.ratelimit.QuotaViolation');
    await one.setStatus({ key: issued.id }, 'revoked');
    expect(await faultOf(one.verifyAccessToken({ ...use, accessToken }))).toBe('oauth.v2.ApiKeyNotApproved');
    await delay(place.lateMs);
    expect(await faultOf(two.verifyAccessToken({ ...use, accessToken }))).toBe('oauth.v2.ApiKeyNotApproved');
  });

  test('loses no change of two who change at once, and shows all of them', async () => {
    const place = shared();
    const accesses = await Promise.all(
      Array.from({ length: 3 }, async () => createAccess({ ...rules(), state: await place.open() })),
    );
    const issued = await Promise.all(
      accesses.flatMap((access) =>
        Array.from({ length: 5 }, () => access.issueKey({ app: 'agent', products: ['read'] })),
      ),
    );
    await delay(place.lateMs);
    for (const access of accesses) {
      const known = new Set((await access.describe()).keys.map(({ id }) => id));
      expect(issued.filter(({ id }) => !known.has(id))).toEqual([]);
    }
  });

  test('counts exactly when 4 processes make 200 calls at once', { timeout: 40_000 }, async () => {
    const place = shared();
    const body = `
      await access.verifyApiKey({ ...use, peek: true });
      console.log('ready');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      const all = await Promise.all(Array.from({ length: 50 }, () => access.verifyApiKey(use)));
      console.log(JSON.stringify(all.map((each) => each.ok ? 'ok' : each.fault.code + ' ' + each.fault.message)));`;
    const runs = Array.from({ length: 4 }, () => run(place, body, 77));
    await Promise.all(runs.map(({ lines }) => once(lines, 'line')));
    const answers = runs.map(({ lines }) => once(lines, 'line') as Promise<[string]>);
    for (const { child } of runs) child.stdin.write('go\n');
    const all = (await Promise.all(answers)).flatMap(([line]) => JSON.parse(line) as string[]);
    expect(all).toHaveLength(200);
    expect(all.filter((each) => each !== 'ok' && !each.includes('is used up'))).toEqual([]);
    expect(all.filter((each) => each === 'ok')).toHaveLength(77);
  });

  test('shows a revocation by one process to another, in time', { timeout: 40_000 }, async () => {
    const place = shared();
    const access = createAccess({ ...rules(), state: await place.open() });
    expect(await faultOf(access.verifyApiKey(use))).toBe('ok');
    const { exited } = run(place, `await access.setStatus({ key: 'k1' }, 'revoked');`);
    await exited;
    await delay(place.lateMs);
    expect(await faultOf(access.verifyApiKey(use))).toBe('oauth.v2.ApiKeyNotApproved');
  });

  test('holds neither keys nor secrets nor tokens', async () => {
    const place = shared();
    const state = await place.open();
    const access = createAccess({ ...rules(), state });
    const issued = await access.issueKey({ app: 'agent', products: ['read'] });
    const { access_token } = await access.issueAccessToken(issued);
    await access.verifyApiKey({ ...use, consumerKey: issued.consumerKey });
    await access.verifyAccessToken({ ...use, accessToken: access_token });
    const held = [JSON.stringify([...(await state.read())]), { file: directory }];
    for (const value of [issued.consumerKey, issued.consumerSecret, access_token]) expectNoLeak(held, value);
  });
});

describe('a state in a file', () => {
  const path = () => join(directory, `file-${(count += 1)}.json`);

  it('is private, and refused when it is not', async () => {
    const file = path();
    const access = createAccess({ ...rules(), state: fileState(file) });
    await access.issueKey({ app: 'agent', products: ['read'] });
    await access.verifyApiKey(use);
    for (const each of [file, `${file}.quotas`]) expect(statSync(each).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o644);
    const error = await rejects(
      createAccess({ ...rules(), state: fileState(file) }).verifyApiKey(use),
      'ERR_STORE_PERMISSIONS',
    );
    expect(error.message).toContain('chmod 600');
  });

  it('that was put back, emptied or removed under a running process is refused: nothing revoked comes back', async () => {
    const file = path();
    const access = createAccess({ ...rules(), state: fileState(file) });
    await access.setStatus({ app: 'agent' }, 'approved');
    copyFileSync(file, `${file}.old`);
    chmodSync(`${file}.old`, 0o600);
    await access.setStatus({ key: 'k1' }, 'revoked');
    copyFileSync(`${file}.old`, file);
    await delay(300);
    await rejects(access.verifyApiKey(use), 'ERR_STORE_CORRUPT');
    rmSync(file);
    await rejects(access.verifyApiKey(use), 'ERR_STORE_UNAVAILABLE');
    writeFileSync(file, '{}', { mode: 0o600 });
    await rejects(access.verifyApiKey(use), 'ERR_STORE_CORRUPT');
  });

  it(
    'killed in the middle of changes holds the old state or the new, and what was acknowledged',
    { timeout: 40_000 },
    async () => {
      const place = inFile();
      let acknowledged: string[] = [];
      for (let round = 0; round < 8; round++) {
        const { child, lines, exited } = run(
          place,
          `for (;;) console.log((await access.issueKey({ app: 'agent', products: ['read'] })).id);`,
        );
        lines.on('line', (line) => acknowledged.push(line));
        await once(lines, 'line');
        await delay(Math.random() * 20); // any moment, that is the point
        child.kill('SIGKILL');
        await exited;
      }
      const access = createAccess({ ...rules(), state: await place.open() });
      await access.issueKey({ app: 'agent', products: ['read'] });
      const known = new Set((await access.describe()).keys.map(({ id }) => id));
      acknowledged = acknowledged.filter((id) => !known.has(id));
      expect(acknowledged).toEqual([]);
      const name = /state-\d+\.json/.exec(place.code)?.[0] ?? '';
      expect(
        readdirSync(directory).filter((each) => each.startsWith(name) && /tmp|candidate|steal/.test(each)),
      ).toEqual([]);
    },
  );

  it('whose counters are damaged refuses, and says what to do', async () => {
    const file = path();
    const access = createAccess({ ...rules(), state: fileState(file) });
    await access.verifyApiKey(use);
    expect(existsSync(`${file}.quotas`)).toBe(true);
    expect(readFileSync(`${file}.quotas`, 'utf8')).not.toContain(key);
    writeFileSync(`${file}.quotas`, 'damaged');
    const verification = await access.verifyApiKey(use);
    expect(verification).toMatchObject({
      ok: false,
      status: 429,
      fault: { message: expect.stringContaining('remove it') },
    });
  });
});

describe.skipIf(!hasRedis)('a state in Redis', () => {
  it('that is down admits nobody, says so, and takes no longer than its deadline', async () => {
    await using own = await startRedis();
    const client = new Redis(own.port, { retryStrategy: () => 50 });
    client.on('error', () => undefined);
    closers.push(() => client.disconnect());
    const access = createAccess({ ...rules(), state: redisState(client, { timeoutMs: 300 }) });
    expect(await faultOf(access.verifyApiKey(use))).toBe('ok');
    await own.kill();
    const error = await rejects(access.verifyApiKey(use), 'ERR_STORE_UNAVAILABLE');
    expect(error.message).toContain('Redis');
    const quotasOnly = createAccess({ ...rules(), quotas: redisState(client, { timeoutMs: 300 }) });
    expect(await quotasOnly.verifyApiKey(use)).toMatchObject({
      ok: false,
      status: 429,
      fault: { message: expect.stringMatching(/closed, as configured.*Redis/) },
    });
    const open = createAccess({
      ...rules(),
      quotas: redisState(client, { timeoutMs: 300 }),
      quotaFailure: 'open',
    });
    expect(await faultOf(open.verifyApiKey(use))).toBe('ok');
  });

  it('that lost what was seen is refused: nothing revoked comes back', async () => {
    await using own = await startRedis();
    const client = new Redis(own.port);
    closers.push(() => client.disconnect());
    const access = createAccess({ ...rules(), state: redisState(client) });
    await access.setStatus({ key: 'k1' }, 'revoked');
    await client.flushall();
    await rejects(access.verifyApiKey(use), 'ERR_STORE_CORRUPT');
    await createAccess({ ...rules(), state: redisState(client) }).setStatus({ app: 'agent' }, 'approved');
    await rejects(access.verifyApiKey(use), 'ERR_STORE_CORRUPT');
  });

  it('counts in windows that end by the clock of Redis, also those of a month', async () => {
    const state = await withIoredis().open();
    const quota = { limit: 1, interval: 1, unit: 'second' as const };
    const now = Date.now();
    expect(await state.count({ key: 'a', quota, now })).toMatchObject({ granted: true, used: 1 });
    expect(await state.count({ key: 'a', quota, now })).toMatchObject({ granted: false, used: 1 });
    const month = await state.count({ key: 'a', quota: { ...quota, unit: 'month' }, now });
    expect(month.granted).toBe(true);
    expect(month.resetsAt - now).toBeGreaterThan(27 * 86_400_000);
    await delay(1100);
    expect(await state.count({ key: 'a', quota, now: Date.now() })).toMatchObject({ granted: true });
  });

  it('takes clients of both packages, and nothing else', () => {
    for (const client of [undefined, null, {}, 'redis://localhost']) {
      expect(() => redisState(client as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
    }
  });
});
