import { createRequire } from 'node:module';
import type * as Http from 'node:http';
import { once } from 'node:events';
import { SpanKind } from '@opentelemetry/api';
import { registerInstrumentations, type Instrumentation } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import type { Span } from '@opentelemetry/sdk-trace-node';
import { Agent, interceptors, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { redactingHooks } from '../../src/adapters/opentelemetry.js';
import { createBroker } from '../../src/broker/index.js';
import { createAgent, createFetch, credentialInterceptor } from '../../src/http/index.js';
import { bearer, createRegistry, header, query, withCredential } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { echo, rig, serve } from '../support/serve.js';
import { parentOf, tracing, type Tracing } from '../support/tracing.js';

/** OpenTelemetry's own instrumentation, and every span as it begins, which is what samplers and processors see. */
function instrumented(instrument: () => Instrumentation | Instrumentation[]): Tracing & { begun: unknown[] } {
  const begun: unknown[] = [];
  const processor = {
    onStart: (span: Span) => void begun.push({ ...span.attributes }),
    onEnd: () => undefined,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const traced = tracing({ processors: [processor] });
  onTestFinished(registerInstrumentations({ instrumentations: [instrument()] }));
  return { ...traced, begun };
}

const inQuery = { placement: query('api_key') };

describe('what UndiciInstrumentation records of a request whose key is in the query', () => {
  const undici = (hooks = redactingHooks()) => instrumented(() => new UndiciInstrumentation(hooks));

  test('is the key, without the hooks: that is why they are there', async () => {
    const { span } = undici({} as never);
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin, ...inQuery });
    await createFetch({ auth: registry.auth('api') })('/users?page=2');
    expect(span('GET').attributes['url.query']).toBe(`?page=2&api_key=${key}`);
  });

  test('is REDACTED, by createFetch, createAgent and credentialInterceptor (Q13, S15)', async () => {
    const { spans, begun } = undici();
    const server = await serve(echo);
    const { registry, key } = rig({ baseUrl: server.origin, ...inQuery });
    const auth = registry.auth('api');
    const agent = createAgent({ auth });
    const composed = new Agent().compose(credentialInterceptor({ auth }), interceptors.retry());
    await (await createFetch({ auth })('/users?page=2')).text();
    for (const dispatcher of [agent, composed]) {
      const { body } = await request(`${server.origin}/users?page=2`, { dispatcher });
      await body.text();
    }
    expect(server.received.map(({ url }) => url)).toEqual(Array(3).fill(`/users?page=2&api_key=${key}`));
    const sent = spans().filter(({ name }) => name === 'GET');
    expect(sent.map(({ attributes }) => attributes)).toEqual(
      Array(3).fill(
        expect.objectContaining({
          'url.full': `${server.origin}/users?page=2&api_key=REDACTED`,
          'url.path': '/users',
          'url.query': '?page=2&api_key=REDACTED',
        }),
      ),
    );
    expect(begun).toHaveLength(6);
    expectNoLeak([begun, spans()], key);
    await agent.close();
    await composed.close();
  });

  test('stands below the span of the use, also where a redirect is followed', async () => {
    const { spans, begun } = undici();
    const other = await serve();
    const server = await serve(({ url }, response) => {
      response.writeHead(302, { location: url.startsWith('/a') ? '/b' : other.origin }).end();
    });
    const { registry, key } = rig({ baseUrl: server.origin, ...inQuery });
    await createFetch({ auth: registry.auth('api') })('/a');
    const uses = spans().filter(({ name }) => name === 'inject api');
    const sent = spans().filter(({ name }) => name === 'GET');
    expect(uses.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([302, 302]);
    expect(sent.map(parentOf)).toEqual([...uses.map((use) => use.spanContext().spanId), undefined]);
    expectNoLeak([begun, spans(), other.text()], key);
  });

  test('is redacted too where a function, a companion or a name in another spelling brings it there', async () => {
    const { spans, begun } = undici();
    const server = await serve();
    const second = canary();
    const { registry, key } = rig(
      { baseUrl: server.origin, ...inQuery, with: ['app'] },
      { providers: [{ name: 'app', source: () => second, placement: query('app key') }] },
    );
    const auth = registry.auth('api');
    const byHand = withCredential(
      async ({ id, apiKey }: { id: string; apiKey: string }) =>
        (await fetch(`${server.origin}/${id}?other=${encodeURIComponent(apiKey)}&%61pi_key=x`)).status,
      { auth, into: 'apiKey' },
    );
    await byHand({ id: '1' });
    await createFetch({ auth })('/2');
    const sent = spans().filter(({ name }) => name === 'GET');
    expect(sent.map(({ attributes }) => attributes['url.query'])).toEqual([
      '?other=[secret]&%61pi_key=REDACTED',
      '?api_key=REDACTED&app%20key=REDACTED',
    ]);
    for (const secret of [key, second]) expectNoLeak([begun, spans()], secret);
  });

  test('is left as it is where there is no credential in it, and by the hooks of another registry', async () => {
    const { spans } = undici(redactingHooks(createRegistry({ providers: [] })));
    const server = await serve();
    const { registry } = rig({ baseUrl: server.origin, placement: bearer() });
    await createFetch({ auth: registry.auth('api') })('/users?page=2&sig=abc');
    await fetch(`${server.origin}/?api_key=theirs`);
    expect(spans().flatMap(({ attributes }) => attributes['url.query'] ?? [])).toEqual([
      '?page=2&sig=abc',
      '?api_key=theirs',
    ]);
  });

  test('is no key in a header either', async () => {
    const { spans, begun } = undici();
    const server = await serve(echo);
    const { registry, key } = rig({ baseUrl: server.origin, placement: header('x-api-key') });
    await (await createFetch({ auth: registry.auth('api') })('/')).text();
    expect(server.received[0]?.headers['x-api-key']).toBe(key);
    expectNoLeak([begun, spans()], key);
  });
});

test.each(['//', '//users', '/\\\\', 'http://[users'])(
  'a target that is no usual path (%s) is redacted, not refused',
  (path) => {
    const { registry, key } = rig({ baseUrl: 'https://api.example.com', ...inQuery });
    const hooks = redactingHooks(registry);
    const target = `${path}?api_key=${key}`;
    const incoming = hooks.startIncomingSpanHook({ url: target });
    const outgoing = hooks.startSpanHook({ origin: 'https://api.example.com', path: target });
    expect(incoming).toMatchObject({ 'url.query': 'api_key=REDACTED' });
    expect(outgoing).toMatchObject({ 'url.query': '?api_key=REDACTED' });
    if (path.startsWith('/')) expect(outgoing['url.full']).toMatch(/^https:\/\/api\.example\.com\//);
    expectNoLeak([incoming, outgoing], key);
  },
);

describe('what HttpInstrumentation records', () => {
  test('of a wrapped node:http request is redacted on both sides, and keeps its own redactions (Q13)', async () => {
    const { span, spans, begun } = instrumented(() => new HttpInstrumentation(redactingHooks()));
    const http = createRequire(import.meta.url)('node:http') as typeof Http; // the instrumentation patches what is required
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin, ...inQuery });
    const get = withCredential(
      async ({ url }: { url: string }) => {
        const sent = http.get(url);
        const [response] = (await once(sent, 'response')) as [Http.IncomingMessage];
        response.resume();
        await once(response, 'close');
        return response.statusCode;
      },
      { auth: registry.auth('api'), into: query('api_key') },
    );
    await get({ url: `${server.origin}/users?sig=abc` });
    expect(server.received[0]?.url).toBe(`/users?sig=abc&api_key=${key}`);
    const use = span('inject api');
    const [sent] = spans().filter(({ kind }) => kind === SpanKind.CLIENT);
    expect(sent?.attributes['url.full']).toBe(`${server.origin}/users?sig=REDACTED&api_key=REDACTED`);
    expect(sent && parentOf(sent)).toBe(use.spanContext().spanId);
    const [received] = spans().filter(({ kind }) => kind === SpanKind.SERVER);
    expect(received?.attributes).toMatchObject({ 'url.path': '/users', 'url.query': 'sig=REDACTED&api_key=REDACTED' });
    expectNoLeak([begun, spans()], key);
  });

  test('of a broker is redacted, on its way in and out: neither the placeholder nor the key', async () => {
    const hooks = redactingHooks();
    const { begun, spans } = instrumented(() => [new HttpInstrumentation(hooks), new UndiciInstrumentation(hooks)]);
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin, ...inQuery });
    await using broker = await createBroker({ registry });
    const session = await broker.openSession({ providers: ['api'] });
    const placeholder = session.placeholder('api');
    await (await fetch(`${session.baseUrl('api')}/users?api_key=${placeholder}`)).text();
    expect(server.received[0]?.url).toBe(`/users?api_key=${key}`);
    expect(spans().find(({ name }) => name === 'inject api')?.attributes).toMatchObject({
      'claviger.surface': 'broker',
      'claviger.outcome': 'ok',
    });
    for (const secret of [key, placeholder]) expectNoLeak([begun, spans()], secret);
  });
});
