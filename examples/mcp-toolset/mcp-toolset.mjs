// The tools of an MCP server for an agent. Differs from ../function in `createStdioToolset`: the server is a process, and its
// key goes into its environment, or into a parameter of its tools that the model does not see.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { createRegistry, env, header, memoryStore, parameter } from 'claviger';
import { createStdioToolset } from 'claviger/mcp';
import { expectNoLeak } from 'claviger/testing';
import { startApi } from '../api.mjs';

const key = 'uk_only-the-api-and-claviger-know-this';
const api = await startApi(({ headers }) => headers['x-api-key'] === key);
const registry = createRegistry({
  providers: [{ name: 'users', baseUrl: api.url, placement: header('X-Api-Key') }],
  stores: { default: memoryStore({ users: key }) },
});
const auth = registry.auth('users');
const connection = {
  command: process.execPath, // yours: command: 'npx', args: ['-y', 'users-mcp-server']
  args: [fileURLToPath(new URL('users-server.mjs', import.meta.url))],
  env: { USERS_API_URL: api.url },
};

for (const [into, tool] of [
  [env('USERS_API_KEY'), 'get-user'],
  [parameter('api_key'), 'get-account'],
]) {
  const toolset = createStdioToolset({ auth, into, connection });
  const { inputSchema } = (await toolset.listTools()).find(({ name }) => name === tool);
  console.log('the model sees', tool, Object.keys(inputSchema.properties));
  assert.deepEqual(Object.keys(inputSchema.properties), ['id']);
  const result = await toolset.callTool(tool, { id: 123 });
  console.log(result.content[0].text);
  assert.match(result.content[0].text, /^200 .*Ada Lovelace.*"x-api-key":"\[secret\]"/);
  expectNoLeak([inputSchema, result], key);
  await toolset.close();
}
await registry.close();
api.close();
