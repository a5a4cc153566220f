// An MCP server of one's own, with a tool that needs a key: clients see a tool without it, and nothing that the tool says shows
// it. Server and client are in one process here; over stdio or HTTP nothing else changes. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { createRegistry } from 'claviger';
import { registerCredentialTool } from 'claviger/adapters/mcp-server';
import { expectNoLeak } from 'claviger/testing';
import { z } from 'zod';

const key = `uk_${randomBytes(24).toString('hex')}`;
const registry = createRegistry({ providers: [{ name: 'users-api', source: () => key }] });

const server = new McpServer({ name: 'users', version: '1.0.0' });
registerCredentialTool(
  server,
  'get_user',
  { description: 'Looks a user up', inputSchema: { id: z.number(), apiKey: z.string() } },
  async ({ id, apiKey }) => {
    assert.equal(apiKey, key);
    return { content: [{ type: 'text', text: `user ${id}, looked up with ${apiKey}` }] };
  },
  { auth: registry.auth('users-api'), into: 'apiKey' },
);

const client = new Client({ name: 'client', version: '1.0.0' });
const [near, far] = InMemoryTransport.createLinkedPair();
await Promise.all([server.connect(far), client.connect(near)]);

const { tools } = await client.listTools();
console.log('the tool takes', Object.keys(tools[0].inputSchema.properties));
assert.deepEqual(Object.keys(tools[0].inputSchema.properties), ['id']);

const result = await client.callTool({ name: 'get_user', arguments: { id: 7, apiKey: 'what a model makes up' } });
console.log('it says       ', result.content[0].text);
assert.equal(result.content[0].text, 'user 7, looked up with [secret]');
expectNoLeak([tools, result], key);
console.log('the key:       in the callback alone');
await client.close();
