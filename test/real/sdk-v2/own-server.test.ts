import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type } from 'arktype';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { registerCredentialTool, toolsFrom } from '../../../src/adapters/mcp-server.js';
import { createAccess } from '../../../src/access/index.js';
import { createRegistry, parameter } from '../../../src/index.js';
import { expectNoLeak } from '../../../src/testing/index.js';
import { sha256 } from '../../access/rules.js';
import { rawConnection, registryOf, textOf, toolset } from '../../mcp/toolsets.js';
import { canary } from '../../support/canary.js';
import { onDemand } from '../on-demand.js';

const folder = onDemand('mcp-v2', {
  '@modelcontextprotocol/client': '2.4.0',
  '@modelcontextprotocol/server': '2.4.0',
  zod: '4.6.7',
});
const load = (name: string) => createRequire(join(folder ?? '', 'package.json'))(name);
const eras = [['2026-07-28', { pin: '2026-07-28' }] as const, ['2025-11-25', 'legacy'] as const];

/** A server of the SDK's second version for both eras, a client that speaks one of them, and all that goes to that. */
async function connect(mode: unknown, register: (server: any) => void, authInfo?: object) {
  const { McpServer, createMcpHandler } = load('@modelcontextprotocol/server');
  const { Client, StreamableHTTPClientTransport } = load('@modelcontextprotocol/client');
  const received: string[] = [];
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'own', version: '1' }, { capabilities: { logging: {} } });
    register(server);
    return server;
  });
  const fetch = async (url: URL, init: RequestInit): Promise<Response> => {
    const response: Response = await handler.fetch(new Request(url, init), { authInfo });
    const body = await response.clone().text();
    received.push(JSON.stringify([...response.headers]), body);
    return response;
  };
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode }, capabilities: { elicitation: { form: {} } } },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }));
  await client.connect(new StreamableHTTPClientTransport(new URL('http://own.test/mcp'), { fetch }));
  onTestFinished(async () => {
    await client.close();
    await handler.close();
  });
  return { client, received };
}

function users() {
  const key = canary();
  const registry = createRegistry({ providers: [{ name: 'users', source: () => key }] });
  return { key, auth: registry.auth('users') };
}

describe.skipIf(folder === undefined)("a server made with the SDK's second version", () => {
  it.each(eras)('shows clients of %s a tool without its credential, which the callback gets', async (version, mode) => {
    const { key, auth } = users();
    const seen: unknown[] = [];
    const { acceptedContent, inputRequired } = load('@modelcontextprotocol/server');
    const { client, received } = await connect(mode, (server) => {
      const callback = (args: Record<string, unknown>, ctx: any): any => {
        seen.push(args);
        void ctx.mcpReq.log('info', { using: args['apiKey'] });
        return {
          content: [{ type: 'text', text: JSON.stringify(args) }],
          structuredContent: { used: args['apiKey'] },
        };
      };
      const outputSchema = z.object({ used: z.string() });
      const registered = {
        zod: registerCredentialTool(
          server,
          'zod',
          { inputSchema: z.object({ n: z.string().transform(Number), apiKey: z.string() }), outputSchema },
          callback,
          { auth, into: 'apiKey' },
        ),
        arktype: registerCredentialTool(
          server,
          'arktype',
          { inputSchema: type({ '+': 'reject', n: 'string.integer.parse', apiKey: 'string' }) },
          callback,
          { auth, into: 'apiKey' },
        ),
      };
      (registered.zod as { update: (updates: object) => void }).update({ title: 'updated' });
      registerCredentialTool(
        server,
        'asks',
        { inputSchema: z.object({ apiKey: z.string() }) },
        ({ apiKey }, { mcpReq }: any): any => {
          const name = acceptedContent(mcpReq.inputResponses, 'name')?.name;
          if (name !== undefined) return { content: [{ type: 'text', text: `${name} with ${apiKey}` }] };
          const requestedSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
          return inputRequired({
            inputRequests: { name: inputRequired.elicit({ message: `Who has ${apiKey}?`, requestedSchema }) },
          });
        },
        { auth, into: 'apiKey' },
      );
    });
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    const { tools } = await client.listTools();
    for (const name of ['zod', 'arktype']) {
      const { inputSchema } = tools.find((tool: { name: string }) => tool.name === name);
      expect(Object.keys(inputSchema.properties)).toEqual(['n']);
      expect(inputSchema.required).toEqual(['n']);
      const result = await client.callTool({ name, arguments: { n: '7', apiKey: 'made up' } });
      expect(JSON.parse(textOf(result))).toEqual({ n: 7, apiKey: '[secret]' });
      const refused = await client.callTool({ name, arguments: { n: 7 } });
      expect(refused.isError).toBe(true);
      expect(JSON.stringify(refused)).not.toContain('apiKey');
    }
    expect(seen).toEqual([
      { n: 7, apiKey: key },
      { n: 7, apiKey: key },
    ]);
    if (version === '2026-07-28') expect(textOf(await client.callTool({ name: 'asks' }))).toBe('Ada with [secret]');
    expect(received.length).toBeGreaterThan(3);
    expectNoLeak(received, key);
  });

  it.each(eras)('knows for whom a client of %s calls, by the request’s own authentication', async (_version, mode) => {
    const [consumerKey, key] = [canary(), canary()];
    const access = createAccess({
      products: [{ name: 'all', providers: ['users'], resources: ['/**'] }],
      apps: [{ name: 'agent', keys: [{ id: 'k1', sha256: sha256(consumerKey), products: [{ name: 'all' }] }] }],
    });
    const registry = createRegistry({ providers: [{ name: 'users', source: () => key }], access });
    for (const [token, text] of [
      [consumerKey, 'called'],
      [canary(), 'oauth.v2.InvalidApiKey'],
    ] as const) {
      const register = (server: any) =>
        void registerCredentialTool(
          server,
          'get',
          { inputSchema: z.object({ apiKey: z.string() }) },
          () => ({ content: [{ type: 'text', text: 'called' }] }),
          {
            auth: (ctx: any) => registry.auth('users', { consumer: { consumerKey: ctx.http.authInfo.token } }),
            into: 'apiKey',
          },
        );
      const { client, received } = await connect(mode, register, { token, clientId: 'c', scopes: [] });
      expect(textOf(await client.callTool({ name: 'get' }))).toContain(text);
      expectNoLeak(received, key);
      expectNoLeak(received, token);
    }
  });

  it.each(eras)('offers the tools of a toolset to clients of %s', async (_version, mode) => {
    const key = canary();
    const registry = registryOf({ weather: key });
    const inject = [{ auth: registry.auth('weather'), into: parameter('api_key') }];
    const tools = await toolsFrom(toolset({ inject, connection: rawConnection() }));
    const { client, received } = await connect(mode, (server) => {
      for (const { name, config, callback } of tools) server.registerTool(name, config, callback);
    });
    const listed = await client.listTools();
    expect(listed.tools.map(({ name }: { name: string }) => name)).toEqual(tools.map(({ name }) => name));
    expect(JSON.stringify(listed)).not.toContain('api_key');
    expect(JSON.stringify(await client.callTool({ name: 'keyed', arguments: { q: 'x' } }))).toContain('[secret]');
    expectNoLeak(received, key);
  });
});
