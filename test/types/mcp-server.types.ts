import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RegisteredTool } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { type } from 'arktype';
import { z } from 'zod';
import { z as z3 } from 'zod3';
import { registerCredentialTool, toolsFrom, type ProxiedTool } from '../../src/adapters/mcp-server.js';
import { header, parameter, type Auth } from '../../src/index.js';
import type { Toolset } from '../../src/mcp/index.js';

declare const auth: Auth;
declare const server: McpServer;
declare const toolset: Toolset;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const assert = <T extends true>(): T | undefined => undefined;
const done = (): CallToolResult => ({ content: [] });

// the callback gets what the schema gives, the credential among it, and what the server hands to callbacks
const inputSchema = { id: z.coerce.number(), unit: z.string().optional(), apiKey: z.string() };
const registered = registerCredentialTool(
  server,
  'x',
  { title: 'X', description: 'x', inputSchema, annotations: { readOnlyHint: true } },
  (args, extra) => {
    assert<Equal<typeof args.id, number>>();
    assert<Equal<typeof args.unit, string | undefined>>();
    assert<Equal<typeof args.apiKey, string>>();
    assert<Equal<typeof extra.signal, AbortSignal>>();
    return done();
  },
  { auth, into: 'apiKey' },
);
assert<Equal<typeof registered, RegisteredTool>>();
registerCredentialTool(server, 'x', { inputSchema: z.object(inputSchema) }, async ({ id }) => (id.toFixed(), done()), {
  auth: ({ authInfo }) => (authInfo === undefined ? auth : auth),
  into: parameter('apiKey'),
});
registerCredentialTool(
  server,
  'x',
  { inputSchema: { n: z3.number(), apiKey: z3.string() } },
  ({ n }) => (n.toFixed(), done()),
  {
    auth,
    into: 'apiKey',
  },
);

// @ts-expect-error -- no such argument
registerCredentialTool(server, 'x', { inputSchema }, done, { auth, into: 'api_key' });
// @ts-expect-error -- not a place for an argument
registerCredentialTool(server, 'x', { inputSchema }, done, { auth, into: header('x-api-key') });
// @ts-expect-error -- a tool without arguments has none for a credential
registerCredentialTool(server, 'x', {}, done, { auth, into: 'apiKey' });
// @ts-expect-error -- an auth is needed
registerCredentialTool(server, 'x', { inputSchema }, done, { into: 'apiKey' });
// @ts-expect-error -- the result is one of the protocol
registerCredentialTool(server, 'x', { inputSchema }, () => 'text', { auth, into: 'apiKey' });
// @ts-expect-error -- arguments have the types of the schema
registerCredentialTool(server, 'x', { inputSchema }, ({ id }: { id: string }) => (id.trim(), done()), {
  auth,
  into: 'apiKey',
});
// @ts-expect-error -- no server
registerCredentialTool({}, 'x', { inputSchema }, done, { auth, into: 'apiKey' });

// a server of the second version, as far as its types matter here
declare const second: {
  registerTool<Input extends object | undefined>(
    name: string,
    config: { icons?: { src: string }[]; inputSchema?: Input; outputSchema?: object },
    callback: (args: Input, ctx: { mcpReq: { id: number } }) => CallToolResult | { resultType: 'input_required' },
  ): { update(updates: { paramsSchema?: object }): void; icons: string };
  server: { fallbackRequestHandler?: (request: string, ctx: { mcpReq: { id: number } }) => Promise<object> };
};
const other = registerCredentialTool(
  second,
  'x',
  { icons: [], inputSchema: type({ q: 'string', apiKey: 'string' }) },
  ({ q, apiKey }, ctx) => (q + apiKey + String(ctx.mcpReq.id) === '' ? done() : { resultType: 'input_required' }),
  { auth, into: 'apiKey' },
);
assert<Equal<typeof other.icons, string>>();

// the tools of a toolset are the arguments of registerTool
assert<Equal<ReturnType<typeof toolsFrom>, Promise<ProxiedTool[]>>>();
for (const { name, config, callback } of await toolsFrom(toolset)) server.registerTool(name, config, callback);
// @ts-expect-error -- not a toolset
void toolsFrom(server);
