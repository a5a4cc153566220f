import type { IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { query, type AuditEvent } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { httpToolset, mcpOverHttp } from '../mcp/http-servers.js';
import { until } from '../process/living.js';
import { canary } from '../support/canary.js';
import { serve } from '../support/serve.js';

/** A key as it stands on the wire, given back in every place and every spelling of an answer. */
function reflect(key: string, id: unknown): Record<string, unknown> {
  const bytes = Buffer.from(key);
  return {
    jsonrpc: '2.0',
    id,
    result: {
      content: [
        { type: 'text', text: `plain ${key}, JSON ${JSON.stringify(JSON.stringify({ key }))}` },
        { type: 'text', text: [encodeURIComponent(key), bytes.toString('hex'), bytes.toString('base64url')].join(' ') },
        { type: 'image', mimeType: 'image/png', data: Buffer.from(`x${key}y`).toString('base64') },
        { type: 'resource', resource: { uri: `x:${key}`, blob: bytes.toString('base64') } },
        { type: 'text', text: Buffer.from(`me:${key}`).toString('base64') },
      ],
      structuredContent: { [key]: [{ deep: key, size: /^\d+$/.test(key) ? key : 0 }] },
      _meta: { digits: /^\d{1,15}$/.test(key) ? Number(key) : key },
    },
  };
}

const tool = (key: string) => ({
  name: `tool-${key}`,
  description: `calls with ${key}`,
  inputSchema: { type: 'object', properties: { key: { type: 'string', default: key } } },
});

const keys: [string, string][] = [
  ['an ordinary key', canary()],
  ['a key of digits', '73620573820573829105'],
  ['a key of so few digits that it is a number', '736205738205738'],
  ['a key that JSON escapes', 'q"u\\o/te+s=and&more<x>'],
  ['a key that is base64', Buffer.from(canary()).toString('base64')],
];

describe.each(keys)('%s', (_name, key) => {
  it.each(['text/event-stream', 'application/json'])(
    'is in nothing that a toolset gets as %s (M16–M19)',
    async (type) => {
      const answer = (request: IncomingMessage, response: ServerResponse, id: unknown, method: string): boolean => {
        const sent = new URL(request.url ?? '', 'http://x').searchParams.get('api_key') ?? 'nothing';
        const messages: Record<string, unknown>[] = [];
        if (method === 'tools/list') messages.push({ jsonrpc: '2.0', id, result: { tools: [tool(sent)] } });
        if (method === 'resources/read')
          messages.push({ jsonrpc: '2.0', id, error: { code: -32000, message: `no ${sent}`, data: { why: [sent] } } });
        if (method === 'tools/call') messages.push(reflect(sent, id));
        if (messages.length === 0) return false;
        const params = { level: 'info', data: { said: sent, code: Buffer.from(sent).toString('base64') } };
        if (type === 'text/event-stream') messages.unshift({ jsonrpc: '2.0', method: 'notifications/message', params });
        response.writeHead(200, { 'content-type': type, 'x-key': encodeURIComponent(sent) });
        const lines = messages.map((message) =>
          type === 'application/json'
            ? JSON.stringify(message)
            : `id: ${encodeURIComponent(sent)}\ndata: ${JSON.stringify(message)}\n\n`,
        );
        // in pieces that no reader of lines would choose
        const bytes = Buffer.from(lines.join(''));
        for (let at = 0; at < bytes.length; at += 97) response.write(bytes.subarray(at, at + 97));
        response.end();
        return true;
      };
      const audit: AuditEvent[] = [];
      const server = await mcpOverHttp({
        before: (request, response, { body }) => {
          const { id, method = '' } = JSON.parse(body === '' ? '{}' : body) as { id?: unknown; method?: string };
          return answer(request, response, id, method);
        },
      });
      const { tools, registry } = httpToolset(server, {
        key,
        placement: query('api_key'),
        more: { audit: (event) => void audit.push(event) },
      });
      const notes: unknown[] = [];
      tools.client.fallbackNotificationHandler = async (note) => void notes.push(note);
      tools.client.onerror = (error) => void notes.push(error);
      const seen: unknown[] = [await tools.listTools(), await tools.callTool('reflect')];
      const request = { method: 'resources/read', params: { uri: 'x:y' } } as const;
      seen.push(await tools.client.request(request, {} as never).catch((error: unknown) => error));
      await tools.close();
      seen.push(await tools.callTool('late').catch((error: unknown) => error));
      const pictures = [tools, registry].map((each) => inspect(each, { depth: 9, showHidden: true }));
      expectNoLeak([seen, notes, audit, pictures, process.env], key);
      expect(JSON.stringify(seen)).toContain('[secret]');
      expect(JSON.stringify(audit)).toContain('"outcome":"ok"');
      if (type === 'text/event-stream') expect(JSON.stringify(notes)).toContain('[secret]');
      expect(server.seen[0]?.url).toContain('api_key=');
    },
  );

  it('is in no error, and in no byte that another origin gets', async () => {
    const outside = await serve();
    const answers: ((response: ServerResponse, sent: string) => void)[] = [
      (response, sent) => void response.writeHead(403, { 'content-type': 'text/html' }).end(`<b>${sent}</b>`),
      (response, sent) => void response.writeHead(404, `no ${encodeURIComponent(sent)}`).end(sent),
      (response, sent) =>
        void response.writeHead(200, { 'content-type': `text/${encodeURIComponent(sent)}` }).end(sent),
      (response, sent) => void response.writeHead(200, { 'content-type': 'application/json' }).end(`{"${sent}`),
      (response, sent) =>
        void response.writeHead(307, { location: `${outside.origin}/${encodeURIComponent(sent)}` }).end(),
      (response, sent) =>
        void response.writeHead(302, { location: `/${encodeURIComponent(sent)}?k=${encodeURIComponent(sent)}` }).end(),
      (response, sent) => void response.writeHead(307, { location: `x${encodeURIComponent(sent)}:` }).end(),
      (response) => void response.destroy(),
      (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"'),
    ];
    const left = [...answers];
    const server = await mcpOverHttp({
      before: ({ url = '' }, response, { message }) => {
        const next = message === 'tools/call' ? left.shift() : undefined;
        next?.(response, new URL(url, 'http://x').searchParams.get('api_key') ?? 'nothing');
        return next !== undefined;
      },
    });
    const { tools } = httpToolset(server, { key, placement: query('api_key') });
    const errors: unknown[] = [];
    tools.client.onerror = (error) => void errors.push(error);
    await tools.listTools();
    await until(() => server.words().includes('GET'));
    for (const each of answers) {
      const before = left.length;
      await tools.callTool('echo').then(
        () => {
          throw new Error(`no error from ${String(each)}`);
        },
        (error: unknown) => errors.push(error),
      );
      expect(left.length).toBeLessThan(before);
      if (left.length === 0) break;
    }
    expect(errors.length).toBeGreaterThanOrEqual(8);
    expectNoLeak(errors, key);
    expect(outside.received).toEqual([]);
  });
});
