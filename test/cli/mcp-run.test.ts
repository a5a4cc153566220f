import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { builtCli } from '../support/built.js';
import { CliHome } from '../support/cli.js';
import { canary } from '../support/canary.js';

const server = fileURLToPath(new URL('../mcp/servers/raw-server.mjs', import.meta.url));

let home: CliHome;
let key: string;
beforeEach(async () => {
  home = new CliHome();
  key = canary();
  const flags = ['--base-url', 'https://weather.test', '--env', 'API_KEY'];
  await home.run(['add', 'weather', ...flags], { input: key });
});
afterEach(() => home[Symbol.dispose]());

/** An MCP client that runs the launcher as its configuration would say. */
async function connect(injections: string[]): Promise<Client> {
  const args = [builtCli, 'mcp', 'run', ...injections, '--', process.execPath, server];
  const transport = new StdioClientTransport({
    command: process.execPath,
    args,
    env: { ...home.env, EXTRA: 'from the client' },
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

const textOf = (result: any): string => result.content[0].text;

describe('mcp run', () => {
  it('gives the server its key in the variable, with the environment of the client, and redacts results', async () => {
    const client = await connect(['--env', 'weather']);
    const environment = JSON.parse(textOf(await client.callTool({ name: 'environment', arguments: {} })));
    expect(environment).toMatchObject({ API_KEY: '[secret]', EXTRA: 'from the client' });
    expect(Object.keys(environment).filter((name) => name.startsWith('CLAVIGER_'))).toEqual([]);
  });

  it('hears within two seconds what other processes do to its key', async () => {
    const client = await connect(['--env', 'weather']);
    const call = async (name: string) => textOf(await client.callTool({ name, arguments: {} }));
    const pid = await call('pid');
    const next = canary();
    expect((await home.run(['set', 'weather'], { input: next })).code).toBe(0);
    await expect.poll(() => call('pid'), { timeout: 5000 }).not.toBe(pid);
    expect(await call('environment')).not.toContain(next);
    expect((await home.run(['revoke', 'weather'])).code).toBe(0);
    await expect
      .poll(() => call('pid').catch((error: unknown) => (error as Error).message), { timeout: 5000 })
      .toContain('revoked');
  });

  it('puts the key into a parameter that the client never sees', async () => {
    const client = await connect(['--param', 'api_key=weather']);
    const { tools } = await client.listTools();
    expect(tools.find(({ name }) => name === 'keyed')?.inputSchema).toEqual({
      type: 'object',
      properties: { q: { type: 'string' } },
      required: ['q'],
    });
    const result = await client.callTool({ name: 'keyed', arguments: { q: 'x', api_key: 'from the model' } });
    expect(JSON.parse(textOf(result))).toEqual({ q: 'x', api_key: '[secret]' });
  });

  it('ends with 143 on SIGTERM and leaves nothing behind', async () => {
    const child = spawn(
      process.execPath,
      [builtCli, 'mcp', 'run', '--env', 'weather', '--', process.execPath, server],
      {
        env: home.env,
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'pid', arguments: {} } };
    child.stdin.write(`${JSON.stringify(call)}\n`);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(textOf(JSON.parse(line.toString('utf8')).result));
    expect(pid).toBeGreaterThan(0);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(143);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('ends with 0 when the client has gone', async () => {
    const { code, stdout } = await home.run(['mcp', 'run', '--env', 'weather', '--', process.execPath, server], {
      input: '',
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  it('tells the client why there is no server', async () => {
    await home.run(['rm', 'weather', '--yes']);
    const initialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} };
    const { code, stdout } = await home.run(['mcp', 'run', '--env', 'weather', '--', process.execPath, server], {
      input: `${JSON.stringify(initialize)}\n`,
    });
    expect(JSON.parse(stdout)).toMatchObject({ id: 1, error: { data: { code: 'ERR_CREDENTIAL_NOT_FOUND' } } });
    expect(code).not.toBe(0);
  });

  it.each([
    [['--', 'true'], /which key goes where/],
    [['--env', 'weather'], /no command/],
    [['--param', 'weather', '--', 'true'], /--param PARAMETER=NAME/],
  ])('%j is a usage error, with nothing on stdout', async (args, message) => {
    const { code, stdout, stderr } = await home.run(['mcp', 'run', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
