import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { argument, env, file, header, parameter, Secret } from '../../src/index.js';
import { createStdioToolset } from '../../src/mcp/index.js';
import { safeEnvironment } from '../../src/process/child-environment.js';
import { launch } from '../mcp/launchers.js';
import { journal, rawConnection, rawServer, registryOf, textOf, toolset } from '../mcp/toolsets.js';
import { living, uniqueSeconds, until } from '../process/living.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { within } from '../support/within.js';

const schema = (properties: object, rest: object = {}) => ({ type: 'object', properties, ...rest });
const tool = (name: string, inputSchema: unknown) => ({ name, inputSchema });
const text = { type: 'string' };

/** A toolset whose server has these tools, and whose key goes into `api_key`. */
function withTools(tools: unknown[], settings: object = {}) {
  const key = canary();
  const seen = journal();
  const auth = registryOf({ weather: key }).auth('weather');
  const connection = rawConnection({ tools, journal: seen.path, ...settings });
  const calls = () =>
    seen.lines().flatMap(({ message }) => (message['method'] === 'tools/call' ? [message['params'].arguments] : []));
  return { key, calls, seen, tools: toolset({ auth, into: parameter('api_key'), connection }) };
}

describe('a parameter', () => {
  it('holds the key at every call, whatever the model passes (M1)', async () => {
    const { key, calls, tools } = withTools([tool('t', schema({ q: text, api_key: text }))]);
    for (const args of [{}, { api_key: 'mine' }, { api_key: null, q: 1 }, { api_key: { nested: ['x'] } }])
      await tools.callTool('t', args);
    expect(calls()).toEqual([{ api_key: key }, { api_key: key }, { api_key: key, q: 1 }, { api_key: key }]);
  });

  it('leaves what the caller passes as it was (F1, F4)', async () => {
    const { tools } = withTools([tool('t', schema({ q: text, api_key: text }))]);
    const args = Object.freeze({ q: 'x', deep: Object.freeze({ a: 1 }) });
    await tools.callTool('t', args);
    expect(args).toEqual({ q: 'x', deep: { a: 1 } });
  });

  it('is gone from the schemas of all pages (M2, F6, F7)', async () => {
    const own = schema(
      { q: text, api_key: text },
      { required: ['q', 'api_key'], examples: [{ q: 'x', api_key: 'y' }] },
    );
    const list = [
      tool('plain', own),
      tool('referred', { $ref: '#/$defs/args', $defs: { args: own } }),
      tool('combined', { allOf: [schema({ q: text }), schema({ api_key: text }, { required: ['api_key'] })] }),
      tool('without', schema({ q: text })),
      tool('odd', { properties: { api_key: text } }),
    ];
    const { tools } = withTools(list, { pageSize: 1 });
    const listed = await tools.listTools();
    expect(listed.map(({ name }) => name)).toEqual(['plain', 'referred', 'combined', 'without', 'odd']);
    expect(JSON.stringify(listed)).not.toContain('api_key');
  });

  it('goes only to the tools that declare it, on a first call too (M3)', async () => {
    const { key, calls, tools } = withTools(
      [tool('other', schema({ q: text })), tool('t', schema({ api_key: text }))],
      { pageSize: 1 },
    );
    await tools.callTool('other', { q: 'x' });
    await tools.callTool('unknown', {});
    await tools.callTool('t');
    expect(calls()).toEqual([{ q: 'x' }, {}, { api_key: key }]);
  });

  it('that hides behind a reference out of the schema is refused, not half hidden (M4)', async () => {
    const far = { allOf: [schema({ api_key: text }), { $ref: 'https://example.com/schema.json' }] };
    const { calls, tools } = withTools([tool('t', far)]);
    await rejects(tools.listTools(), 'ERR_PLACEMENT_INVALID');
    await rejects(tools.callTool('t', {}), 'ERR_PLACEMENT_INVALID');
    expect(calls()).toEqual([]);
  });

  it('that would be mirrored into a header is refused (M5)', async () => {
    const { tools } = withTools([tool('t', schema({ api_key: { type: 'string', 'x-mcp-header': 'Key' } }))]);
    await rejects(tools.listTools(), 'ERR_PLACEMENT_INVALID');
  });

  it('that no tool declares is refused (F8)', async () => {
    const { tools } = withTools([tool('t', schema({ apikey: text }))]);
    for (const attempt of [() => tools.callTool('t', {}), () => tools.listTools()]) {
      const error = await rejects(attempt, 'ERR_PLACEMENT_INVALID');
      expect(error.message).toContain('"api_key"');
    }
  });

  it('may be one of several, in one call', async () => {
    const [one, two, three] = [canary(), canary(), canary()] as const;
    const registry = registryOf({ one, two, three });
    const seen = journal();
    const tools = toolset({
      inject: [
        { auth: registry.auth('one'), into: parameter('a') },
        { auth: registry.auth('two'), into: parameter('b') },
        { auth: registry.auth('three'), into: env('API_KEY') },
      ],
      connection: rawConnection({
        tools: [tool('t', schema({ a: text, b: text, c: text })), tool('environment', schema({ b: text }))],
        journal: seen.path,
      }),
    });
    const listed = await tools.listTools();
    expect(listed.map(({ inputSchema }) => inputSchema.properties)).toEqual([{ c: text }, {}]);
    expect(textOf(await tools.callTool('t', { c: 'c' }))).toBe('{"a":"[secret]","b":"[secret]","c":"c"}');
    expect(seen.lines().at(-1)?.message['params'].arguments).toEqual({ a: one, b: two, c: 'c' });
    expect(JSON.parse(textOf(await tools.callTool('environment'))).API_KEY).toBe('[secret]');
  });
});

describe('a credential that can not be used', () => {
  it.each(['${API_KEY}', '$(pass show x)', 'op://vault/item/field', '        '])(
    'starts nothing, and its provider is named: %s (M6)',
    async (value) => {
      const seen = journal();
      const registry = registryOf({ 'weather-api': value });
      for (const into of [
        env('API_KEY'),
        env('HEADERS', { template: 'X:{}' }),
        file('KEY_FILE'),
        argument('--key={}'),
      ]) {
        const tools = toolset({
          auth: registry.auth('weather-api'),
          into,
          connection: rawConnection({ journal: seen.path }),
        });
        const error = await rejects(tools.listTools(), 'ERR_PLACEMENT_INVALID');
        expect(error.message).toContain('weather-api');
        expect(error.message).not.toContain(value);
      }
      expect(seen.lines).toThrow('ENOENT');
    },
  );

  it('is never sent as a parameter either (M6)', async () => {
    const seen = journal();
    const auth = registryOf({ weather: '${API_KEY}' }).auth('weather');
    const tools = toolset({ auth, into: parameter('api_key'), connection: rawConnection({ journal: seen.path }) });
    await rejects(tools.callTool('keyed', {}), 'ERR_PLACEMENT_INVALID');
    expect(seen.lines().some(({ message }) => message['method'] === 'tools/call')).toBe(false);
  });

  it('that is missing starts nothing; the next call tries again (E8)', async () => {
    const registry = registryOf({ weather: canary() }, { secretName: 'elsewhere' });
    const tools = toolset({ auth: registry.auth('weather'), connection: rawConnection() });
    await rejects(tools.listTools(), 'ERR_CREDENTIAL_NOT_FOUND');
    await registry.store.set?.('elsewhere', Secret.from(canary()));
    await rejects(tools.callTool('echo'), 'ERR_CREDENTIAL_NOT_FOUND'); // remembered for a moment
  });

  it.each([
    [{ into: header('X-Key') }, 'ERR_PLACEMENT_INVALID'],
    [{ into: parameter(0) }, 'ERR_PLACEMENT_INVALID'],
    [{ into: env('A=B') }, 'ERR_PLACEMENT_INVALID'],
    [{ into: env('') }, 'ERR_PLACEMENT_INVALID'],
    [{ connection: {} }, 'ERR_CONFIG_INVALID'],
    [{ auth: {} }, 'ERR_CONFIG_INVALID'],
    [{ via: 'proxy' }, 'ERR_CONFIG_INVALID'],
  ])('is refused when the toolset is made: %j (E5)', async (options, code) => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const make = () => createStdioToolset({ auth, connection: rawConnection(), ...options } as never);
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});

describe('noise of a server', () => {
  const noise = [
    'Listening on stdio',
    '{',
    '  "level": "info",',
    '}',
    '{"level":30,"id":2,"msg":"x"}',
    '[]',
    '[1,2]',
    'null',
    '""',
    '\u001b[31mred\u001b[0m',
    '',
  ];

  it('on stdout goes to stderr; the session lives (M10)', async () => {
    const key = canary();
    const stderr: string[] = [];
    const tools = toolset({
      auth: registryOf({ weather: key }).auth('weather'),
      connection: rawConnection(),
      onStderr: (line) => stderr.push(line),
    });
    await tools.callTool('say', { stdout: [...noise, `key ${key}`] });
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('{"q":"x"}');
    expect(stderr).toEqual([...noise, 'key [secret]']);
  });

  it('never reaches the output of a launcher (M10, M15)', async () => {
    const key = canary();
    const client = await launch({
      inject: [{ auth: registryOf({ weather: key }).auth('weather') }],
      connection: rawConnection(),
    });
    await client.initialize();
    await client.request('tools/call', { name: 'say', arguments: { stdout: [...noise, key], stderr: 'err' } });
    expect(client.received.map((line) => JSON.parse(line).jsonrpc)).toEqual(['2.0', '2.0']);
    await until(() => client.stderr.length === noise.length + 2);
    expect(client.stderr).toContain('err [secret]');
  });

  it('is a batch, which arrives message by message, or members too many (M10)', async () => {
    const key = canary();
    const tools = toolset({ auth: registryOf({ weather: key }).auth('weather'), connection: rawConnection() });
    const logs: unknown[] = [];
    tools.client.fallbackNotificationHandler = async (notification) => void logs.push(notification);
    const log = (n: number, more = {}) => ({ jsonrpc: '2.0', method: 'notifications/odd', params: { n }, ...more });
    await tools.callTool('say', {
      stdout: [JSON.stringify([log(1), log(2)]), JSON.stringify(log(3, { extra: true }))],
    });
    expect(logs).toEqual([1, 2, 3].map((n) => ({ jsonrpc: '2.0', method: 'notifications/odd', params: { n } })));
  });

  it('that breaks an answer ends that call, not the session (M10)', async () => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const client = await launch({ inject: [{ auth }], connection: rawConnection() });
    await client.initialize();
    client.send({ jsonrpc: '2.0', id: 77, method: 'tools/call', params: { name: 'hang' } });
    client.send({
      jsonrpc: '2.0',
      id: 78,
      method: 'tools/call',
      params: { name: 'say', arguments: { stdout: ['{"jsonrpc":"2.0","id":77,"result":{"content":[}'] } },
    });
    expect(JSON.parse(await client.until((line) => line.includes('"id":77'))).error.message).toContain('not JSON');
    expect((await client.request('ping')).result).toEqual({});
  });

  it('in no encoding, and half a line at its end, reject the call with a code (M11)', async () => {
    const tools = toolset({ auth: registryOf({ weather: canary() }).auth('weather'), connection: rawConnection() });
    expect(textOf(await tools.callTool('raw', { hex: 'fffe00808141c30a' }))).toBe('done');
    const half = Buffer.from('{"jsonrpc":"2.0","id":9,"result":{"con').toString('hex');
    const error = await rejects(tools.callTool('raw', { hex: half, exit: 3 }), 'ERR_TOOLSET_CLOSED');
    expect(error.exitCode).toBe(3);
    expect(textOf(await tools.callTool('echo', { q: 'again' }))).toBe('{"q":"again"}');
  });

  it('of 5 MB on stderr that nobody reads blocks nothing (M13)', async () => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({ auth, connection: rawConnection() });
    await tools.callTool('noisy', { line: `${'x'.repeat(4999)}\n`, times: 1000 });
    await tools.callTool('noisy', { line: 'y'.repeat(5000), times: 1000 });
    expect(textOf(await tools.callTool('echo', {}))).toBe('{}');
  });
});

describe('a message that is too long', () => {
  it('is answered with an error for its id; the session lives (M12)', async () => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({ auth, connection: rawConnection(), maxMessageBytes: 100_000 });
    await expect(tools.callTool('big', { bytes: 200_000 })).rejects.toThrow('at most 100000');
    expect(textOf(await tools.callTool('big', { bytes: 90_000 }))).toHaveLength(90_000);
    await expect(tools.callTool('echo', { q: 'x'.repeat(200_000) }))
      .resolves.toBeDefined()
      .catch(() => undefined);
  });

  it('is refused on the way in too (M12)', async () => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const client = await launch({ inject: [{ auth }], connection: rawConnection(), maxMessageBytes: 50_000 });
    await client.initialize();
    const answer = await client.request('tools/call', { name: 'echo', arguments: { q: 'x'.repeat(60_000) } });
    expect(answer.error.message).toContain('at most 50000');
    expect((await client.request('ping')).result).toEqual({});
  });

  it('of 12 MB is none: it passes whole (M12)', async () => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({ auth, connection: rawConnection() });
    expect(textOf(await tools.callTool('big', { bytes: 12_000_000 }))).toHaveLength(12_000_000);
  });
});

describe('a slow reader', () => {
  it('holds the server back, and gets everything in the end (M14)', async () => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const client = await launch({ inject: [{ auth }], connection: rawConnection() });
    await client.initialize();
    client.output.pause();
    const before = process.memoryUsage.rss();
    for (let id = 100; id < 120; id += 1)
      client.send({
        jsonrpc: '2.0',
        id,
        method: 'tools/call',
        params: { name: 'big', arguments: { bytes: 4_000_000 } },
      });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(client.output.writableLength + client.output.readableLength).toBeLessThan(16_000_000);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 2 ** 20);
    client.output.resume();
    await client.until((line) => line.includes('"id":119'));
    expect(client.received.filter((line) => line.length > 4_000_000)).toHaveLength(20);
  });

  it('that is gone ends the server (M14)', async () => {
    const token = uniqueSeconds();
    const auth = registryOf({ weather: canary() }).auth('weather');
    const client = await launch({ inject: [{ auth }], connection: { ...rawConnection(), args: [rawServer, token] } });
    await client.initialize();
    client.output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await client.launcher.exited;
    expect(living(token)).toEqual([]);
  });
});

describe('what comes back', () => {
  it('has no key in the message and data of an error (M16)', async () => {
    const key = canary();
    const tools = toolset({ auth: registryOf({ weather: key }).auth('weather'), connection: rawConnection() });
    const error = await tools
      .callTool('fails', { q: 'x' })
      .catch((thrown: unknown) => thrown as Error & { data: unknown });
    expect(error).toMatchObject({
      message: expect.stringContaining('refused [secret]'),
      data: { key: '[secret]', sent: { q: 'x' } },
    });
  });

  it('has none in names, descriptions and defaults of tools (M18)', async () => {
    const key = canary();
    const odd = {
      ...tool(`t-${key}`, schema({ a: { default: key, description: `like ${key}` }, api_key: { default: key } })),
      description: key,
    };
    const auth = registryOf({ weather: key }).auth('weather');
    const tools = toolset({
      auth,
      inject: [{ auth }, { auth, into: parameter('api_key') }],
      connection: rawConnection({ tools: [odd] }),
    });
    expect(await tools.listTools()).toEqual([
      {
        name: 't-[secret]',
        description: '[secret]',
        inputSchema: schema({ a: { default: '[secret]', description: 'like [secret]' } }),
      },
    ]);
  });
});

describe.runIf(process.platform === 'linux')('the process tree of a server', () => {
  const shell = (token: string, command: string) => ({
    command: 'sh',
    args: ['-c', command],
    env: { T: token, S: rawServer },
  });
  const trees: [string, string][] = [
    ['sh that waits for a shell that waits for node', `sh -c '"$N" "$S" $T; true'; true`],
    ['with children of its own', `sleep $T & (setsid sleep $T &) ; "$N" "$S" $T; true`],
  ];

  it.each(trees)('%s is gone within a second of close() (M21)', { retry: 2 }, async (_name, command) => {
    const token = uniqueSeconds();
    const connection = shell(token, command);
    const tools = toolset({
      auth: registryOf({ weather: canary() }).auth('weather'),
      connection: {
        ...connection,
        env: { ...connection.env, N: process.execPath, SETTINGS: '{"ignoreSignals":true}' },
      },
    });
    await tools.listTools();
    expect(living(token).length).toBeGreaterThan(0);
    const started = performance.now();
    await tools.close();
    expect(performance.now() - started).toBeLessThan(within(1000));
    expect(living(token)).toEqual([]);
  });

  it('under npx is gone too (M21)', async () => {
    const token = uniqueSeconds();
    const tools = toolset({
      auth: registryOf({ weather: canary() }).auth('weather'),
      connection: { command: 'npx', args: ['--no-install', '-c', `node "$S" ${token}`], env: { S: rawServer } },
    });
    await tools.listTools();
    expect(living(token).length).toBeGreaterThan(1);
    await tools.close();
    expect(living(token)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('is gone when the launcher gets %s (E10)', async (signal) => {
    const token = uniqueSeconds();
    const client = await launch({
      inject: [{ auth: registryOf({ weather: canary() }).auth('weather') }],
      connection: { ...rawConnection({ ignoreSignals: true }), args: [rawServer, token] },
    });
    await client.initialize();
    expect(living(token)).toHaveLength(1);
    client.signals.emit(signal, signal);
    expect(await client.launcher.exited).toEqual({ exitCode: null, signal });
    expect(living(token)).toEqual([]);
    expect(client.signals.listenerCount(signal)).toBe(0);
  });
});

describe('a server that ends', () => {
  it('in the middle of a call rejects it with its exit code and last words; nothing is repeated (M20, M27)', async () => {
    const key = canary();
    const seen = journal();
    const tools = toolset({
      auth: registryOf({ weather: key }).auth('weather'),
      connection: rawConnection({ journal: seen.path }),
    });
    const [hanging, dying] = await Promise.allSettled([tools.callTool('hang'), tools.callTool('die', { code: 9 })]);
    for (const outcome of [hanging, dying]) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'ERR_TOOLSET_CLOSED', exitCode: 9, signal: null },
      });
      expect((outcome as PromiseRejectedResult).reason.stderr).toContain('dying with [secret]');
    }
    expect(textOf(await tools.callTool('echo', { q: 'new' }))).toBe('{"q":"new"}');
    const called = seen.lines().filter(({ message }) => message['method'] === 'tools/call');
    expect(called.map(({ message }) => message['params'].name)).toEqual(['hang', 'die', 'echo']);
    const [first, last] = [called[0], called[2]];
    expect(last?.pid).not.toBe(first?.pid);
    const begun = seen
      .lines()
      .filter(({ pid }) => pid === last?.pid)
      .map(({ message }) => message['method']);
    expect(begun).toEqual(['initialize', 'notifications/initialized', 'tools/call']);
  });

  it('before it answers says why, and the next call tries again', async () => {
    const key = canary();
    const auth = registryOf({ weather: key }).auth('weather');
    const settings = { exitAtStart: 4, stderrAtStart: `bad key ${key}\n` };
    const tools = toolset({ auth, connection: rawConnection(settings) });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const error = await rejects(tools.listTools(), 'ERR_TOOLSET_START');
      expect(error).toMatchObject({ exitCode: 4, signal: null, stderr: 'bad key [secret]\n' });
      expect(error.message).toContain(process.execPath);
      expect(error.message).toContain('exit code 4');
    }
  });

  it('for it is no command says so', async () => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({ auth, connection: { command: 'no-such-mcp-server' } });
    const error = await rejects(tools.callTool('x'), 'ERR_TOOLSET_START');
    expect(error.message).toContain('"no-such-mcp-server"');
    expect(error.message).toContain('ENOENT');
  });

  it('that does not shake hands in time does not start', async () => {
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({ auth, connection: rawConnection({ silent: ['initialize'] }), timeoutMs: 300 });
    await rejects(tools.listTools(), 'ERR_TOOLSET_START');
  });
});

describe('close()', () => {
  it('ends running calls, may be called twice, and leaves nothing (M22)', async () => {
    const token = uniqueSeconds();
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({ auth, connection: { ...rawConnection(), args: [rawServer, token] } });
    await tools.listTools();
    const running = rejects(tools.callTool('hang'), 'ERR_TOOLSET_CLOSED');
    await Promise.all([tools.close(), tools.close()]);
    await running;
    expect(living(token)).toEqual([]);
    await rejects(tools.callTool('echo'), 'ERR_TOOLSET_CLOSED');
    await tools.close();
  });

  it.each([0, 30, 120, 400])('in the middle of the handshake, after %i ms, does too (M22)', async (ms) => {
    const token = uniqueSeconds();
    const auth = registryOf({ weather: canary() }).auth('weather');
    const tools = toolset({
      auth,
      connection: { ...rawConnection({ silent: ['initialize'] }), args: [rawServer, token] },
    });
    const listing = rejects(tools.listTools(), 'ERR_TOOLSET_CLOSED');
    await new Promise((resolve) => setTimeout(resolve, ms));
    await tools.close();
    await listing;
    expect(living(token)).toEqual([]);
  });

  it('while a slow store is asked starts nothing (M22)', async () => {
    const token = uniqueSeconds();
    const registry = registryOf({ weather: canary() }, {
      source: () => new Promise(() => undefined),
      store: undefined,
      secretName: undefined,
    } as never);
    const tools = toolset({
      auth: registry.auth('weather'),
      connection: { ...rawConnection(), args: [rawServer, token] },
    });
    const listing = rejects(tools.listTools(), 'ERR_TOOLSET_CLOSED');
    await new Promise(setImmediate);
    await tools.close();
    await listing;
    expect(living(token)).toEqual([]);
  });

  it('of a toolset that never started anything is nothing', async () => {
    await using tools = createStdioToolset({
      auth: registryOf({ weather: canary() }).auth('weather'),
      connection: rawConnection(),
    });
    await tools.close();
  });
});

describe('the environment of a server', () => {
  it('is the six safe variables, the declared ones and the key, and nothing of ours (E3, E4)', async () => {
    const key = canary();
    process.env['CLAVIGER_TEST_UNLOCK'] = 'phrase';
    process.env['SOMETHING_ELSE'] = 'x';
    try {
      const tools = toolset({
        auth: registryOf({ weather: key }).auth('weather'),
        connection: rawConnection({}, { LOG_LEVEL: 'debug', API_KEY: 'stale' }),
      });
      expect(JSON.parse(textOf(await tools.callTool('environment')))).toEqual({
        ...safeEnvironment(),
        LOG_LEVEL: 'debug',
        SETTINGS: '{}',
        API_KEY: '[secret]',
      });
      const pid = textOf(await tools.callTool('pid'));
      if (process.platform === 'linux')
        expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toContain(`API_KEY=${key}\0`);
      expect(JSON.stringify(process.env)).not.toContain(key);
    } finally {
      delete process.env['CLAVIGER_TEST_UNLOCK'];
      delete process.env['SOMETHING_ELSE'];
    }
  });

  it('of a launcher is its own, without CLAVIGER_ (E4)', async () => {
    const client = await launch({
      inject: [{ auth: registryOf({ weather: canary() }).auth('weather') }],
      connection: rawConnection(),
      env: { PATH: process.env['PATH'], FROM_CLIENT: 'yes', CLAVIGER_HOME: '/x', CLAVIGER_PHRASE_FILE: '/y' },
    });
    await client.initialize();
    const { result } = await client.request('tools/call', { name: 'environment' });
    expect(JSON.parse(textOf(result))).toEqual({
      PATH: process.env['PATH'],
      FROM_CLIENT: 'yes',
      SETTINGS: '{}',
      API_KEY: '[secret]',
    });
  });

  it('holds its own key only, with two toolsets at once (E6)', async () => {
    const registry = registryOf({ one: canary(), two: canary() });
    const both = ['one', 'two'].map((name) => toolset({ auth: registry.auth(name), connection: rawConnection() }));
    const pids = await Promise.all(both.map(async (tools) => textOf(await tools.callTool('pid'))));
    expect(new Set(pids).size).toBe(2);
    if (process.platform !== 'linux') return;
    const environments = pids.map((pid) => readFileSync(`/proc/${pid}/environ`, 'latin1'));
    expect(environments[0]).not.toBe(environments[1]);
    for (const [index, name] of ['one', 'two'].entries()) {
      const key = (await registry.resolve(name)).secret.reveal();
      expect(environments.map((each) => each.includes(key))).toEqual([index === 0, index === 1]);
    }
  });

  it.runIf(process.platform === 'linux')(
    'and the command line hold a key in an argument or a file only where it was put (E2)',
    async () => {
      const key = canary();
      const auth = registryOf({ weather: key }).auth('weather');
      const tools = toolset({ auth, into: file('KEY_FILE'), connection: rawConnection() });
      const path = JSON.parse(textOf(await tools.callTool('environment'))).KEY_FILE as string;
      const pid = textOf(await tools.callTool('pid'));
      expect(readFileSync(path, 'utf8')).toBe(key);
      for (const name of ['environ', 'cmdline'])
        expect(readFileSync(`/proc/${pid}/${name}`, 'latin1')).not.toContain(key);
      await tools.close();
      expect(() => readFileSync(path)).toThrow('ENOENT');
    },
  );
});
