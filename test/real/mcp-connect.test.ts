import { spawn } from 'node:child_process';
import { createServer, request as forward, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { until } from '../process/living.js';
import { builtCli } from '../support/built.js';
import { canary } from '../support/canary.js';
import { CliHome } from '../support/cli.js';
import { freePort } from '../support/free-port.js';
import { onDemand } from './on-demand.js';

const everything = onDemand('mcp-everything', { '@modelcontextprotocol/server-everything': '2026.8.31' });
const second = onDemand('mcp-v2', {
  '@modelcontextprotocol/client': '2.4.0',
  '@modelcontextprotocol/server': '2.4.0',
  zod: '4.6.7',
});

let home: CliHome;
let key: string;
beforeEach(() => {
  home = new CliHome();
  key = canary();
});
afterEach(() => home[Symbol.dispose]());

/** A provider whose key goes into a header or the query of a server's URL, and how a client reaches that. */
function connection(url: string, placement: object) {
  const stores = { default: { kind: 'directory', path: home.path('keys') } };
  home.write(home.path('keys', 'remote'), key);
  home.write(home.configFile, { stores, providers: [{ name: 'remote', placement, destinations: [url] }] });
  const args = [builtCli, 'mcp', 'connect', url, '--as', 'remote'];
  return { command: process.execPath, args, env: home.env, stderr: 'pipe' as const };
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What stands in front of a server and sees each request. */
async function gateway(port: number, seen: { url: string; headers: IncomingHttpHeaders }[]): Promise<string> {
  return listen(
    createServer((request, response) => {
      seen.push({ url: request.url ?? '', headers: request.headers });
      const onward = forward({
        port,
        host: '127.0.0.1',
        path: request.url,
        method: request.method,
        headers: request.headers,
      });
      onward.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers)));
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      request.pipe(onward);
    }),
  );
}

describe.skipIf(everything === undefined)('the reference server over Streamable HTTP', () => {
  it.each([
    ['header', { in: 'header', name: 'X-API-Key' }],
    ['query', { in: 'query', name: 'api_key' }],
  ])('serves a client that only speaks stdio, the key in a %s', async (kind, placement) => {
    const port = await freePort();
    const entry = join(everything ?? '', 'node_modules/@modelcontextprotocol/server-everything/dist/index.js');
    const child = spawn(process.execPath, [entry, 'streamableHttp'], { env: { ...home.env, PORT: String(port) } });
    onTestFinished(() => void child.kill('SIGKILL'));
    await Promise.race([once(child.stderr, 'data'), once(child.stdout, 'data')]);
    const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
    const url = `${await gateway(port, seen)}/mcp`;

    const client = new Client({ name: 'test', version: '1' }, { capabilities: { sampling: {}, elicitation: {} } });
    await client.connect(new StdioClientTransport(connection(url, placement)));
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThan(5);
    const echoed = await client.callTool({ name: 'echo', arguments: { message: `about ${key}` } });
    expect(JSON.stringify(echoed)).toContain('about [secret]');
    const progress: number[] = [];
    const long = tools.find(({ name }) => /long.?running/i.test(name))?.name ?? '';
    const options = { onprogress: (step: { progress: number }) => void progress.push(step.progress) };
    await client.callTool({ name: long, arguments: { duration: 0.5, steps: 3 } }, undefined, options);
    expect(progress.length).toBeGreaterThan(1);
    expect((await client.listResources()).resources.length).toBeGreaterThan(0);
    expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
    await until(() => seen.length > 5);
    await client.close();
    await until(() => seen.length > 6);
    for (const { url: asked, headers } of seen)
      expect(kind === 'header' ? headers['x-api-key'] : new URL(asked, url).searchParams.get('api_key')).toBe(key);
    expectNoLeak([tools, echoed], key);
  });
});

describe.skipIf(second === undefined)("the SDK's second version over Streamable HTTP", () => {
  const require = createRequire(join(second ?? '', 'package.json'));

  /** One that serves both eras, and what headers each request had. */
  async function start(seen: IncomingHttpHeaders[]) {
    const { createMcpHandler, McpServer } = require('@modelcontextprotocol/server');
    const { z } = require('zod');
    const text = (value: string) => ({ content: [{ type: 'text', text: value }] });
    const handler = createMcpHandler(() => {
      const server = new McpServer({ name: 'v2', version: '1' }, { capabilities: { tools: { listChanged: true } } });
      const marked = z.object({ city: z.string().meta({ 'x-mcp-header': 'City' }) });
      server.registerTool('weather', { inputSchema: marked }, ({ city }: { city: string }) =>
        text(`sun in ${city} for ${key}`),
      );
      return server;
    });
    onTestFinished(() => handler.close());
    const origin = await listen(
      createServer((request, response) => {
        seen.push(request.headers);
        const { method, headers } = request;
        const body = method === 'POST' ? { body: Readable.toWeb(request), duplex: 'half' } : {};
        const init = { method, headers: headers as Record<string, string>, ...body } as RequestInit;
        void handler.fetch(new Request(`http://127.0.0.1${request.url}`, init)).then(async (answer: Response) => {
          response.writeHead(answer.status, Object.fromEntries(answer.headers));
          if (answer.body === null) return response.end();
          return Readable.fromWeb(answer.body as never).pipe(response);
        });
      }),
    );
    return { url: `${origin}/mcp`, handler };
  }

  it.each([
    [{ pin: '2026-07-28' }, '2026-07-28'],
    ['auto', '2026-07-28'],
    ['legacy', '2025-11-25'],
  ] as const)('with its client (%j) over stdio: %s', async (mode, version) => {
    const seen: IncomingHttpHeaders[] = [];
    const { url, handler } = await start(seen);
    const { Client: SecondClient } = require('@modelcontextprotocol/client');
    const { StdioClientTransport: SecondTransport } = require('@modelcontextprotocol/client/stdio');
    const client = new SecondClient({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new SecondTransport(connection(url, { in: 'header', name: 'X-API-Key' })));
    onTestFinished(() => client.close());
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    const { tools } = await client.listTools();
    const result = await client.callTool({ name: 'weather', arguments: { city: 'Zürich' } });
    expect(result.content[0].text).toBe('sun in Zürich for [secret]');
    for (const headers of seen) expect(headers['x-api-key']).toBe(key);
    if (version === '2026-07-28') {
      expect(seen.at(-1)).toMatchObject({
        'mcp-protocol-version': version,
        'mcp-method': 'tools/call',
        'mcp-name': 'weather',
        'mcp-param-city': `=?base64?${Buffer.from('Zürich').toString('base64')}?=`,
      });
      let changes = 0;
      client.setNotificationHandler('notifications/tools/list_changed', () => void (changes += 1));
      const subscription = await client.listen({ toolsListChanged: true });
      handler.notify.toolsChanged();
      await until(() => changes > 0);
      await subscription.close();
      expect((await client.listTools()).tools).toHaveLength(tools.length);
    }
    expectNoLeak([tools, result], key);
  });

  it('with a client of the first', async () => {
    const { url } = await start([]);
    const client = new Client({ name: 'test', version: '1' });
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => undefined);
    await client.connect(new StdioClientTransport(connection(url, { in: 'header', name: 'X-API-Key' })));
    onTestFinished(() => client.close());
    const result = await client.callTool({ name: 'weather', arguments: { city: 'Bern' } });
    expect(JSON.stringify(result)).toContain('sun in Bern for [secret]');
  });
});
