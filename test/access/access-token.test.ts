import { describe, expect, it } from 'vitest';
import { createAccess, memoryState } from '../../src/access/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { accessRig, faultOf, product, sha256 } from './rules.js';

const day = 86_400_000;

async function tokenRig(options: Parameters<typeof accessRig>[0] = {}, issue: { scope?: string; ttlMs?: number } = {}) {
  const rig = accessRig(options);
  const { access, consumerKey, consumerSecret } = rig;
  const token = await access.issueAccessToken({ consumerKey, consumerSecret, ...issue });
  const verifyToken = (more: object = {}) =>
    access.verifyAccessToken({
      accessToken: token.access_token,
      provider: 'api',
      method: 'GET',
      path: '/v1/users',
      ...more,
    });
  return { ...rig, token, verifyToken };
}

const parts = (token: string) =>
  token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));

describe('an access token', () => {
  it('stands for the key that it was issued for, and says no more than it must', async () => {
    const { token, verifyToken, clock } = await tokenRig({ product: { scopes: ['read', 'write'] } });
    expect(token).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'read write' });
    expect(await verifyToken()).toMatchObject({ ok: true, app: 'agent', product: 'read', keyId: 'k1' });
    const [header, payload] = parts(token.access_token);
    expect(Object.keys(header).sort()).toEqual(['alg', 'kid', 'typ']);
    expect(payload).toEqual({ sub: 'k1', exp: (clock() + 900_000) / 1000, scope: 'read write' });
  });

  it('is refused exactly at its end', async () => {
    const { clock, verifyToken } = await tokenRig({}, { ttlMs: 1500 });
    clock.advance(1499);
    expect(await faultOf(verifyToken())).toBe('ok');
    clock.advance(1);
    expect(await faultOf(verifyToken())).toBe('keymanagement.service.access_token_expired');
  });

  it('lives no longer than its key', async () => {
    const { access, clock } = accessRig();
    const { consumerKey, consumerSecret } = await access.issueKey({
      app: 'agent',
      products: ['read'],
      expiresAt: new Date(clock() + 5000),
    });
    const token = await access.issueAccessToken({ consumerKey, consumerSecret });
    expect(token.expires_in).toBe(5);
  });

  it('is refused the moment its key, product, app or developer is, with that fault, also when it was verified before', async () => {
    const { access, verifyToken } = await tokenRig();
    for (const [target, denied, code, granted] of [
      [{ key: 'k1' }, 'revoked', 'oauth.v2.ApiKeyNotApproved', 'approved'],
      [
        { key: 'k1', product: 'read' },
        'revoked',
        'keymanagement.service.InvalidAPICallAsNoApiProductMatchFound',
        'approved',
      ],
      [{ app: 'agent' }, 'revoked', 'keymanagement.service.invalid_client-app_not_approved', 'approved'],
      [{ developer: 'ada' }, 'inactive', 'keymanagement.service.DeveloperStatusNotActive', 'active'],
    ] as const) {
      expect(await faultOf(verifyToken())).toBe('ok');
      await access.setStatus(target, denied);
      expect(await faultOf(verifyToken())).toBe(code);
      await access.setStatus(target, granted);
    }
  });

  it('covers what its key covers, and no more', async () => {
    const { verifyToken } = await tokenRig();
    for (const more of [{ path: '/v2' }, { provider: 'other' }, { path: undefined }, { path: '/v1/../v2' }]) {
      expect(await faultOf(verifyToken(more))).toBe('keymanagement.service.InvalidAPICallAsNoApiProductMatchFound');
    }
  });

  it('needs the scopes that are asked for, in itself and in the product that serves', async () => {
    const { access, consumerKey, consumerSecret, verifyToken } = await tokenRig(
      { product: { scopes: ['read', 'write'] } },
      { scope: 'read' },
    );
    expect(await faultOf(verifyToken({ scope: 'read' }))).toBe('ok');
    for (const scope of ['write', 'read write', 'admin']) {
      expect(await verifyToken({ scope })).toMatchObject({
        status: 403,
        fault: { code: 'steps.oauth.v2.InsufficientScope' },
      });
    }
    const wide = rejects(
      access.issueAccessToken({ consumerKey, consumerSecret, scope: 'read admin' }),
      'ERR_ACCESS_DENIED',
    );
    expect(await wide).toMatchObject({ fault: 'steps.oauth.v2.InsufficientScope' });
  });

  it('is counted like its key', async () => {
    const { verify, verifyToken } = await tokenRig({ product: { quota: { limit: 2, interval: 1, unit: 'day' } } });
    expect(await verifyToken()).toMatchObject({ ok: true, quota: { limit: 2, remaining: 1 } });
    expect(await verify()).toMatchObject({ ok: true, quota: { remaining: 0 } });
    expect(await verifyToken()).toMatchObject({ status: 429, fault: { code: 'policies.ratelimit.QuotaViolation' } });
  });

  it('of another making is not valid, however it is made', async () => {
    const { token, verifyToken, consumerKey, consumerSecret } = await tokenRig();
    const [head = '', body = '', signature = ''] = token.access_token.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [header, payload] = parts(token.access_token);
    const foreign = await tokenRig();
    const forged = [
      undefined,
      '',
      'x',
      consumerKey,
      consumerSecret,
      foreign.token.access_token,
      `${head}.${body}.`,
      `${head}.${body}`,
      `${encode({ ...header, alg: 'none' })}.${body}.`,
      `${encode({ ...header, alg: 'none' })}.${body}.${signature}`,
      `${encode({ ...header, alg: 'HS512' })}.${body}.${signature}`,
      `${encode({ ...header, kid: '__proto__' })}.${body}.${signature}`,
      `${encode({ ...header, typ: 'JWT' })}.${body}.${signature}`,
      `${head}.${encode({ ...payload, exp: 9e9 })}.${signature}`,
      `${head}.${encode({ ...payload, sub: 'k2' })}.${signature}`,
      'x.'.repeat(100_000),
    ];
    for (const accessToken of forged) {
      expect(await faultOf(verifyToken({ accessToken })), accessToken?.slice(0, 20)).toBe(
        'keymanagement.service.invalid_access_token',
      );
    }
    expect(await faultOf(verifyToken())).toBe('ok');
  });

  it('says nothing of a key that is gone', async () => {
    const state = memoryState();
    const secret = canary();
    const key = canary();
    const record = { id: 'k', sha256: sha256(key), secretSha256: sha256(secret), products: [{ name: 'read' }] };
    const before = createAccess({ products: [product()], apps: [{ name: 'a', keys: [record] }], state });
    const { access_token: accessToken } = await before.issueAccessToken({ consumerKey: key, consumerSecret: secret });
    const after = createAccess({ products: [product()], apps: [], state });
    expect(await faultOf(after.verifyAccessToken({ accessToken, provider: 'api', path: '/v1/a', method: 'GET' }))).toBe(
      'keymanagement.service.invalid_access_token',
    );
  });
});

describe('the issue of a token', () => {
  it('tells an unknown key from a wrong secret by nothing, nor a revoked key to who lacks its secret', async () => {
    const { access, consumerKey, consumerSecret } = accessRig();
    const other = await access.issueKey({ app: 'agent', products: ['read'] });
    await access.setStatus({ key: other.id }, 'revoked');
    const tries = [
      { consumerKey: canary(), consumerSecret },
      { consumerKey, consumerSecret: canary() },
      { consumerKey, consumerSecret: '' },
      { consumerKey, consumerSecret: undefined as never },
      { consumerKey, consumerSecret: other.consumerSecret },
      { consumerKey, consumerSecret: sha256(consumerSecret) },
      { consumerKey: other.consumerKey, consumerSecret: canary() },
    ];
    const errors = await Promise.all(tries.map((each) => rejects(access.issueAccessToken(each), 'ERR_ACCESS_DENIED')));
    expect(new Set(errors.map(({ message }) => message)).size).toBe(1);
    expect(errors[0]).toMatchObject({ fault: 'oauth.v2.InvalidClientIdentifier' });
    expect(errors[0]?.message).toMatch(/oauth\.v2\.InvalidClientIdentifier$/);
  });

  it('is refused for a secret that is replayed after its key was revoked', async () => {
    const { access, consumerKey, consumerSecret } = accessRig();
    await access.issueAccessToken({ consumerKey, consumerSecret });
    await access.setStatus({ key: 'k1' }, 'revoked');
    const error = await rejects(access.issueAccessToken({ consumerKey, consumerSecret }), 'ERR_ACCESS_DENIED');
    expect(error.fault).toBe('oauth.v2.ApiKeyNotApproved');
  });

  it('needs a secret on record', async () => {
    const { access, consumerKey } = accessRig({ key: { secretSha256: undefined as never } });
    for (const consumerSecret of ['', '0'.repeat(64), canary()]) {
      const error = await rejects(access.issueAccessToken({ consumerKey, consumerSecret }), 'ERR_ACCESS_DENIED');
      expect(error.fault).toBe('oauth.v2.InvalidClientIdentifier');
    }
  });

  it('refuses a life that is none, or longer than a day', async () => {
    const { access, consumerKey, consumerSecret } = accessRig();
    for (const ttlMs of [0, -1, NaN, Infinity, day + 1]) {
      await rejects(access.issueAccessToken({ consumerKey, consumerSecret, ttlMs }), 'ERR_CONFIG_INVALID');
    }
  });
});

describe('signing keys', () => {
  it('rotate after a day, and verify until the last of their tokens has ended', async () => {
    const state = memoryState();
    const { access, clock, consumerKey, consumerSecret } = accessRig({ state });
    const issue = async (ttlMs: number) =>
      (await access.issueAccessToken({ consumerKey, consumerSecret, ttlMs })).access_token;
    const fault = (accessToken: string) =>
      faultOf(access.verifyAccessToken({ accessToken, provider: 'api', method: 'GET', path: '/v1/a' }));
    const first = await issue(day);
    clock.advance(day - 1);
    const last = await issue(day);
    expect(parts(last)[0].kid).toBe(parts(first)[0].kid);
    clock.advance(1);
    const next = await issue(day);
    expect(parts(next)[0].kid).not.toBe(parts(first)[0].kid);
    expect([await fault(first), await fault(last), await fault(next)]).toEqual([
      'keymanagement.service.access_token_expired',
      'ok',
      'ok',
    ]);
    clock.advance(2 * day);
    await issue(day);
    const kept = (await state.read()).get('signing') as unknown[];
    expect(kept).toHaveLength(1);
  });

  it('are made once, however many ask at the same time', async () => {
    const { access, consumerKey, consumerSecret } = accessRig();
    const tokens = await Promise.all(
      Array.from({ length: 20 }, () => access.issueAccessToken({ consumerKey, consumerSecret })),
    );
    expect(new Set(tokens.map(({ access_token }) => parts(access_token)[0].kid)).size).toBe(1);
  });

  it('that are taken away end their tokens at once', async () => {
    const state = memoryState();
    const { verifyToken } = await tokenRig({ state });
    expect(await faultOf(verifyToken())).toBe('ok');
    await state.update(() => new Map([['signing', undefined]]));
    expect(await faultOf(verifyToken())).toBe('keymanagement.service.invalid_access_token');
  });
});
