import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createRegistry,
  header,
  memoryStore,
  query,
  Secret,
  type ProviderDefinition,
  type RegistryOptions,
} from '../../src/index.js';
import { createHttpLauncher, type HttpLauncherOptions } from '../../src/mcp/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { until } from '../process/living.js';
import { canary } from '../support/canary.js';
import { freePort } from '../support/free-port.js';
import { echo, serve } from '../support/serve.js';
import { eventStore, mcpOverHttp, type McpOverHttp } from './http-servers.js';
import { talk } from './launchers.js';

interface Rig {
  key?: string;
  definition?: Partial<ProviderDefinition>;
  more?: Partial<RegistryOptions>;
  options?: object;
}

/** A client that speaks stdio, in front of a server over HTTP. */
async function bridge(server: { url: string }, { key = canary(), definition = {}, more = {}, options = {} }: Rig = {}) {
  const store = memoryStore({ weather: key });
  const { providers = [], ...rest } = more;
  const weather = { name: 'weather', placement: header('X-API-Key'), destinations: [server.url], ...definition };
  const registry = createRegistry({ stores: { default: store }, ...rest, providers: [weather, ...providers] });
  onTestFinished(() => registry.close());
  const given = { ...('registry' in options ? {} : { auth: registry.auth('weather') }), url: server.url, ...options };
  const client = await talk((streams) => createHttpLauncher({ ...streams, ...given } as HttpLauncherOptions));
  const call = async (name: string, args: object = {}, id?: string | number) =>
    client.request('tools/call', { name, arguments: args }, id);
  const rotate = async (next: string) => void (await store.set?.('weather', Secret.from(next)));
  return { ...client, call, key, registry, rotate };
}

const textOf = (answer: any): string => answer.result.content[0].text;
const keysOf = (server: McpOverHttp) => new Set(server.seen.map(({ headers }) => headers['x-api-key']));

/** A server that answers each POST with what it is told, and keeps what came. */
async function rawServer(answer: (line: string) => { status?: number; type?: string; body: string; headers?: object }) {
  const server = await serve(({ method, body }, response) => {
    if (method !== 'POST') return void response.writeHead(405).end();
    const { status = 200, type = 'application/json', body: text, headers = {} } = answer(body.toString());
    response.writeHead(status, { 'content-type': type, ...headers }).end(text);
  });
  return Object.assign(server, { url: `${server.origin}/mcp` });
}

describe('a launcher over HTTP', () => {
  it.each([
    ['with streams', {}],
    ['with JSON', { transport: { enableJsonResponse: true } }],
    ['without sessions', { stateless: true }],
  ])(
    'carries a session of a server that answers %s, with the key on every request, and ends it',
    async (_name, settings) => {
      const server = await mcpOverHttp(settings);
      const client = await bridge(server);
      expect((await client.initialize()).result.serverInfo.name).toBe('http');
      expect((await client.request('tools/list')).result.tools.map(({ name }: any) => name)).toContain('whoami');
      const seen = JSON.parse(textOf(await client.call('whoami')));
      expect(seen).toMatchObject({ 'x-api-key': '[secret]', 'mcp-protocol-version': '2025-11-25' });
      expect((await client.request('no/such')).error.code).toBe(-32601);
      await until(() => server.words().includes('GET'));
      client.input.end();
      expect(await client.launcher.exited).toEqual({ exitCode: 0, signal: null });
      const isStateless = 'stateless' in settings;
      expect(server.words().includes('DELETE')).toBe(!isStateless);
      expect(server.sessions()).toBe(0);
      expect(keysOf(server)).toEqual(new Set([client.key]));
      expectNoLeak([client.received, client.stderr], client.key);
    },
  );

  it('passes lines byte for byte, both ways, whatever stands in them (M9)', async () => {
    const said =
      '{"jsonrpc":"2.0","method":"notifications/odd","n":9007199254740993,"x":1.50,"\\u0061":"\\/", "e":1E5}';
    const answer =
      '{ "id":12345678901234567890, "result":{"n":9007199254740993,"x":1.0},"more":[1e400,-0], "jsonrpc":"2.0" }';
    const server = await rawServer(() => ({
      type: 'text/event-stream',
      body: `data: ${said}\r\n\r\nid: 7\ndata: ${answer}\n\n`,
    }));
    const client = await bridge(server);
    const odd =
      '{"params": {"_meta":{"x":1.0},"z":9007199254740993, "a":[1e400,-0]},  "method":"x/unknown","id":12345678901234567890,"jsonrpc":"2.0","more":{}}';
    client.send(odd);
    await client.until((line) => line.includes('12345678901234567'));
    expect(client.received).toEqual([said, answer]);
    expect(server.received[0]?.body.toString()).toBe(odd);
  });

  it.each([
    ['one after the other', (lines: string[]) => lines.map((line) => `data: ${line}\n\n`).join('')],
    ['as one batch', (lines: string[]) => `data: [${lines.join(', ')}]\n\n`],
    [
      'in pieces',
      (lines: string[]) =>
        lines.map((line) => `event: message\ndata:${line.slice(0, 1)}\ndata: ${line.slice(1)}\n\n`).join(''),
    ],
  ])('reads messages %s', async (_name, write) => {
    const lines = ['{"jsonrpc":"2.0", "method":"notifications/x"}', '{"jsonrpc":"2.0", "id":1,"result":{"a":[1]}}'];
    const client = await bridge(await rawServer(() => ({ type: 'text/event-stream', body: write(lines) })));
    await client.request('any/thing');
    expect(client.received.map((line) => JSON.parse(line))).toEqual(lines.map((line) => JSON.parse(line)));
  });

  it('takes a batch of its client apart, and pretty JSON together (M10)', async () => {
    const server = await rawServer((line) => ({
      body: JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(line).id, result: {} }, undefined, 2),
    }));
    const client = await bridge(server);
    client.send('[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":"b","method":"b"}]');
    await client.until((line) => line.includes('"b"'));
    await client.until((line) => /"id": 1\b/.test(line));
    expect(server.received).toHaveLength(2);
  });

  it('says what is no message, and goes on', async () => {
    const client = await bridge(await mcpOverHttp());
    client.send('{ broken');
    client.send('{"hello":1}');
    await client.until((line) => line.includes('-32700'));
    await client.until((line) => line.includes('-32600'));
    expect((await client.initialize()).result).toBeDefined();
  });

  it('waits with what a hasty client says until the session has begun', async () => {
    const server = await mcpOverHttp();
    const client = await bridge(server);
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    client.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    client.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    client.send({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
    client.input.end();
    expect(await client.launcher.exited).toEqual({ exitCode: 0, signal: null });
    const answers = client.received.map((line) => JSON.parse(line));
    expect(answers.map(({ id, error }) => [id, error])).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
    expect(server.words().filter((word) => word !== 'GET')).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/list',
      'DELETE',
    ]);
  });

  it('carries what the server asks its client, its notifications and progress, redacted', async () => {
    const server = await mcpOverHttp();
    const client = await bridge(server);
    await client.initialize();
    const sampled = client.call('sample');
    const question = JSON.parse(await client.until((line) => line.includes('sampling/createMessage')));
    expect(question.params.messages[0].content.text).toBe('about [secret]');
    client.send({
      jsonrpc: '2.0',
      id: question.id,
      result: { model: 'm', role: 'assistant', content: { type: 'text', text: 'fine' } },
    });
    expect(textOf(await sampled)).toBe('fine');
    await client.request('tools/call', { name: 'talks', arguments: {}, _meta: { progressToken: 'p' } });
    expect(client.received.filter((line) => line.includes('step with [secret]'))).toHaveLength(2);
    await client.until((line) => line.includes('log [secret]'));
    await until(() => server.words().includes('GET'));
    await client.call('announce');
    await client.until((line) => line.includes('notifications/tools/list_changed'));
    expectNoLeak([client.received, client.stderr], client.key);
  });

  it('cancels, and takes a broken stream up again', async () => {
    const server = await mcpOverHttp({ transport: { eventStore: eventStore(), retryInterval: 5 } });
    const client = await bridge(server);
    await client.initialize();
    client.send({ jsonrpc: '2.0', id: 'h', method: 'tools/call', params: { name: 'hang', arguments: {} } });
    await until(() => server.words().includes('tools/call'));
    client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'h' } });
    await until(() => server.cancelled.includes('hang'));
    expect(textOf(await client.call('resumed'))).toBe('after the break with [secret]');
    expect(server.seen.some(({ headers }) => headers['last-event-id'] !== undefined)).toBe(true);
    expect(client.received.some((line) => line.includes('"h"'))).toBe(false);
    const ended = Date.now();
    client.input.end();
    await client.launcher.exited;
    expect(Date.now() - ended).toBeLessThan(15_000); // it does not wait for an answer that nobody gives
  });

  it('begins a forgotten session anew, and sends the refused message again', async () => {
    const server = await mcpOverHttp();
    const client = await bridge(server);
    await client.initialize();
    server.forget();
    expect(textOf(await client.call('echo', { q: 'x' }))).toBe('x');
    expect(server.words().filter((word) => word === 'initialize')).toHaveLength(2);
  });

  it('uses a new key from the next message on, and asks for it on a 401 (F16)', async () => {
    const next = canary();
    const last = canary();
    let wanted = '';
    const server = await mcpOverHttp({
      before: ({ headers }, response) => {
        if (wanted === '' || headers['x-api-key'] === wanted) return false;
        response.writeHead(401).end(`not ${headers['x-api-key']}`);
        return true;
      },
    });
    const client = await bridge(server, { more: { cache: { ttlMs: 0 } } });
    await client.initialize();
    await client.rotate(next);
    await client.call('echo');
    expect(server.seen.at(-1)?.headers['x-api-key']).toBe(next);
    wanted = last;
    const refused = await client.call('echo');
    expect(refused.error.message).toMatch(/refused the credential \(HTTP 401\): .*not \[secret\]/);
    await client.rotate(last);
    expect(textOf(await client.call('echo', { q: 'again' }))).toBe('again');
    expectNoLeak([client.received, client.stderr], client.key);
    expectNoLeak([client.received, client.stderr], next);
  });

  it('tells of a server that is not there by the error that answers, and reaches it as soon as it is', async () => {
    const url = `http://127.0.0.1:${await freePort()}/mcp`;
    const client = await bridge({ url });
    const failed = await client.initialize();
    expect(failed.error).toMatchObject({ code: -32603, data: { code: 'ERR_TOOLSET_START' } });
    expect(failed.error.message).toMatch(/^claviger: the MCP server at 127\.0\.0\.1:\d+ can't be reached/);
    expect((await client.request('tools/list')).error.message).toContain("can't be reached");
    expect(client.stderr.join('\n')).toContain("can't be reached");
    client.input.end();
    expect(await client.launcher.exited).toEqual({ exitCode: 1, signal: null });
    expect(client.launcher.failure?.code).toBe('ERR_TOOLSET_START');
  });

  it.each([
    [
      'a JSON-RPC error for the request, which passes as it is',
      400,
      '{"jsonrpc":"2.0", "id":1,"error":{"code":-32020,"message":"no"}}',
      /^no$/,
    ],
    ['a page of an older server', 405, 'use GET', /HTTP 405: .*HTTP\+SSE is not spoken/],
    ['anything else', 500, 'x'.repeat(5000), /answered HTTP 500: .{0,500}$/],
  ])('tells of %s', async (_name, status, body, message) => {
    const client = await bridge(await rawServer(() => ({ status, body })));
    const { error } = await client.request('initialize', {}, 1);
    expect(error.message).toMatch(message);
    expect((await client.request('other')).error).toBeDefined();
  });

  it('refuses a URL that its provider does not list, before any key is fetched (H1)', async () => {
    const server = await mcpOverHttp();
    const client = await bridge(server, { definition: { destinations: ['https://elsewhere.test'] } });
    expect((await client.initialize()).error.data.code).toBe('ERR_DESTINATION_DENIED');
    expect(server.seen).toEqual([]);
    client.input.end();
    await client.launcher.exited;
    expect(client.launcher.failure?.code).toBe('ERR_DESTINATION_DENIED');
  });

  it('finds the provider with the most specific destination, or none', async () => {
    const server = await mcpOverHttp();
    const store = memoryStore({ weather: canary(), other: canary('other_') });
    const registry = createRegistry({
      stores: { default: store },
      providers: [
        { name: 'weather', placement: header('X-API-Key'), destinations: [`${server.origin}/**`] },
        { name: 'other', placement: header('X-API-Key'), destinations: [server.url] },
      ],
    });
    const found = await bridge(server, { options: { registry } });
    await found.initialize();
    expect(server.seen[0]?.headers['x-api-key']).toMatch(/^other_/);
    const url = 'https://nobody.test/mcp';
    const none = await bridge(server, { options: { registry, url } });
    const { error } = await none.initialize();
    expect(error.message).toContain('nobody.test is a destination of no provider');
  });

  it('places the key in the query, and redacts it where the server gives it back', async () => {
    const server = await rawServer((line) => ({
      body: JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(line).id, result: {} }),
    }));
    const client = await bridge(server, { definition: { placement: query('api_key') } });
    await client.request('any/thing');
    expect(server.received[0]?.url).toBe(`/mcp?api_key=${client.key}`);
    expect(server.received[0]?.headers.authorization).toBeUndefined();
  });

  it('redacts a key however its server writes it: escaped, in base64, in an error, in an odd place (X4, X7, M16)', async () => {
    const key = canary();
    const escaped = [...key].map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    const blob = Buffer.from(`<${key}>`).toString('base64');
    const bodies = [
      `{"jsonrpc":"2.0","id":1,"result":{"a":"${escaped}"}}`,
      `{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"${key}","data":{"${key}":1}}}`,
      `{"jsonrpc":"2.0","id":3,"result":{"blob":"${blob}"},"${key}":0}`,
    ];
    const server = await rawServer((line) => ({ body: bodies[JSON.parse(line).id - 1] ?? '' }));
    const client = await bridge(server, { key });
    for (const _ of bodies) await client.request('any/thing');
    expect(client.received).toHaveLength(3);
    expectNoLeak([client.received, client.received.map((line) => JSON.parse(line)), client.stderr], key);
  });

  it('goes nowhere else with a redirect (M8)', async () => {
    const elsewhere = await serve(echo);
    const server = await serve((_request, response) =>
      response.writeHead(307, { location: `${elsewhere.origin}/mcp` }).end(),
    );
    const client = await bridge({ url: `${server.origin}/mcp` });
    expect((await client.initialize()).error.data.code).toBe('ERR_DESTINATION_DENIED');
    expect(elsewhere.received).toEqual([]);
  });

  it('does not tell of a key in the name of the host that a redirect leads to', async () => {
    const key = canary('').toLowerCase();
    const server = await serve((_request, response) =>
      response.writeHead(307, { location: `https://${key}.example.com/mcp` }).end(),
    );
    const client = await bridge({ url: `${server.origin}/mcp` }, { key });
    expect((await client.initialize()).error.data.host).toBe('[secret].example.com');
    expectNoLeak([client.received, client.stderr], key);
  });

  it('delivers the answers on their way at the end of input, and breaks off on a signal', async () => {
    const server = await mcpOverHttp();
    const client = await bridge(server);
    await client.initialize();
    const slow = client.request('tools/call', { name: 'slow', arguments: {} });
    await until(() => server.waiting.length > 0);
    client.input.end();
    server.waiting[0]?.();
    expect(textOf(await slow)).toBe('at last');
    expect(await client.launcher.exited).toEqual({ exitCode: 0, signal: null });

    const other = await bridge(server);
    await other.initialize();
    const pending = other.request('tools/call', { name: 'hang', arguments: {} });
    await until(() => server.words().filter((word) => word === 'tools/call').length === 2);
    other.signals.emit('SIGTERM', 'SIGTERM');
    expect(await other.launcher.exited).toEqual({ exitCode: null, signal: 'SIGTERM' });
    expect((await pending).error.data.code).toBe('ERR_TOOLSET_CLOSED');
    await until(() => server.sessions() === 0);
  });

  it('reads no faster than its client (M14)', async () => {
    const line = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/x', params: { pad: 'x'.repeat(64 * 1024) } });
    let written = 0;
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = () => {
        while (written < 600) {
          written += 1;
          if (!response.write(`data: ${line}\n\n`)) return void response.once('drain', more);
        }
        response.end(`data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n`);
      };
      more();
    });
    const client = await bridge({ url: `${server.origin}/mcp` }, { options: {} });
    client.lines.pause();
    client.send({ jsonrpc: '2.0', id: 1, method: 'any/thing' });
    let before = -1;
    await until(() => {
      const isStill = written > 0 && written === before;
      before = written;
      return isStill;
    });
    expect(written).toBeLessThan(400);
    client.lines.resume();
    await client.until((text) => text.includes('"id":1'));
    expect(client.received).toHaveLength(601);
  });
});
