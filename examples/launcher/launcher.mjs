// The same server in MCP clients that aren't yours. Differs from ../mcp-toolset in the launcher: an entry of a client's
// configuration names `claviger mcp run` in front of the server, and no key. Each entry here is started as its client would:
// claude-desktop.json puts the key into a variable, vscode.json into a parameter that the model does not see, and
// opencode.json hands out a placeholder and the address of a broker, so that the server never holds the key.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expectNoLeak } from 'claviger/testing';
import { startApi } from '../api.mjs';
import { claviger, cli, environment } from '../cli.mjs';

const key = 'uk_only-the-api-and-claviger-know-this';
const api = await startApi(({ headers }) => headers['x-api-key'] === key);
await cli(['init']);
await cli(['add', 'users', '--header', 'X-Api-Key', '--base-url', api.url], { input: key });

const entries = {
  'claude-desktop.json': ({ mcpServers }) => [mcpServers.users.command, ...mcpServers.users.args],
  'vscode.json': ({ servers }) => [servers.users.command, ...servers.users.args],
  'opencode.json': ({ mcp }) => mcp.users.command,
};
for (const [file, lineOf] of Object.entries(entries)) {
  const configuration = readFileSync(new URL(file, import.meta.url), 'utf8');
  const [npx, yes, name, ...args] = lineOf(JSON.parse(configuration));
  assert.deepEqual([npx, yes, name], ['npx', '-y', 'claviger']); // here the built one, in the place of npm's
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [claviger, ...args],
    cwd: fileURLToPath(new URL('../mcp-toolset', import.meta.url)),
    env: { ...environment, USERS_API_URL: api.url },
  });
  const client = new Client({ name: file, version: '1.0.0' });
  await client.connect(transport);
  const { tools } = await client.listTools();
  const tool = file === 'vscode.json' ? 'get-account' : 'get-user';
  const { content } = await client.callTool({ name: tool, arguments: { id: 123 } });
  console.log(file, content[0].text);
  assert.match(content[0].text, /^200 .*Ada Lovelace/);
  expectNoLeak([configuration, tools, content], key);
  await client.close();
}
api.close();
