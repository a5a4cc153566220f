import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { mcpOverHttp } from '../mcp/http-servers.js';
import { builtCli } from '../support/built.js';
import { canary } from '../support/canary.js';
import { CliHome } from '../support/cli.js';

const server = fileURLToPath(new URL('../mcp/servers/raw-server.mjs', import.meta.url));

let home: CliHome;
let key: string;
beforeEach(() => {
  home = new CliHome();
  key = canary();
});
afterEach(() => home[Symbol.dispose]());

const textOf = (result: any): string => result.content[0].text;

/** Writes an entry into Cursor's file, imports it, and starts what stands there then as Cursor would. */
async function imported(entry: Record<string, unknown>): Promise<{ client: Client; args: string[] }> {
  const path = home.write(home.path('.cursor', 'mcp.json'), { mcpServers: { one: entry } });
  const { code, stdout, stderr } = await home.run(['mcp', 'import', '--write']);
  expect({ code, leak: (stdout + stderr).includes(key) }, stderr).toEqual({ code: 0, leak: false });
  const text = readFileSync(path, 'utf8');
  expect(text).not.toContain(key);
  const { command, args, env } = JSON.parse(text).mcpServers.one;
  expect([command, args[0]]).toEqual([process.execPath, builtCli]);
  // The SDK adds its few variables and no more: no XDG_*, no CLAVIGER_* but those of the entry.
  const transport = new StdioClientTransport({ command, args, env: { HOME: home.directory, ...env } });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return { client, args };
}

describe('a rewritten entry, started by a client', () => {
  it('gives a server process its key in its variable, and in a larger one', async () => {
    const { client } = await imported({
      command: process.execPath,
      args: [server],
      env: { API_KEY: key, HEADERS: JSON.stringify({ Authorization: `Bearer ${key}`, Version: '1' }), EXTRA: 'kept' },
    });
    const environment = JSON.parse(textOf(await client.callTool({ name: 'environment', arguments: {} })));
    expect(environment).toMatchObject({ API_KEY: '[secret]', EXTRA: 'kept' });
    expect(JSON.parse(environment.HEADERS)).toEqual({ Authorization: 'Bearer [secret]', Version: '1' });
  });

  it('gives a server process its key in the place of its argument', async () => {
    const script = home.path('server.mjs');
    home.write(
      script,
      `process.env.SEEN = JSON.stringify(process.argv.slice(2));\nawait import(${JSON.stringify(server)});\n`,
    );
    const { client } = await imported({ command: process.execPath, args: [script, '--api-key', key, '--verbose'] });
    const environment = JSON.parse(textOf(await client.callTool({ name: 'environment', arguments: {} })));
    expect(JSON.parse(environment.SEEN)).toEqual(['--api-key', '[secret]', '--verbose']);
  });

  it('puts the key onto the requests to a remote server', async () => {
    const remote = await mcpOverHttp();
    const { client, args } = await imported({ url: remote.url, headers: { 'X-API-Key': key } });
    expect(args.slice(1, 4)).toEqual(['mcp', 'connect', remote.url]);
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    expect(remote.seen.length).toBeGreaterThan(0);
    for (const { headers } of remote.seen) expect(headers['x-api-key']).toBe(key);
  });
});
