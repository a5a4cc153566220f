import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { env, parameter } from '../../../src/index.js';
import { expectNoLeak } from '../../../src/testing/index.js';
import { registryOf, textOf, toolset } from '../../mcp/toolsets.js';
import { until } from '../../process/living.js';
import { builtCli } from '../../support/built.js';
import { canary } from '../../support/canary.js';
import { CliHome } from '../../support/cli.js';
import { onDemand } from '../on-demand.js';

const folder = onDemand('mcp-v2', {
  '@modelcontextprotocol/client': '2.4.0',
  '@modelcontextprotocol/server': '2.4.0',
  zod: '4.6.7',
});
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const second = { command: process.execPath, args: [here('server.mjs'), folder ?? ''] };
const first = { command: process.execPath, args: [here('../../mcp/servers/sdk-server.mjs')] };

/** A launcher as a client's configuration has it, in front of a server; its store holds one key. */
async function launcher({ command, args }: typeof first) {
  const home = new CliHome();
  onTestFinished(() => home[Symbol.dispose]());
  const key = canary();
  await home.run(['add', 'weather', '--base-url', 'https://weather.test', '--env', 'API_KEY'], { input: key });
  const injections = ['--env', 'API_KEY=weather', '--param', 'api_key=weather'];
  const connection = {
    command: process.execPath,
    args: [builtCli, 'mcp', 'run', ...injections, '--', command, ...args],
    env: home.env,
    stderr: 'pipe' as const,
  };
  return { home, key, connection };
}

/** The client of the SDK's second version, which speaks one era or finds out which. */
async function secondClient(connection: object, mode: 'auto' | 'legacy' | { pin: string }) {
  const require = createRequire(join(folder ?? '', 'package.json'));
  const { Client } = require('@modelcontextprotocol/client');
  const { StdioClientTransport } = require('@modelcontextprotocol/client/stdio');
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode }, capabilities: { elicitation: { form: {} } } },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }));
  await client.connect(new StdioClientTransport(connection));
  onTestFinished(() => client.close());
  return client;
}

describe.skipIf(folder === undefined)("the SDK's second version", () => {
  it.each([
    ['auto', second, '2026-07-28'],
    [{ pin: '2026-07-28' }, second, '2026-07-28'],
    ['legacy', second, '2025-11-25'],
    ['auto', first, '2025-11-25'],
    ['legacy', first, '2025-11-25'],
  ] as const)('with its client (%j) over a launcher: %j', async (mode, server, version) => {
    const { key, connection } = await launcher(server);
    const client = await secondClient(connection, mode);
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThan(1);
    const keyed = tools.find(({ name }: { name: string }) => name === 'keyed');
    expect(Object.keys(keyed.inputSchema.properties)).toEqual(['q']);
    const result = await client.callTool({ name: 'keyed', arguments: { q: 'x', api_key: 'made up' } });
    expect(textOf(result)).toContain('[secret]');
    expect(textOf(result)).not.toContain('made up');
    expectNoLeak([tools, result], key);
  });

  it('asks its client in the middle of a call, and the call goes on with the key', async () => {
    const { key, connection } = await launcher(second);
    const client = await secondClient(connection, { pin: '2026-07-28' });
    await client.listTools();
    const result = await client.callTool({ name: 'asks', arguments: {} });
    expect(textOf(result)).toBe('Ada with [secret]');
    expectNoLeak(result, key);
  });

  it('listens on, when the key has changed and another server took over', async () => {
    const { home, connection } = await launcher(second);
    const client = await secondClient(connection, { pin: '2026-07-28' });
    let changes = 0;
    const subscription = await client.listen({ toolsListChanged: true });
    client.setNotificationHandler('notifications/tools/list_changed', () => void (changes += 1));
    const old = textOf(await client.callTool({ name: 'pid', arguments: {} }));
    const { code } = await home.run(['set', 'weather'], { input: canary() });
    expect(code).toBe(0);
    const deadline = Date.now() + 10_000;
    let pid = old;
    while (pid === old && Date.now() < deadline) pid = textOf(await client.callTool({ name: 'pid', arguments: {} }));
    expect(pid).not.toBe(old);
    await client.callTool({ name: 'grow', arguments: {} });
    await until(() => changes > 0);
    await subscription.close();
  });

  it('has servers for toolsets, and for clients of the first version over a launcher', async () => {
    const key = canary();
    const auth = registryOf({ weather: key }).auth('weather');
    const inject = [
      { auth, into: env('API_KEY') },
      { auth, into: parameter('api_key') },
    ];
    const tools = toolset({ inject, connection: second });
    expect((await tools.listTools()).map(({ name }) => name)).toContain('keyed');
    expect(textOf(await tools.callTool('keyed', { q: 'x' }))).toBe('x with [secret]');
    expect(textOf(await tools.callTool('whoami'))).toBe('key: [secret]');

    const { connection } = await launcher(second);
    const client = new FirstClient({ name: 'test', version: '1' });
    await client.connect(new FirstTransport(connection));
    onTestFinished(() => client.close());
    expect(textOf(await client.callTool({ name: 'keyed', arguments: { q: 'x' } }))).toBe('x with [secret]');
  });
});
