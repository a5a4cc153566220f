import { trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { describe, expect, test } from 'vitest';
import { createAccess } from '../../src/access/index.js';
import { ClavigerError, createRegistry, withCredential } from '../../src/index.js';
import { createAuth } from '../../src/registry/auth.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { testClock } from '../support/clock.js';
import { countingSource, down } from '../support/counting-source.js';
import { rejects } from '../support/rejects.js';
import { parentOf, tracing } from '../support/tracing.js';

const users = 'https://api.example.com/v1/users';

function rig() {
  const source = countingSource({ secret: canary(), version: '1' });
  const now = testClock();
  const registry = createRegistry({ providers: [{ name: 'p', source, baseUrl: 'https://api.example.com/v1' }], now });
  const call = withCredential(async ({ key }: { key: string }) => ({ status: key === '' ? 400 : 200 }), {
    auth: registry.auth('p'),
    into: 'key',
  });
  return { source, now, registry, call };
}

describe('with an OpenTelemetry SDK, one use is one span', () => {
  test('that names the provider and says how it went, and nothing else (S15)', async () => {
    const { spans } = tracing();
    const { call } = rig();
    await call();
    expect(spans()).toHaveLength(1);
    expect(spans()[0]).toMatchObject({
      name: 'inject p',
      kind: 0,
      status: { code: 0 },
      events: [],
      instrumentationScope: { name: 'claviger' },
    });
    expect(spans()[0]?.attributes).toEqual({
      'claviger.provider': 'p',
      'claviger.surface': 'function',
      'claviger.cache': 'miss',
      'claviger.outcome': 'ok',
      'http.response.status_code': 200,
    });
  });

  test('that tells where the credential came from', async () => {
    const { spans } = tracing();
    const { call, source, now } = rig();
    await call();
    await call();
    now.advance(300_000);
    source.answer = down;
    await call();
    expect(spans().map(({ attributes }) => attributes['claviger.cache'])).toEqual(['miss', 'hit', 'stale']);
  });

  test('that tells the host, and neither path nor query', async () => {
    const { span } = tracing();
    const { registry } = rig();
    const destination = { method: 'GET', url: `${users}/alice?email=alice` };
    await registry.resolve('p', { destination });
    expect(span('inject p').attributes).toMatchObject({ 'server.address': 'api.example.com', 'server.port': 443 });
    expectNoLeak(span('inject p').attributes, 'alice');
  });

  test('that stands below the span of its caller and above those of the call and of the source', async () => {
    const { span, inside } = tracing();
    const ask = async (name: string) => inside(name, async () => canary());
    const registry = createRegistry({ providers: [{ name: 'p', source: () => ask('source') }] });
    const call = withCredential(async (_args: { key: string }) => ask('call'), {
      auth: registry.auth('p'),
      into: 'key',
    });
    await inside('caller', () => call());
    const use = span('inject p');
    expect(parentOf(use)).toBe(span('caller').spanContext().spanId);
    for (const name of ['source', 'call']) expect(parentOf(span(name))).toBe(use.spanContext().spanId);
  });

  test('that tells the consumer, and of a refusal its code and fault', async () => {
    const { spans } = tracing();
    const access = createAccess({
      products: [{ name: 'read', providers: ['p'], resources: ['/v1/users'], methods: ['GET'] }],
      apps: [{ name: 'agent' }],
    });
    const { id, consumerKey } = await access.issueKey({ app: 'agent', products: ['read'] });
    const key = canary();
    const provider = { name: 'p', source: () => key, baseUrl: 'https://api.example.com/v1' };
    const registry = createRegistry({ providers: [provider], access });
    const resolve = (method: string) =>
      registry.resolve('p', { consumer: { consumerKey }, destination: { method, url: users } });
    await resolve('GET');
    await rejects(resolve('DELETE'), 'ERR_ACCESS_DENIED');
    const [allowed, refused] = spans();
    expect(allowed?.attributes).toMatchObject({ 'claviger.consumer': id, 'claviger.app': 'agent' });
    expect(refused).toMatchObject({
      status: { code: 2 },
      attributes: {
        'claviger.consumer': id,
        'claviger.outcome': 'ERR_ACCESS_DENIED',
        'claviger.fault': 'oauth.v2.InvalidApiKeyForGivenResource',
        'error.type': 'ERR_ACCESS_DENIED',
      },
    });
    for (const secret of [key, consumerKey]) expectNoLeak(spans(), secret);
  });

  test('that tells of a repeat with a newer credential', async () => {
    const { span } = tracing();
    const { registry, source } = rig();
    const call = withCredential(
      ({ key }: { key: string }) => {
        source.answer = { secret: 'a-newer-secret', version: '2' };
        return { status: key === 'a-newer-secret' ? 200 : 401 };
      },
      { auth: registry.auth('p'), into: 'key' },
    );
    await call();
    expect(span('inject p').attributes).toMatchObject({ 'claviger.repeated': true, 'http.response.status_code': 200 });
  });

  test('that holds nothing of what the call threw', async () => {
    const { spans } = tracing();
    const { registry, source } = rig();
    const call = withCredential(
      async ({ key }: { key: string }) => {
        throw new Error(`refused ${key}`);
      },
      { auth: registry.auth('p'), into: 'key' },
    );
    await expect(call()).rejects.toThrow('refused [secret]');
    expect(spans()).toMatchObject([{ status: { code: 2 }, attributes: { 'error.type': '_OTHER' } }]);
    expect(spans()[0]?.status.message).toBeUndefined();
    expectNoLeak(spans(), (source.answer as { secret: string }).secret);
  });

  test('also where there is no such provider, no registry, or no credential', async () => {
    const { spans } = tracing();
    const { registry, source } = rig();
    source.answer = undefined;
    await rejects(registry.resolve('p'), 'ERR_CREDENTIAL_NOT_FOUND');
    await rejects(registry.resolve('q'), 'ERR_PROVIDER_NOT_FOUND');
    const broken = () => Promise.reject(new ClavigerError('ERR_CONFIG_UNTRUSTED', 'not yet trusted'));
    const call = withCredential((_key: string) => 1, { auth: createAuth('r', broken), into: 0 });
    await rejects(call(), 'ERR_CONFIG_UNTRUSTED');
    expect(
      spans().map(({ name, attributes }) => [name, attributes['error.type'], attributes['claviger.cache']]),
    ).toEqual([
      ['inject p', 'ERR_CREDENTIAL_NOT_FOUND', 'miss'],
      ['inject q', 'ERR_PROVIDER_NOT_FOUND', undefined],
      ['inject r', 'ERR_CONFIG_UNTRUSTED', undefined],
    ]);
  });
});

describe('nothing is traced', () => {
  test('that the SDK does not sample, and the call goes on', async () => {
    const { spans } = tracing({ sampler: new AlwaysOffSampler() });
    expect(await rig().call()).toEqual({ status: 200 });
    expect(spans()).toEqual([]);
  });

  test('without an SDK, whether it was there before or comes later', async () => {
    const { call } = rig();
    await call();
    const { spans } = tracing();
    await call();
    trace.disable();
    await call();
    expect(spans()).toHaveLength(1);
  });
});
