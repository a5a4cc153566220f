import { describe, expect, it } from 'vitest';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { createHttpToolset } from '../../src/mcp/index.js';
import { until } from '../process/living.js';
import { rejects } from '../support/rejects.js';
import { serve } from '../support/serve.js';
import { eventStore, httpToolset, mcpOverHttp, type McpOverHttp } from './http-servers.js';
import { textOf } from './toolsets.js';

const count = (server: McpOverHttp, word: string) => server.words().filter((each) => each === word).length;

describe('a toolset over HTTP that connects', () => {
  it('says which server is down, and tries again with the next call', async () => {
    const gone = await serve();
    await gone[Symbol.asyncDispose]();
    const { tools } = httpToolset({ origin: gone.origin, url: `${gone.origin}/mcp` });
    for (const call of [() => tools.listTools(), () => tools.callTool('echo')]) {
      const error = await rejects(call(), 'ERR_TOOLSET_START');
      expect(error).toMatchObject({
        host: `127.0.0.1:${gone.port}`,
        message: expect.stringContaining('ECONNREFUSED'),
      });
    }
  });

  it('succeeds as soon as the server is there', async () => {
    let isThere = false;
    const server = await mcpOverHttp({
      before: (_request, response) => {
        if (!isThere) response.writeHead(503).end('starting');
        return !isThere;
      },
    });
    const { tools } = httpToolset(server);
    const error = await rejects(tools.listTools(), 'ERR_TOOLSET_START');
    expect(error.message).toContain('starting');
    isThere = true;
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
  });

  it.each([
    ['an error', (id: unknown) => ({ jsonrpc: '2.0', id, error: { code: -32000, message: 'no seats' } }), 'no seats'],
    [
      'a version that nobody speaks',
      (id: unknown) => ({
        jsonrpc: '2.0',
        id,
        result: { protocolVersion: '1999-01-01', capabilities: {}, serverInfo: { name: 'old', version: '1' } },
      }),
      '1999-01-01',
    ],
    ['what is no answer', () => ({ hello: 'world' }), 'did not start'],
    ['the answer to another request', () => ({ jsonrpc: '2.0', id: 99, result: {} }), 'ended its answer too early'],
  ])('says what a server answers that refuses to initialize: %s', async (_name, answer, text) => {
    const server = await mcpOverHttp({
      before: (_request, response, { body }) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer((JSON.parse(body === '' ? '{}' : body) as { id?: unknown }).id)));
        return true;
      },
    });
    const { tools } = httpToolset(server);
    const error = await rejects(tools.listTools(), 'ERR_TOOLSET_START');
    expect(error.message).toContain(text);
    expect(error.host).toBe(new URL(server.origin).host);
  });

  it('gives up on a server that never answers', async () => {
    const server = await mcpOverHttp({ before: () => true });
    const { tools } = httpToolset(server, { timeoutMs: 50 });
    await rejects(tools.listTools(), 'ERR_TOOLSET_START');
  });
});

describe('a toolset over HTTP whose session is forgotten', () => {
  it('begins anew, and sends the refused message again, once', async () => {
    const server = await mcpOverHttp();
    const { tools, key } = httpToolset(server);
    expect(textOf(await tools.callTool('echo', { q: 'a' }))).toBe('a');
    server.forget();
    expect(textOf(await tools.callTool('echo', { q: 'b' }))).toBe('b');
    expect(count(server, 'initialize')).toBe(2);
    expect(count(server, 'notifications/initialized')).toBe(2);
    const sent = server.seen.filter(({ body }) => body.includes('"q":"b"'));
    expect(sent.map(({ headers }) => headers['mcp-session-id'])).toHaveLength(2);
    expect(new Set(sent.map(({ headers }) => headers['mcp-session-id'])).size).toBe(2);
    expect(sent.at(-1)?.headers['mcp-protocol-version']).toBeDefined();
    for (const { headers } of server.seen) expect(headers['x-api-key']).toBe(key);
  });

  it('begins anew once for all calls at once', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await tools.listTools();
    server.forget();
    const results = await Promise.all(['a', 'b', 'c'].map((q) => tools.callTool('echo', { q })));
    expect(results.map(textOf)).toEqual(['a', 'b', 'c']);
    expect(count(server, 'initialize')).toBe(2);
  });

  it('lets a call that the old session is still answering come to its end', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    const slow = tools.callTool('slow');
    await until(() => server.waiting.length > 0);
    server.forget();
    expect(textOf(await tools.callTool('echo', { q: 'b' }))).toBe('b');
    for (const release of server.waiting) release();
    expect(textOf(await slow)).toBe('at last');
    expect(server.seen.filter(({ body }) => body.includes('"slow"'))).toHaveLength(1);
  });

  it('tells the new session what the old one was told', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await tools.listTools();
    await tools.client.setLoggingLevel('error');
    await tools.client.setLoggingLevel('warning');
    server.forget();
    await tools.callTool('echo');
    const levels = server.seen.filter(({ message }) => message === 'logging/setLevel');
    expect(levels.map(({ body }) => JSON.parse(body).params.level)).toEqual(['error', 'warning', 'warning']);
    expect(new Set(levels.map(({ headers }) => headers['mcp-session-id'])).size).toBe(2);
  });

  it('fails with the reason when the server refuses a new one, and does not try for ever', async () => {
    let refuses = false;
    const server = await mcpOverHttp({
      before: (_request, response, { message }) => {
        if (!refuses || message !== 'initialize') return false;
        response.writeHead(503).end('full');
        return true;
      },
    });
    const { tools } = httpToolset(server);
    await tools.listTools();
    server.forget();
    refuses = true;
    await expect(tools.callTool('echo')).rejects.toMatchObject({ code: 503, message: expect.stringContaining('full') });
    expect(count(server, 'initialize')).toBe(2);
    refuses = false;
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
  });

  it('passes a second 404 on', async () => {
    const server = await mcpOverHttp({
      before: (_request, response, { message }) => {
        if (message !== 'tools/call') return false;
        response.writeHead(404).end('nothing here');
        return true;
      },
    });
    const { tools } = httpToolset(server);
    await expect(tools.callTool('echo')).rejects.toMatchObject({ code: 404 });
    expect(count(server, 'tools/call')).toBe(2);
  });
});

describe('a toolset over HTTP whose connection breaks', () => {
  it('rejects what was under way without repeating it, and goes on (M20, M27)', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await tools.listTools();
    const calls = ['slow', 'hang'].map((name) => rejects(tools.callTool(name), 'ERR_TOOLSET_CLOSED'));
    await until(() => count(server, 'tools/call') === 2 && server.waiting.length > 0);
    server.breakConnections();
    for (const error of await Promise.all(calls)) expect(error.message).toContain('not repeated');
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
    expect(count(server, 'tools/call')).toBe(3);
    expect(count(server, 'initialize')).toBe(1);
  });

  it('rejects a call whose stream ends without an answer', async () => {
    const server = await mcpOverHttp({
      before: (_request, response, { message }) => {
        if (message !== 'tools/call') return false;
        response.writeHead(200, { 'content-type': 'Text/Event-Stream; charset=utf-8' }).end(': nothing\n\n');
        return true;
      },
    });
    const { tools } = httpToolset(server);
    await rejects(tools.callTool('echo'), 'ERR_TOOLSET_CLOSED');
    expect(count(server, 'tools/call')).toBe(1);
  });

  it.each([
    ['202', 202, undefined],
    ['an empty answer', 200, 'application/json'],
  ])('rejects a call that is answered with %s', async (_name, status, type) => {
    const server = await mcpOverHttp({
      before: (_request, response, { message }) => {
        if (message !== 'tools/call') return false;
        response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end();
        return true;
      },
    });
    await expect(httpToolset(server).tools.callTool('echo')).rejects.toThrow(Error);
    expect(count(server, 'tools/call')).toBe(1);
  });

  it('does without the stream of a server that answers with a page, and does not ask again', async () => {
    const server = await mcpOverHttp({
      before: (_request, response, { method }) => {
        if (method !== 'GET') return false;
        response.writeHead(200, { 'content-type': 'text/html' }).end('retry: 1\n\n');
        return true;
      },
    });
    const { tools } = httpToolset(server);
    await tools.listTools();
    await until(() => count(server, 'GET') === 1);
    for (const q of ['a', 'b', 'c', 'd', 'e']) expect(textOf(await tools.callTool('echo', { q }))).toBe(q);
    expect(count(server, 'GET')).toBe(1);
  });

  it('takes a stream up again after the last event, as often as it breaks', async () => {
    const breaks = { left: 2 };
    const server = await mcpOverHttp({
      transport: { eventStore: eventStore(), retryInterval: 5 },
      before: ({ headers }, response) => {
        if (headers['last-event-id'] === undefined || breaks.left === 0) return false;
        breaks.left -= 1;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.flushHeaders();
        if (breaks.left === 1) response.end();
        else response.write(': hello\n\n', () => response.destroy());
        return true;
      },
    });
    const { tools, key } = httpToolset(server);
    expect(textOf(await tools.callTool('resumed'))).toContain('after the break');
    const resumed = server.seen.filter(({ headers }) => headers['last-event-id'] !== undefined);
    expect(resumed).toHaveLength(3);
    expect(new Set(resumed.map(({ headers }) => headers['last-event-id'])).size).toBe(1);
    for (const { headers } of resumed) expect(headers['x-api-key']).toBe(key);
    expect(count(server, 'tools/call')).toBe(1);
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
  });

  it('resumes after the connection broke, too', async () => {
    const server = await mcpOverHttp({ transport: { eventStore: eventStore(), retryInterval: 5 } });
    const { tools } = httpToolset(server);
    let hasBegun = false;
    const slow = tools.callTool('slow', {}, { onProgress: () => void (hasBegun = true) });
    await until(() => server.waiting.length > 0 && hasBegun);
    server.breakConnections();
    await until(() => server.seen.some(({ headers }) => headers['last-event-id'] !== undefined));
    for (const release of server.waiting) release();
    expect(textOf(await slow)).toBe('at last');
    expect(count(server, 'tools/call')).toBe(1);
  });

  it('rejects a call whose stream the server can not go on with, as its session is over', async () => {
    const server = await mcpOverHttp({ transport: { eventStore: eventStore(), retryInterval: 5 } });
    const { tools } = httpToolset(server);
    let hasBegun = false;
    const call = tools.callTool('slow', {}, { onProgress: () => void (hasBegun = true) });
    const slow = rejects(call, 'ERR_TOOLSET_CLOSED');
    await until(() => server.waiting.length > 0 && hasBegun);
    server.forget();
    server.breakConnections();
    await slow;
    expect(count(server, 'tools/call')).toBe(1);
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
  });
});

describe('a toolset over HTTP that is cancelled', () => {
  it('tells the server, and goes on (M22)', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await tools.listTools();
    const controller = new AbortController();
    const call = tools.callTool('hang', {}, { signal: controller.signal });
    await until(() => count(server, 'tools/call') === 1);
    controller.abort(new Error('enough'));
    await expect(call).rejects.toMatchObject({ message: expect.stringContaining('enough') });
    await until(() => server.cancelled.includes('hang'));
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
  });

  it('tells the server of a call that took too long', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await tools.listTools();
    await expect(tools.callTool('hang', {}, { timeoutMs: 30 })).rejects.toBeInstanceOf(McpError);
    await until(() => server.cancelled.includes('hang'));
    const impatient = httpToolset(server, { timeoutMs: 500 });
    await expect(impatient.tools.callTool('hang')).rejects.toMatchObject({ code: -32001 });
  });

  it('breaks a request off whose answer has not begun', async () => {
    const server = await mcpOverHttp({ transport: { enableJsonResponse: true } });
    const { tools } = httpToolset(server);
    await tools.listTools();
    const errors: Error[] = [];
    tools.client.onerror = (error) => errors.push(error);
    await expect(tools.callTool('hang', {}, { timeoutMs: 30 })).rejects.toMatchObject({ code: -32001 });
    await until(() => server.cancelled.includes('hang') && server.aborted.includes('tools/call'));
    expect(errors).toEqual([]);
  });

  it('never sends what is aborted while the credential is fetched (H17)', async () => {
    const server = await mcpOverHttp();
    const held: { release?: () => void } = {};
    let isSlow = false;
    const source = async () => {
      if (isSlow) await new Promise<void>((resolve) => (held.release = resolve));
      return 'a key that is always the same';
    };
    const { tools } = httpToolset(server, { definition: { source }, more: { cache: false } });
    await tools.listTools();
    await until(() => count(server, 'GET') === 1);
    isSlow = true;
    const controller = new AbortController();
    const call = tools.callTool('echo', {}, { signal: controller.signal });
    await until(() => held.release !== undefined);
    controller.abort();
    await expect(call).rejects.toThrow();
    isSlow = false;
    held.release?.();
    await tools.listTools();
    expect(count(server, 'tools/call')).toBe(0);
  });

  it('sends nothing for a signal that is aborted already, and lets others connect', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    const reason = new Error('enough');
    await expect(tools.callTool('echo', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(server.seen).toEqual([]);
    const controller = new AbortController();
    const starting = tools.callTool('echo', {}, { signal: controller.signal });
    const other = tools.callTool('echo', { q: 'x' });
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
    expect(textOf(await other)).toBe('x');
  });
});

describe('a toolset over HTTP that is closed', () => {
  it('rejects what is under way, at once for all, and ends the session (M22)', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await tools.listTools();
    const calls = ['hang', 'slow'].map((name) => rejects(tools.callTool(name), 'ERR_TOOLSET_CLOSED'));
    await until(() => count(server, 'tools/call') === 2);
    await Promise.all([tools.close(), tools.close()]);
    await Promise.all(calls);
    await tools.close();
    expect(count(server, 'DELETE')).toBe(1);
    await rejects(tools.callTool('echo'), 'ERR_TOOLSET_CLOSED');
    await rejects(tools.listTools(), 'ERR_TOOLSET_CLOSED');
    await until(() => server.connections() === 0);
    expect(count(server, 'initialize')).toBe(1);
  });

  it('ends a session too that was just beginning (M22)', async () => {
    const held: { answer?: () => void } = {};
    const server = await mcpOverHttp({
      hold: ({ message }) =>
        message === 'initialize' ? new Promise<void>((resolve) => (held.answer = resolve)) : undefined,
    });
    const { tools } = httpToolset(server);
    const call = rejects(tools.callTool('echo'), 'ERR_TOOLSET_CLOSED');
    await until(() => held.answer !== undefined);
    const closing = tools.close();
    await call;
    held.answer?.();
    await closing;
    expect(server.words()).toEqual(['initialize', 'DELETE']);
    expect(server.sessions()).toBe(0);
  });

  it('closes before it ever connected, and beside a server that no longer answers (M22)', async () => {
    const server = await mcpOverHttp({ before: (_request, _response, { method }) => method === 'DELETE' });
    const idle = httpToolset(server).tools;
    await idle.close();
    await rejects(idle.listTools(), 'ERR_TOOLSET_CLOSED');
    expect(server.seen).toEqual([]);
    const { tools } = httpToolset(server);
    await tools.listTools();
    await tools.close();
    expect(server.words().at(-1)).toBe('DELETE');
  });

  it('closes while a session is begun anew (M22)', async () => {
    const held: { answer?: () => void } = {};
    let holds = false;
    const server = await mcpOverHttp({
      hold: ({ message }) =>
        holds && message === 'initialize' ? new Promise<void>((resolve) => (held.answer = resolve)) : undefined,
    });
    const { tools } = httpToolset(server);
    await tools.listTools();
    server.forget();
    holds = true;
    const call = rejects(tools.callTool('echo'), 'ERR_TOOLSET_CLOSED');
    await until(() => held.answer !== undefined);
    const closing = tools.close();
    await call;
    held.answer?.();
    await closing;
    expect(count(server, 'tools/call')).toBe(1);
    expect(server.sessions()).toBe(0);
  });

  it('closes at the end of an await using block', async () => {
    const server = await mcpOverHttp();
    const { registry } = httpToolset(server);
    {
      await using tools = createHttpToolset({ auth: registry.auth('weather'), url: server.url });
      await tools.listTools();
    }
    expect(server.words().at(-1)).toBe('DELETE');
    expect(server.sessions()).toBe(0);
  });

  it('opens again after its client was closed, but not after it was closed itself', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await tools.listTools();
    await tools.client.close();
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('x');
    expect(count(server, 'initialize')).toBe(2);
  });

  it('leaves no connection behind', async () => {
    const server = await mcpOverHttp();
    const { tools } = httpToolset(server);
    await tools.listTools();
    await until(() => count(server, 'GET') === 1);
    await tools.close();
    await until(() => server.connections() === 0);
    expect(server.connections()).toBe(0);
  });
});
