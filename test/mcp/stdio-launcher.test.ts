import { describe, expect, it } from 'vitest';
import { createRegistry, env, header, parameter } from '../../src/index.js';
import { createStdioLauncher } from '../../src/mcp/index.js';
import { living, uniqueSeconds } from '../process/living.js';
import { canary } from '../support/canary.js';
import { launch } from './launchers.js';
import { journal, rawConnection, rawServer, registryOf, textOf } from './toolsets.js';
import { within } from '../support/within.js';

const weather = (key = canary()) => registryOf({ weather: key }).auth('weather');
const inject = (key?: string) => [{ auth: weather(key) }];
const call = (name: string, args: object = {}, more: object = {}) => ({ name, arguments: args, ...more });

describe('a line that needs no change', () => {
  it('passes byte for byte, both ways (M9)', async () => {
    const auth = weather();
    const seen = journal();
    const client = await launch({
      inject: [{ auth }, { auth, into: parameter('api_key') }],
      connection: rawConnection({ journal: seen.path }),
    });
    await client.initialize();
    const odd =
      '{"params": {"_meta":{"x":1.0},"z":9007199254740993, "a":[1e400,-0]},  "method":"x/unknown","id":12345678901234567890,"jsonrpc":"2.0","more":{}}';
    client.send(odd);
    await client.until((line) => line.includes('12345678901234567'));
    expect(seen.lines().map(({ line }) => line)).toContain(odd);
    const said =
      '{"jsonrpc":"2.0","method":"notifications/odd","n":9007199254740993,"x":1.50,"\\u0061":"\\/", "e":1E5}';
    await client.request('tools/call', call('say', { stdout: [said] }));
    expect(client.received).toContain(said);
    const untouched =
      '{ "jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"echo","arguments":{"n":1.0,"api_key":"own"}} }';
    client.send(untouched);
    await client.until((line) => line.includes('"id":50'));
    expect(seen.lines().map(({ line }) => line)).toContain(untouched);
  });

  it('of the stateless protocol passes too, and its calls get the key, retries with input included', async () => {
    const key = canary();
    const seen = journal();
    const connection = rawConnection({ journal: seen.path });
    const client = await launch({ inject: [{ auth: weather(key), into: parameter('api_key') }], connection });
    const discovered = await client.request('server/discover', {
      _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' },
    });
    expect(discovered.result.supportedVersions).toEqual(['2026-07-28']);
    const more = { inputResponses: { a: { action: 'accept' } }, requestState: 'opaque' };
    await client.request('tools/call', call('keyed', { q: 'x', api_key: 'made up' }, more));
    const sent = seen.lines().at(-1)?.message['params'];
    expect(sent).toEqual(call('keyed', { q: 'x', api_key: key }, more));
  });

  it('of the server asks the client, and the answer finds its way back', async () => {
    const client = await launch({ inject: inject(), connection: rawConnection() });
    await client.initialize();
    const answered = client.request('tools/call', call('ask'));
    expect(JSON.parse(await client.until((line) => line.includes('roots/list')))).toEqual({
      jsonrpc: '2.0',
      id: 'server-1',
      method: 'roots/list',
    });
    client.send({ jsonrpc: '2.0', id: 'server-1', result: { roots: [] } });
    expect(textOf((await answered).result)).toBe('{"roots":[]}');
  });

  it('in a batch is answered message by message', async () => {
    const key = canary();
    const client = await launch({
      inject: [{ auth: weather(key), into: parameter('api_key') }],
      connection: rawConnection(),
    });
    await client.initialize();
    client.send([
      { jsonrpc: '2.0', id: 'a', method: 'ping' },
      { jsonrpc: '2.0', id: 'b', method: 'tools/call', params: call('keyed', { q: 1 }) },
      { jsonrpc: '2.0', method: 'notifications/x' },
    ]);
    await client.until((line) => line.includes('"id":"a"'));
    expect(await client.until((line) => line.includes('"id":"b"'))).toContain('[secret]');
  });
});

describe('a parameter', () => {
  it('is gone from each page, set at each call, and not given to other tools', async () => {
    const key = canary();
    const seen = journal();
    const client = await launch({
      inject: [{ auth: weather(key), into: parameter('api_key') }],
      connection: rawConnection({ journal: seen.path, pageSize: 1 }),
    });
    await client.initialize();
    const { result } = await client.request('tools/list', { cursor: '1' });
    expect(result.tools[0].inputSchema.required).toEqual(['q']);
    const answer = await client.request('tools/call', call('keyed', { api_key: 'x', q: 'y' }));
    expect(JSON.parse(textOf(answer.result))).toEqual({ api_key: '[secret]', q: 'y' });
    await client.request('tools/call', call('echo', { q: 'y' }));
    const args = seen
      .lines()
      .flatMap(({ message }) => (message['method'] === 'tools/call' ? [message['params'].arguments] : []));
    expect(args).toEqual([{ api_key: key, q: 'y' }, { q: 'y' }]);
    const ours = client.received.filter((line) => line.includes('claviger-'));
    expect(ours).toEqual([]);
  });

  it('is set in a call whose method is written with escapes', async () => {
    const key = canary();
    const seen = journal();
    const client = await launch({
      inject: [{ auth: weather(key), into: parameter('api_key') }],
      connection: rawConnection({ journal: seen.path }),
    });
    await client.initialize();
    client.send(
      '{"jsonrpc":"2.0","id":9,"method":"tools\\/\\u0063all","params":{"name":"key\\u0065d","arguments":{"api_ke\\u0079":"own","q":1}}}',
    );
    await client.until((line) => line.includes('"id":9'));
    expect(seen.lines().at(-1)?.message['params'].arguments).toEqual({ api_key: key, q: 1 });
  });

  it('that can not be hidden is an error for the client', async () => {
    const tools = [{ name: 't', inputSchema: { $ref: 'https://example.com/x.json', properties: { api_key: {} } } }];
    const client = await launch({
      inject: [{ auth: weather(), into: parameter('api_key') }],
      connection: rawConnection({ tools }),
    });
    await client.initialize();
    for (const request of [client.request('tools/list'), client.request('tools/call', call('t'))]) {
      expect((await request).error).toMatchObject({ data: { code: 'ERR_PLACEMENT_INVALID' } });
    }
  });

  it('that no tool declares is told once', async () => {
    const client = await launch({
      inject: [{ auth: weather(), into: parameter('token') }],
      connection: rawConnection(),
    });
    await client.initialize();
    for (let i = 0; i < 2; i += 1) expect((await client.request('tools/list')).result.tools.length).toBeGreaterThan(5);
    expect(client.stderr).toEqual(['claviger: no tool declares the parameter "token": its key is not used']);
  });
});

describe('a start that fails', () => {
  it('for want of a credential is told to the client; a later one succeeds', async () => {
    const keys: string[] = [];
    const registry = createRegistry({
      providers: [{ name: 'weather', environmentVariable: 'API_KEY', source: () => keys[0] }],
      cache: { negativeTtlMs: 0 },
    });
    const client = await launch({ inject: [{ auth: registry.auth('weather') }], connection: rawConnection() });
    const { error } = await client.initialize();
    expect(error.message).toMatch(/^claviger: /);
    expect(error.data).toMatchObject({ code: 'ERR_CREDENTIAL_NOT_FOUND', provider: 'weather' });
    keys.push(canary());
    expect((await client.initialize()).error ?? 'fine').toEqual('fine');
  });

  it('ends with 1 if it never succeeded', async () => {
    const registry = createRegistry({
      providers: [{ name: 'weather', environmentVariable: 'API_KEY', source: () => undefined }],
    });
    const client = await launch({ inject: [{ auth: registry.auth('weather') }], connection: rawConnection() });
    await client.initialize();
    client.input.end();
    expect(await client.launcher.exited).toEqual({ exitCode: 1, signal: null });
  });

  it('for want of the command ends with 127, when the client has heard it', async () => {
    const client = await launch({ inject: inject(), connection: { command: 'no-such-mcp-server' } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { error } = await client.request('initialize', {});
    expect(error.message).toContain('"no-such-mcp-server" did not start: it could not be run (ENOENT)');
    expect(await client.launcher.exited).toEqual({ exitCode: 127, signal: null });
  });

  it('because the server ends at once is told with its last words, and ends with its code', async () => {
    const key = canary();
    const client = await launch({
      inject: inject(key),
      connection: rawConnection({ exitAtStart: 5, stderrAtStart: `bad ${key}\n` }),
    });
    const { error } = await client.request('initialize', {});
    expect(error).toMatchObject({
      data: { code: 'ERR_TOOLSET_START', exitCode: 5 },
      message: expect.stringContaining('it said last: bad [secret]'),
    });
    expect(await client.launcher.exited).toEqual({ exitCode: 5, signal: null });
  });

  it.each([[header('x')], [parameter(1)], [env('A=B')]])('is refused before anything runs: %j', async (into) => {
    const made = createStdioLauncher({ inject: [{ auth: weather(), into }], connection: rawConnection() } as never);
    await expect(made).rejects.toMatchObject({ code: 'ERR_PLACEMENT_INVALID' });
  });
});

describe('the end', () => {
  it('of input comes after the answers that are under way', async () => {
    const client = await launch({ inject: inject(), connection: rawConnection() });
    const answers = [
      client.initialize(),
      client.request('tools/list'),
      client.request('tools/call', call('wait', { ms: 300 })),
    ];
    client.input.end();
    expect(await client.launcher.exited).toEqual({ exitCode: 0, signal: null });
    expect((await Promise.all(answers)).every(({ result }) => result !== undefined)).toBe(true);
  });

  it('of input takes a last line without its line feed', { retry: 2 }, async () => {
    const client = await launch({ inject: inject(), connection: rawConnection() });
    client.input.end('{"jsonrpc":"2.0","id":1,"method":"ping"}');
    await client.launcher.exited;
    expect(client.received).toEqual(['{"jsonrpc":"2.0","id":1,"result":{}}']);
  });

  it.runIf(process.platform === 'linux')(
    'of input leaves nothing of a server that ignores it, within a second',
    async () => {
      const token = uniqueSeconds();
      const connection = { ...rawConnection({ ignoreSignals: true }), args: [rawServer, token] };
      const client = await launch({ inject: inject(), connection });
      await client.initialize();
      expect(living(token)).toHaveLength(1);
      const started = performance.now();
      client.input.end();
      await client.launcher.exited;
      expect(performance.now() - started).toBeLessThan(within(1000));
      expect(living(token)).toEqual([]);
    },
  );

  it('of the server answers what is under way, and is ours', async () => {
    const client = await launch({ inject: inject(), connection: rawConnection() });
    await client.initialize();
    const hanging = client.request('tools/call', call('hang'));
    client.send({ jsonrpc: '2.0', id: 'last', method: 'tools/call', params: call('die', { code: 6 }) });
    expect((await hanging).error).toMatchObject({ data: { code: 'ERR_TOOLSET_CLOSED', exitCode: 6 } });
    expect(await client.launcher.exited).toEqual({ exitCode: 6, signal: null });
  });

  it('by close() answers too, and may be asked for twice', async () => {
    const client = await launch({ inject: inject(), connection: rawConnection() });
    await client.initialize();
    const hanging = client.request('tools/call', call('hang'));
    await new Promise(setImmediate);
    await Promise.all([client.launcher.close(), client.launcher.close()]);
    expect((await hanging).error.data.code).toBe('ERR_TOOLSET_CLOSED');
    expect(await client.launcher.exited).toEqual({ exitCode: 0, signal: null });
  });

  it('comes at once for a client that only looks in', { retry: 2 }, async () => {
    const client = await launch({ inject: inject(), connection: rawConnection() });
    client.input.end();
    const started = performance.now();
    expect((await client.launcher.exited).exitCode).toBe(0);
    expect(performance.now() - started).toBeLessThan(within(1500));
  });
});

describe('cancelling', () => {
  it('goes to the server that works on the request', async () => {
    const seen = journal();
    const client = await launch({ inject: inject(), connection: rawConnection({ journal: seen.path }) });
    await client.initialize();
    client.send({ jsonrpc: '2.0', id: 30, method: 'tools/call', params: call('hang') });
    client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 30 } });
    await client.request('ping');
    expect(seen.lines().map(({ message }) => message['method'])).toContain('notifications/cancelled');
    client.input.end();
    expect((await client.launcher.exited).exitCode).toBe(0);
  });
});
