import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  McpError,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { until } from '../process/living.js';
import { httpToolset, mcpOverHttp, type ServerSettings } from './http-servers.js';
import { textOf } from './toolsets.js';

const kinds: [string, ServerSettings][] = [
  ['answers with streams', {}],
  ['answers with JSON', { transport: { enableJsonResponse: true } }],
  ['has no sessions', { stateless: true }],
  ['has no sessions and answers with JSON', { stateless: true, transport: { enableJsonResponse: true } }],
];

describe.each(kinds)('a toolset over a server that %s', (_name, settings) => {
  it('lists and calls, each result redacted', async () => {
    const server = await mcpOverHttp(settings);
    const { tools, key } = httpToolset(server);
    expect((await tools.listTools()).map(({ name }) => name)).toContain('whoami');
    const result = await tools.callTool('whoami');
    expect(result.structuredContent).toEqual({ key: '[secret]', nested: ['[secret]'] });
    expect(JSON.parse(textOf(result))['x-api-key']).toBe('[secret]');
    expectNoLeak(result, key);
    const results = await Promise.all(['a', 'b', 'c'].map((q) => tools.callTool('echo', { q })));
    expect(results.map(textOf)).toEqual(['a', 'b', 'c']);
    await tools.close();
    expect(server.words().includes('DELETE')).toBe(settings.stateless !== true);
  });

  it('keeps base64 base64, and passes errors on without the key (M16, M17)', async () => {
    const { tools, key } = httpToolset(await mcpOverHttp(settings));
    const { content } = await tools.callTool('blob');
    const [image] = content as { data: string }[];
    expect(Buffer.from(image?.data ?? '', 'base64').toString()).toBe('<[secret]>');
    const failed = await tools.callTool('fails');
    expect(failed).toMatchObject({ isError: true });
    expect(textOf(failed)).toBe('no luck with [secret]');
    const unknown = await tools.callTool(`about ${key}`).catch((error: unknown) => error);
    expectNoLeak([content, failed, unknown], key);
    await expect(tools.client.request({ method: 'no/such' }, {} as never)).rejects.toThrow(McpError);
  });
});

describe('a toolset over HTTP', () => {
  it('prefixes names, and has only the tools that pass its filter', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server, { toolNamePrefix: 'w_', toolFilter: ['echo', 'blob'] });
    expect((await tools.listTools()).map(({ name }) => name)).toEqual(['w_echo', 'w_blob']);
    expect(textOf(await tools.callTool('w_echo', { q: 'x' }))).toBe('x');
    for (const name of ['echo', 'w_whoami', 'whoami']) await expect(tools.callTool(name)).rejects.toThrow(McpError);
    const judged = httpToolset(server, { toolFilter: ({ name }) => name.startsWith('e') }).tools;
    await expect(judged.callTool('blob')).rejects.toThrow('no tool "blob"');
    expect(textOf(await judged.callTool('echo', { q: 'y' }))).toBe('y');
  });

  it('tells the server who its client is', async () => {
    const server = await mcpOverHttp();
    await httpToolset(server, { clientInfo: { name: 'agent', version: '3' } }).tools.listTools();
    await httpToolset(server).tools.listTools();
    const clients = server.seen
      .filter(({ message }) => message === 'initialize')
      .map(({ body }) => JSON.parse(body).params.clientInfo.name);
    expect(clients).toEqual(['agent', 'claviger']);
  });

  it('redacts progress and log messages (M17)', async () => {
    const { tools, key } = httpToolset(await mcpOverHttp());
    const logs: unknown[] = [];
    const progress: unknown[] = [];
    tools.client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logs.push(params));
    await tools.callTool('talks', {}, { onProgress: (step) => progress.push(step) });
    expect(progress).toEqual([1, 2].map((step) => ({ progress: step, message: 'step with [secret]' })));
    await until(() => logs.length > 0);
    expect(logs).toEqual([{ level: 'info', data: 'log [secret]' }]);
    expectNoLeak([progress, logs], key);
  });

  it('learns of tools that come later', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    const before = await tools.listTools();
    await until(() => server.words().includes('GET'));
    const changed = new Promise<void>((resolve) => {
      tools.client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve());
    });
    await tools.callTool('announce');
    await changed;
    expect(await tools.listTools()).toHaveLength(before.length + 1);
  });

  it('gives its client for sampling and elicitation, all redacted', async () => {
    const server = await mcpOverHttp();
    const { tools, key } = httpToolset(server);
    const asked: unknown[] = [];
    expect(tools.client).toBeInstanceOf(Client);
    tools.client.registerCapabilities({ sampling: {}, elicitation: {} });
    tools.client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
      asked.push(params);
      return { model: 'm', role: 'assistant', content: { type: 'text', text: 'fine' } };
    });
    tools.client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      asked.push(params);
      return { action: 'accept', content: { city: 'Bern' } };
    });
    expect(textOf(await tools.callTool('sample'))).toBe('fine');
    expect(textOf(await tools.callTool('elicit'))).toBe('Bern');
    expect(JSON.stringify(asked)).toContain('about [secret]');
    expectNoLeak(asked, key);
    for (const seen of server.seen) expect(seen.headers['x-api-key']).toBe(key);
  });

  it('reports the server’s own refusals by their HTTP status, redacted', async () => {
    const server = await mcpOverHttp({
      before: ({ headers }, response, { message }) => {
        if (message !== 'tools/call') return false;
        response.writeHead(500, { 'content-type': 'text/event-stream' });
        response.end(`data: broken with ${headers['x-api-key']}\n\n`);
        return true;
      },
    });
    const { tools, key } = httpToolset(server);
    const error = await tools.callTool('echo').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 500, message: expect.stringContaining('broken with [secret]') });
    expectNoLeak(error, key);
  });
});
