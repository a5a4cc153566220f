// An MCP server of somebody else's: it wants a key in USERS_API_KEY, or in a parameter of a tool.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const { USERS_API_URL, USERS_API_KEY } = process.env;
const server = new McpServer({ name: 'users', version: '1.0.0' });

async function ask(id, key) {
  const response = await fetch(`${USERS_API_URL}/users/${id}`, { headers: { 'x-api-key': key ?? '' } });
  return { content: [{ type: 'text', text: `${response.status} ${await response.text()}` }], isError: !response.ok };
}

server.registerTool('get-user', { inputSchema: { id: z.number() } }, ({ id }) => ask(id, USERS_API_KEY));
server.registerTool('get-account', { inputSchema: { id: z.number(), api_key: z.string() } }, ({ id, api_key: key }) =>
  ask(id, key),
);
await server.connect(new StdioServerTransport());
