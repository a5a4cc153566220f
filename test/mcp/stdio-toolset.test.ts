import {
  CreateMessageRequestSchema,
  McpError,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parameter, setDefaultRegistry, apiKeyAuth } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { until } from '../process/living.js';
import { canary } from '../support/canary.js';
import { journal, rawConnection, registryOf, textOf, toolset } from './toolsets.js';

const sdkServer = {
  command: process.execPath,
  args: [fileURLToPath(new URL('servers/sdk-server.mjs', import.meta.url))],
};
const weather = (key = canary()) => registryOf({ weather: key }).auth('weather');
const raw = (settings: object = {}) => ({ auth: weather(), connection: rawConnection({ ...settings }) });

describe('a toolset', () => {
  it('starts its server at the first call, once for all that ask at once', async () => {
    const seen = journal();
    const tools = toolset(raw({ journal: seen.path }));
    expect(seen.lines).toThrow('ENOENT');
    await Promise.all([tools.listTools(), tools.callTool('echo'), tools.callTool('echo'), tools.listTools()]);
    const lines = seen.lines();
    expect(new Set(lines.map(({ pid }) => pid)).size).toBe(1);
    expect(lines.filter(({ message }) => message['method'] === 'initialize')).toHaveLength(1);
  });

  it('puts the key into the variable of its provider, or into one parameter', async () => {
    const key = canary();
    const registry = registryOf({ weather: key });
    const byParameter = toolset({
      auth: registry.auth('weather'),
      into: parameter('api_key'),
      connection: rawConnection(),
    });
    const byEnvironment = toolset({ auth: registry.auth('weather'), connection: rawConnection() });
    const environments = [byEnvironment, byParameter].map(async (tools) =>
      JSON.parse(textOf(await tools.callTool('environment'))),
    );
    expect((await Promise.all(environments)).map(({ API_KEY }) => API_KEY)).toEqual(['[secret]', undefined]);
    expect(textOf(await byParameter.callTool('keyed', { q: 'x' }))).toBe('{"api_key":"[secret]","q":"x"}');
  });

  it('works with the default registry', async () => {
    const registry = registryOf({ weather: canary() });
    setDefaultRegistry(registry);
    try {
      const tools = toolset({ auth: apiKeyAuth({ providerName: 'weather' }), connection: rawConnection() });
      expect(JSON.parse(textOf(await tools.callTool('environment'))).API_KEY).toBe('[secret]');
    } finally {
      setDefaultRegistry(undefined);
    }
  });

  it('lists tools whose schemas the SDK would refuse, and leaves out what is no tool', async () => {
    const odd = [
      { name: 'untyped', inputSchema: { properties: { q: {} } } },
      null,
      { name: 'bare' },
      'x',
      { title: 'nameless' },
    ];
    const tools = toolset(raw({ tools: odd }));
    expect(await tools.listTools()).toEqual([odd[0], odd[2]]);
  });

  it('comes to an end with a server that pages for ever', async () => {
    const endless = toolset(raw({ tools: [{ name: 'a' }, { name: 'b' }], pageSize: 0 }));
    expect(await endless.listTools()).toEqual([]);
  });

  it('prefixes names, and has only the tools that pass its filter', async () => {
    const named = toolset({ ...raw(), toolNamePrefix: 'w_', toolFilter: ['echo', 'pid'] });
    expect((await named.listTools()).map(({ name }) => name)).toEqual(['w_echo', 'w_pid']);
    expect(textOf(await named.callTool('w_echo', { q: 1 }))).toBe('{"q":1}');
    for (const name of ['echo', 'w_environment', 'environment'])
      await expect(named.callTool(name)).rejects.toThrow(McpError);
    const judged = toolset({ ...raw(), toolFilter: ({ description }) => description === 'gives back' });
    expect(textOf(await judged.callTool('echo', { q: 1 }))).toBe('{"q":1}');
    await expect(judged.callTool('pid')).rejects.toThrow('no tool "pid"');
    expect((await judged.listTools()).map(({ name }) => name)).toEqual(['echo']);
  });

  it('tells the server who its client is', async () => {
    const seen = journal();
    await toolset({ ...raw({ journal: seen.path }), clientInfo: { name: 'agent', version: '3' } }).listTools();
    await toolset(raw({ journal: seen.path })).listTools();
    const clients = seen
      .lines()
      .flatMap(({ message }) => (message['method'] === 'initialize' ? [message['params'].clientInfo.name] : []));
    expect(clients).toEqual(['agent', 'claviger']);
  });

  it('ends a call after its time, or that of the toolset, and goes on', async () => {
    const tools = toolset({ ...raw(), timeoutMs: 5000 });
    await tools.listTools();
    await expect(tools.callTool('hang', {}, { timeoutMs: 50 })).rejects.toMatchObject({ code: -32001 });
    const impatient = toolset({ ...raw(), timeoutMs: 1500 });
    await expect(impatient.callTool('hang')).rejects.toBeInstanceOf(McpError);
    expect(textOf(await tools.callTool('echo', { q: 1 }))).toBe('{"q":1}');
  });

  it('ends a call with the reason of its signal, at any moment, and leaves the others alone', async () => {
    const tools = toolset(raw());
    const reason = new Error('enough');
    const controller = new AbortController();
    const starting = tools.callTool('echo', {}, { signal: controller.signal });
    const other = tools.callTool('echo', { q: 2 });
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
    expect(textOf(await other)).toBe('{"q":2}');
    await expect(tools.callTool('hang', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const running = new AbortController();
    setTimeout(() => running.abort(reason), 30);
    await expect(tools.callTool('hang', {}, { signal: running.signal })).rejects.toMatchObject({
      message: expect.stringContaining('enough'),
    });
    expect(textOf(await tools.callTool('echo', { q: 3 }))).toBe('{"q":3}');
  });

  it('closes at the end of an await using block', async () => {
    let pid = 0;
    {
      await using tools = toolset(raw());
      pid = Number(textOf(await tools.callTool('pid')));
      expect(process.kill(pid, 0)).toBe(true);
    }
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('a toolset over a server of the SDK', () => {
  it('hides and fills the parameter; the server checks the arguments with it', async () => {
    const key = canary();
    const tools = toolset({ auth: weather(key), into: parameter('api_key'), connection: sdkServer });
    const keyed = (await tools.listTools()).find(({ name }) => name === 'keyed');
    expect(keyed?.inputSchema).toMatchObject({ properties: { q: { type: 'string' } }, required: ['q'] });
    expect(JSON.stringify(keyed)).not.toContain('api_key');
    expect(textOf(await tools.callTool('keyed', { q: 'x' }))).toBe('x with [secret]');
    const refused = await tools.callTool('keyed', {});
    expect(refused.isError).toBe(true);
    expectNoLeak(refused, key);
  });

  it('learns of tools that come later', async () => {
    const key = canary();
    const tools = toolset({ auth: weather(key), into: parameter('api_key'), connection: sdkServer });
    const changed = new Promise<void>((resolve) => {
      tools.client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve());
    });
    await tools.callTool('grow');
    await changed;
    expect(textOf(await tools.callTool('late', {}))).toBe('late [secret]');
    expect(JSON.stringify((await tools.listTools()).find(({ name }) => name === 'late'))).not.toContain('api_key');
  });

  it('gives its client for resources, prompts and sampling, all redacted', async () => {
    const key = canary();
    const tools = toolset({ auth: weather(key), connection: sdkServer });
    const asked: unknown[] = [];
    expect(tools.client).toBeInstanceOf(Client);
    tools.client.registerCapabilities({ sampling: {} });
    tools.client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
      asked.push(params);
      return { model: 'm', role: 'assistant', content: { type: 'text', text: 'fine' } };
    });
    expect(textOf(await tools.callTool('sample'))).toContain('fine');
    const resource = await tools.client.readResource({ uri: 'file:///key' });
    const prompt = await tools.client.getPrompt({ name: 'key' });
    expect(resource.contents[0]).toMatchObject({ text: 'key [secret]' });
    expect((await tools.callTool('structured')).structuredContent).toEqual({ key: '[secret]' });
    expectNoLeak([asked, resource, prompt], key);
    expect(JSON.stringify(asked)).toContain('key [secret]');
  });

  it('reports progress and cancels', async () => {
    const key = canary();
    const stderr: string[] = [];
    const tools = toolset({ auth: weather(key), connection: sdkServer, onStderr: (line) => stderr.push(line) });
    const controller = new AbortController();
    const progress: unknown[] = [];
    const onProgress = (step: unknown): void => {
      progress.push(step);
      if (progress.length === 3) controller.abort();
    };
    await expect(tools.callTool('slow', {}, { signal: controller.signal, onProgress })).rejects.toThrow();
    await until(() => stderr.includes('aborted'));
    expect(progress.slice(0, 2)).toEqual([1, 2].map((step) => ({ progress: step, message: 'step with [secret]' })));
  });
});
