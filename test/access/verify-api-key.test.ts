import { describe, expect, it } from 'vitest';
import { createAccess } from '../../src/access/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { accessRig, faultOf, product, sha256 } from './rules.js';

describe('a consumer key', () => {
  it('is verified with its app, developer, product and id', async () => {
    expect(await accessRig().verify()).toEqual({
      ok: true,
      app: 'agent',
      developer: 'ada',
      product: 'read',
      keyId: 'k1',
    });
  });

  it('has to be given', async () => {
    const { verify } = accessRig();
    for (const consumerKey of [undefined, '', null as never, 7 as never, {} as never]) {
      expect(await verify({ consumerKey })).toMatchObject({
        ok: false,
        status: 401,
        fault: { code: 'oauth.v2.FailedToResolveAPIKey' },
      });
    }
  });

  it('has to be known, whole and as it is; nothing of it is said again', async () => {
    const { verify, consumerKey, consumerSecret } = accessRig();
    const wrong = [canary(), consumerKey.slice(0, -1), `${consumerKey}x`, consumerKey.toUpperCase(), ` ${consumerKey}`];
    for (const each of [...wrong, consumerSecret, sha256(consumerKey), '__proto__', 'x'.repeat(100_000)]) {
      const verification = await verify({ consumerKey: each });
      expect(verification).toMatchObject({ ok: false, status: 401, fault: { code: 'oauth.v2.InvalidApiKey' } });
      expect(JSON.stringify(verification)).not.toContain(each);
    }
  });

  it('is refused with the fault of the first check that fails, and none that comes later', async () => {
    const rig = accessRig({ product: { quota: { limit: 1, interval: 1, unit: 'hour' } } });
    const { access, clock, verify } = rig;
    const expiring = await access.issueKey({ app: 'agent', products: ['read'], expiresAt: new Date(clock() + 1000) });
    const fault = () => faultOf(verify({ consumerKey: expiring.consumerKey, path: '/other' }));
    expect(await fault()).toBe('oauth.v2.InvalidApiKeyForGivenResource');
    await access.setStatus({ developer: 'ada' }, 'inactive');
    expect(await fault()).toBe('keymanagement.service.DeveloperStatusNotActive');
    await access.setStatus({ app: 'agent' }, 'revoked');
    expect(await fault()).toBe('keymanagement.service.invalid_client-app_not_approved');
    clock.advance(1000);
    expect(await fault()).toBe('keymanagement.service.consumer_key_expired');
    await access.setStatus({ key: expiring.id }, 'revoked');
    expect(await fault()).toBe('oauth.v2.ApiKeyNotApproved');
  });

  it('expires exactly at its time, while its twin goes on', async () => {
    const { access, clock, verify } = accessRig();
    const { consumerKey } = await access.issueKey({
      app: 'agent',
      products: ['read'],
      expiresAt: new Date(clock() + 1000),
    });
    clock.advance(999);
    expect(await faultOf(verify({ consumerKey }))).toBe('ok');
    clock.advance(1);
    expect(await faultOf(verify({ consumerKey }))).toBe('keymanagement.service.consumer_key_expired');
    expect(await faultOf(verify())).toBe('ok');
  });

  it('is refused at once after a change of status, and works again after the next', async () => {
    const { access, verify } = accessRig();
    const cases = [
      [{ key: 'k1' }, 'revoked', 'oauth.v2.ApiKeyNotApproved', 'approved'],
      [{ key: 'k1' }, 'pending', 'oauth.v2.ApiKeyNotApproved', 'approved'],
      [{ key: 'k1', product: 'read' }, 'revoked', 'oauth.v2.InvalidApiKeyForGivenResource', 'approved'],
      [{ app: 'agent' }, 'revoked', 'keymanagement.service.invalid_client-app_not_approved', 'approved'],
      [{ developer: 'ada' }, 'inactive', 'keymanagement.service.DeveloperStatusNotActive', 'active'],
    ] as const;
    for (const [target, denied, code, granted] of cases) {
      await access.setStatus(target, denied);
      expect(await faultOf(verify())).toBe(code);
      await access.setStatus(target, granted);
      expect(await faultOf(verify())).toBe('ok');
    }
  });

  it('that a definition refuses can be approved', async () => {
    const { access, verify } = accessRig({ app: { status: 'revoked' }, key: { status: 'pending' } });
    await access.setStatus({ app: 'agent' }, 'approved');
    expect(await faultOf(verify())).toBe('oauth.v2.ApiKeyNotApproved');
    await access.setStatus({ key: 'k1' }, 'approved');
    expect(await faultOf(verify())).toBe('ok');
  });

  it('of one app does nothing for another', async () => {
    const key = canary();
    const access = createAccess({
      products: [product(), product({ name: 'write', resources: ['/v2/**'] })],
      apps: [
        { name: 'a', keys: [{ id: 'ka', sha256: sha256(key), products: [{ name: 'read' }] }] },
        { name: 'b', keys: [{ id: 'kb', sha256: sha256(canary()), products: [{ name: 'write' }] }] },
      ],
    });
    const verify = (path: string) => access.verifyApiKey({ consumerKey: key, provider: 'api', method: 'GET', path });
    expect(await verify('/v1/x')).toMatchObject({ ok: true, app: 'a' });
    expect(await faultOf(verify('/v2/x'))).toBe('oauth.v2.InvalidApiKeyForGivenResource');
  });
});

describe('a product', () => {
  const noProduct = 'oauth.v2.InvalidApiKeyForGivenResource';

  it.each([
    ['another provider', {}, { provider: 'other' }],
    ['another path', {}, { path: '/v2' }],
    ['a longer name', {}, { path: '/v1x' }],
    ['another case', {}, { path: '/V1/users' }],
    ['another method', { methods: ['POST'] }, {}],
    ['no providers', { providers: [] }, {}],
    ['no resources', { resources: [] }, {}],
    ['no methods', { methods: [] }, {}],
    ['a way out of the path', {}, { path: '/v1/../admin' }],
    ['an encoded way out', {}, { path: '/v1/%2e%2e/admin' }],
    ['an encoded slash in the way out', {}, { path: '/v1/..%2fadmin' }],
    ['two slashes', {}, { path: '/v1//users' }],
    ['a backslash', {}, { path: '/v1/\\users' }],
    ['a NUL', {}, { path: '/v1/%00' }],
    ['no path at all', {}, { path: 'v1/users' }],
    ['a query', {}, { path: '/v1/users?x=1' }],
    ['a regex character for a literal', { resources: ['/v1/a.b'] }, { path: '/v1/aXb' }],
    ['a prototype', { providers: ['api'] }, { provider: 'constructor' }],
  ])('does not cover %s', async (_what, over, request) => {
    expect(await faultOf(accessRig({ product: over }).verify(request))).toBe(noProduct);
  });

  it('covers what its rule says, in the one canonical form', async () => {
    const { verify } = accessRig({ product: { resources: ['/v1/*', '/files/**'], methods: ['GET'] } });
    for (const path of ['/v1/a', '/v1/a/', '/v1/a%2fb', '/v1/x/../a', '/files', '/files/a/b', '/v1/%7Eme']) {
      expect(await faultOf(verify({ path })), path).toBe('ok');
    }
    expect(await faultOf(verify({ path: '/v1/a', method: 'HEAD' }))).toBe('ok');
    expect(await faultOf(verify({ path: '/v1/a', method: 'get' }))).toBe('ok');
    expect(await faultOf(verify({ path: '/v1/a', method: 'POST' }))).toBe(noProduct);
  });

  it('admits a use without a URL only if it is for all methods and every path', async () => {
    const whole = { path: undefined, method: undefined };
    for (const [over, expected] of [
      [{ resources: ['/'] }, 'ok'],
      [{ resources: ['/**'] }, 'ok'],
      [{ resources: ['/a', '/**'] }, 'ok'],
      [{ resources: ['/v1/**'] }, noProduct],
      [{ resources: ['/*', '/*/**'] }, noProduct],
      [{ resources: ['/**'], methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] }, noProduct],
    ] as const) {
      const { verify } = accessRig({ product: over as never });
      expect(await faultOf(verify(whole)), JSON.stringify(over)).toBe(expected);
    }
    const { verify } = accessRig({ product: { resources: ['/**'], methods: ['GET'] } });
    expect(await faultOf(verify({ method: undefined }))).toBe(noProduct);
    expect(await faultOf(accessRig().verify({ path: undefined }))).toBe(noProduct);
  });

  it('with manual approval waits for it, for each key', async () => {
    const { access, verify } = accessRig({ product: { approval: 'manual' } });
    const { id, consumerKey } = await access.issueKey({ app: 'agent', products: ['read'] });
    expect(await faultOf(verify({ consumerKey }))).toBe(noProduct);
    expect((await access.describe()).keys.find((key) => key.id === id)).toMatchObject({
      status: 'approved',
      products: [{ name: 'read', status: 'pending' }],
    });
    await access.setStatus({ key: id, product: 'read' }, 'approved');
    expect(await faultOf(verify({ consumerKey }))).toBe('ok');
  });
});

describe('definitions', () => {
  const key = { id: 'k', sha256: 'a'.repeat(64), products: [{ name: 'read' }] };
  it.each([
    ['an unknown key', { products: [{ ...product(), method: ['GET'] }] }, 'products[0]', 'did you mean "methods"'],
    ['a bad pattern', { products: [product({ resources: ['/a', '/**/b'] })] }, 'products[0].resources[1]', '"**"'],
    ['a lower-case method', { products: [product({ methods: ['get'] })] }, 'products[0].methods[0]', 'upper case'],
    ['TRACE', { products: [product({ methods: ['TRACE'] })] }, 'products[0].methods[0]', 'never'],
    ['a product twice', { products: [product(), product()] }, 'products[1].name', 'already'],
    ['a key twice', { apps: [{ name: 'a', keys: [key, { ...key, id: 'l' }] }] }, 'apps[0].keys[1].sha256', 'already'],
    [
      'an id twice',
      { apps: [{ name: 'a', keys: [key, { ...key, sha256: 'b'.repeat(64) }] }] },
      'apps[0].keys[1].id',
      'already',
    ],
    [
      'an unknown product',
      { apps: [{ name: 'a', keys: [{ ...key, products: [{ name: 'raed' }] }] }] },
      'apps[0].keys[0].products[0].name',
      'did you mean "read"',
    ],
    ['an unknown developer', { apps: [{ name: 'a', developer: 'bob' }] }, 'apps[0].developer', '"bob"'],
    [
      'a hash in upper case',
      { apps: [{ name: 'a', keys: [{ ...key, sha256: 'A'.repeat(64) }] }] },
      'apps[0].keys[0].sha256',
      'lower-case',
    ],
    [
      'a date without a zone',
      { apps: [{ name: 'a', keys: [{ ...key, expiresAt: '2027-01-01T00:00' }] }] },
      'apps[0].keys[0].expiresAt',
      'date',
    ],
    [
      'a quota of fractions',
      { products: [product({ quota: { limit: 1.5, interval: 1, unit: 'day' } })] },
      'products[0].quota.limit',
      'whole',
    ],
  ])('with %s are refused, saying where', (_what, over, path, message) => {
    const all = { products: [product()], developers: [{ name: 'ada' }], apps: [], ...over } as never;
    expect(() => createAccess(all)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIG_INVALID',
        issues: [{ path, message: expect.stringContaining(message) }],
      }),
    );
  });

  it('that are changed later by their owner change nothing', async () => {
    const over = { resources: ['/v1/**'] };
    const { verify } = accessRig({ product: over });
    over.resources[0] = '/**';
    expect(await faultOf(verify({ path: '/v2' }))).toBe('oauth.v2.InvalidApiKeyForGivenResource');
  });
});

describe('administration', () => {
  it('refuses what is not there, with near names and without a stack of its own', async () => {
    const { access, consumerKey } = accessRig();
    const cases = [
      [() => access.issueKey({ app: 'agnet', products: [] }), 'did you mean "agent"'],
      [() => access.issueKey({ app: 'agent', products: ['read', 'raed'] }), 'did you mean "read"'],
      [() => access.issueKey({ app: 'agent', products: ['read', 'read'] }), 'twice'],
      [() => access.issueKey({ app: 'agent', products: ['read'], expiresAt: new Date('x') }), 'date'],
      [() => access.setStatus({ app: 'other' }, 'revoked'), 'no app'],
      [() => access.setStatus({ developer: 'ad' }, 'inactive'), 'did you mean "ada"'],
      [() => access.setStatus({ key: consumerKey }, 'revoked'), 'no consumer key has that id'],
      [() => access.setStatus({ key: 'k1', product: 'write' }, 'revoked'), 'not for a product'],
      [() => access.setStatus({ key: 'k1' }, 'active'), 'approved, pending, revoked'],
      [() => access.setStatus({ app: 'agent' }, 'pending'), 'approved, revoked'],
      [() => access.setStatus('k1' as never, 'revoked'), 'target'],
    ] as const;
    for (const [act, message] of cases) {
      const error = await rejects(act, 'ERR_CONFIG_INVALID');
      expect(error.message).toContain(message);
      expect(error.message).not.toContain(consumerKey);
    }
  });

  it('keeps hashes only, and describes neither keys nor hashes', async () => {
    const { access, consumerKey } = accessRig();
    const issued = await access.issueKey({ app: 'agent', products: ['read'] });
    const told = JSON.stringify(await access.describe());
    for (const value of [consumerKey, issued.consumerKey, issued.consumerSecret, sha256(consumerKey)]) {
      expect(told).not.toContain(value);
    }
    expect(await access.describe()).toMatchObject({
      products: [{ name: 'read' }],
      developers: [{ name: 'ada', status: 'active' }],
      apps: [{ name: 'agent', developer: 'ada', status: 'approved' }],
      keys: [{ id: issued.id }, { id: 'k1' }],
    });
  });
});
