import { context, propagation } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { env, parameter } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { parentOf, tracing } from '../support/tracing.js';
import { httpToolset, mcpOverHttp } from './http-servers.js';
import { launch } from './launchers.js';
import { journal, rawConnection, registryOf, toolset } from './toolsets.js';

describe('a call of a toolset', () => {
  test('carries the active trace in _meta, and its span stands beside (S15)', async () => {
    const { spans, span, inside } = tracing();
    const key = canary();
    const seen = journal();
    const auth = registryOf({ weather: key }).auth('weather');
    const tools = toolset({ auth, into: parameter('api_key'), connection: rawConnection({ journal: seen.path }) });
    const baggage = propagation.createBaggage({ tenant: { value: 'blue' } });
    await inside('agent', () =>
      context.with(propagation.setBaggage(context.active(), baggage), () => tools.callTool('keyed', { q: 'x' })),
    );
    const { traceId, spanId } = span('agent').spanContext();
    expect(seen.lines().at(-1)?.message['params']).toMatchObject({
      arguments: { q: 'x', api_key: key },
      _meta: { traceparent: `00-${traceId}-${spanId}-01`, baggage: 'tenant=blue' },
    });
    expect(parentOf(span('inject weather'))).toBe(spanId);
    expect(span('inject weather').attributes).toMatchObject({ 'claviger.surface': 'mcp', 'claviger.outcome': 'ok' });
    expectNoLeak(spans(), key);
  });

  test('over HTTP does the same', async () => {
    const { span, inside } = tracing();
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await inside('agent', () => tools.callTool('echo', { q: 'x' }));
    const { traceId, spanId } = span('agent').spanContext();
    const sent = server.seen.find(({ message }) => message === 'tools/call');
    expect(JSON.parse(sent?.body ?? '').params._meta).toEqual({ traceparent: `00-${traceId}-${spanId}-01` });
  });

  test('has no _meta of ours without an SDK, outside any span, or where a program sets its own', async () => {
    const seen = journal();
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({ auth, connection: rawConnection({ journal: seen.path }) });
    await tools.callTool('echo', { q: 'without' });
    const { inside } = tracing();
    await tools.callTool('echo', { q: 'outside' });
    const _meta = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'v=1' };
    await inside('agent', () => tools.client.callTool({ name: 'echo', arguments: {}, _meta }));
    const sent = seen.lines().flatMap(({ message }) => (message['method'] === 'tools/call' ? [message['params']] : []));
    expect(sent.map((params) => params._meta)).toEqual([undefined, undefined, _meta]);
  });

  test('is one span for the key that its server is started with', async () => {
    const { spans } = tracing();
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({ auth, into: env('API_KEY'), connection: rawConnection() });
    for (const q of ['1', '2', '3']) await tools.callTool('echo', { q });
    expect(spans().map(({ name }) => name)).toEqual(['inject weather']);
  });
});

test('the launcher leaves the trace of its client in _meta, also where it adds an argument', async () => {
  const key = canary();
  const seen = journal();
  const auth = registryOf({ weather: key }).auth('weather');
  const connection = rawConnection({ journal: seen.path });
  const client = await launch({ inject: [{ auth, into: parameter('api_key') }], connection });
  await client.initialize();
  const _meta = {
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    tracestate: 'vendor=1',
    baggage: 'tenant=blue',
  };
  for (const name of ['echo', 'keyed']) await client.request('tools/call', { name, arguments: { q: 'x' }, _meta });
  const sent = seen.lines().flatMap(({ message }) => (message['method'] === 'tools/call' ? [message['params']] : []));
  expect(sent).toEqual([
    { name: 'echo', arguments: { q: 'x' }, _meta },
    { name: 'keyed', arguments: { q: 'x', api_key: key }, _meta },
  ]);
});
