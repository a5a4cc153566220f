import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { mcpOverHttp } from '../mcp/http-servers.js';
import { until } from '../process/living.js';
import { builtCli } from '../support/built.js';
import { canary } from '../support/canary.js';
import { CliHome } from '../support/cli.js';

let home: CliHome;
let key: string;
beforeEach(() => {
  home = new CliHome();
  key = canary();
});
afterEach(() => home[Symbol.dispose]());

/** A provider that may send its key to a server, as its placement says. */
async function define(url: string, ...placement: string[]): Promise<void> {
  const { code } = await home.run(['add', 'weather', '--destination', url, ...placement], { input: key });
  expect(code).toBe(0);
}

/** An MCP client that runs it as its configuration would say. */
async function connect(...args: string[]) {
  const stderr: string[] = [];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [builtCli, 'mcp', 'connect', ...args],
    env: home.env,
    stderr: 'pipe',
  });
  transport.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk.toString()));
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'm',
    role: 'assistant',
    content: { type: 'text', text: 'from the client' },
  }));
  await client.connect(transport);
  onTestFinished(() => client.close());
  return { client, stderr, pid: transport.pid ?? 0 };
}

const textOf = (result: any): string => result.content[0].text;

describe('mcp connect', () => {
  it('gives a client over stdio a server over HTTP, with the key in a header that nobody else sees', async () => {
    const server = await mcpOverHttp();
    await define(server.url, '--header', 'X-API-Key');
    const { client, stderr, pid } = await connect(server.url, '--as', 'weather');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('whoami');
    const results = [
      await client.callTool({ name: 'whoami', arguments: {} }),
      await client.callTool({ name: 'blob', arguments: {} }),
      await client.callTool({ name: 'fails', arguments: {} }),
      await client.callTool({ name: 'talks', arguments: {} }),
    ];
    expect(textOf(await client.callTool({ name: 'sample', arguments: {} }))).toBe('from the client');
    expect(JSON.parse(textOf(results[0]))['x-api-key']).toBe('[secret]');
    for (const { headers } of server.seen) expect(headers['x-api-key']).toBe(key);
    if (process.platform === 'linux') {
      expectNoLeak([readFileSync(`/proc/${pid}/cmdline`), readFileSync(`/proc/${pid}/environ`)], key);
    }
    await client.close();
    await until(() => server.sessions() === 0);
    expectNoLeak([tools, results, stderr], key);
  });

  it('places it in the query, of the provider that the URL belongs to, and takes a new key up at once', async () => {
    const server = await mcpOverHttp();
    await define(server.url, '--query', 'api_key');
    const { client } = await connect(server.url);
    await client.listTools();
    expect(server.seen.map(({ url }) => url)).toContain(`/mcp?api_key=${key}`);
    const next = canary();
    expect((await home.run(['set', 'weather'], { input: next })).code).toBe(0);
    const isNew = () => server.seen.at(-1)?.url === `/mcp?api_key=${next}`;
    for (const deadline = Date.now() + 5000; !isNew() && Date.now() < deadline;)
      await client.callTool({ name: 'echo', arguments: {} });
    expect(isNew()).toBe(true);
    expect(server.words().filter((word) => word === 'initialize')).toHaveLength(1);
  });

  it('ends with 143 on SIGTERM, and ends the session', async () => {
    const server = await mcpOverHttp();
    await define(server.url, '--header', 'X-API-Key');
    const child = spawn(process.execPath, [builtCli, 'mcp', 'connect', server.url], {
      env: home.env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`);
    await once(child.stdout, 'data');
    expect(server.sessions()).toBe(1);
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(143);
    expect(server.sessions()).toBe(0);
  });

  it.each([
    [
      'a URL that it may not send its key to',
      'https://elsewhere.test/mcp',
      ['--as', 'weather'],
      6,
      'ERR_DESTINATION_DENIED',
    ],
    ['a URL that belongs to nobody', 'https://elsewhere.test/mcp', [], 6, 'ERR_DESTINATION_DENIED'],
    ['a name that is none', 'https://weather.test/mcp', ['--as', 'nobody'], 3, 'ERR_PROVIDER_NOT_FOUND'],
  ])('answers with the reason for %s, and leaves with its code', async (_what, url, more, expected, reason) => {
    await define('https://weather.test/mcp', '--bearer');
    const input = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} })}\n`;
    const { code, stdout, stderr } = await home.run(['mcp', 'connect', url, ...more], { input });
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, error: { data: { code: reason } } });
    expect(stderr).toMatch(/^claviger: /);
    expect(code).toBe(expected);
  });

  it.each([[[]], [['not a url']], [['https://a.test/mcp', 'more']], [['https://a.test/mcp', '-H', 'broken']]])(
    '%j is a usage error, with nothing on stdout',
    async (args) => {
      const { code, stdout } = await home.run(['mcp', 'connect', ...args]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    },
  );
});
