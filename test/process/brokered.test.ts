import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PassThrough } from 'node:stream';
import { argument, bearer, createRegistry, env, file, parameter } from '../../src/index.js';
import { runProcess, type Injection, type RunProcessOptions } from '../../src/process/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { rejects } from '../support/rejects.js';
import { canary } from '../support/canary.js';
import { countingSource } from '../support/counting-source.js';
import { testClock } from '../support/clock.js';
import { echo, rig, serve } from '../support/serve.js';
import { textOf, toolset } from '../mcp/toolsets.js';

/** Runs a program of Node and gives what it printed. */
async function output(code: string, inject: Injection[], more: Partial<RunProcessOptions> = {}): Promise<string> {
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { args = [], ...rest } = more;
  const { exitCode } = await runProcess({
    command: process.execPath,
    args: ['-e', code, '--', ...args],
    inject,
    inheritEnv: false,
    stdout,
    ...rest,
  });
  expect(exitCode).toBe(0);
  return Buffer.concat(chunks).toString();
}

const call = `fetch(process.env.API_URL + '/x', { headers: { authorization: 'Bearer ' + process.env.API_KEY } })
  .then((response) => response.text())
  .then((answer) => console.log(JSON.stringify({ answer, env: process.env, argv: process.argv })));`;

describe('a child with a placeholder', () => {
  it('uses the key by a base URL, and holds it nowhere', async () => {
    const server = await serve(echo);
    const { registry, key } = rig({ baseUrl: `${server.origin}/v1` });
    const printed = await output(call, [
      { auth: registry.auth('api'), into: env('API_KEY'), via: 'reverse', baseUrl: { env: 'API_URL' } },
    ]);
    expect(server.received[0]).toMatchObject({ url: '/v1/x', headers: { authorization: `Bearer ${key}` } });
    expectNoLeak(printed, key);
    expect(JSON.parse(printed).env.API_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  });

  it('finds it in a file or an argument too, and the base URL in an argument', async () => {
    const server = await serve(echo);
    const { registry, key } = rig({ baseUrl: server.origin });
    const code = `const key = require('fs').readFileSync(process.env.KEY_FILE, 'utf8');
      const base = process.argv.at(-1).slice('--url='.length);
      fetch(base, { headers: { authorization: 'Bearer ' + key } }).then((r) => console.log(r.status, key));`;
    const baseUrl = { argument: '--url={}', path: '/v2/' };
    const inject: Injection[] = [{ auth: registry.auth('api'), into: file('KEY_FILE'), via: 'reverse', baseUrl }];
    expectNoLeak(await output(code, inject), key);
    expect(server.received[0]).toMatchObject({ url: '/v2/', headers: { authorization: `Bearer ${key}` } });
  });

  it('has a placeholder that ends with it', async () => {
    const server = await serve(echo);
    const { registry } = rig({ baseUrl: server.origin });
    const inject: Injection[] = [
      { auth: registry.auth('api'), into: env('API_KEY'), via: 'reverse', baseUrl: { env: 'API_URL' } },
    ];
    const { env: left } = JSON.parse(await output(call, inject));
    await expect(fetch(left.API_URL, { headers: { authorization: `Bearer ${left.API_KEY}` } })).rejects.toThrow();
  });

  it('keeps options of its own for Node beside those of the proxy', async () => {
    const { registry, key } = rig({ baseUrl: 'https://api.example.com' });
    const printed = await output(
      `console.log(JSON.stringify(process.env))`,
      [{ auth: registry.auth('api'), into: env('API_KEY'), via: 'forward' }],
      { env: { NODE_OPTIONS: '--no-deprecation' } },
    );
    const variables = JSON.parse(printed);
    expect(variables.NODE_OPTIONS).toMatch(/^--no-deprecation --require=/);
    expect(variables.HTTPS_PROXY).toMatch(/^http:\/\/claviger:[\w-]{43}@127\.0\.0\.1:\d+$/);
    expect(() => readFileSync(variables.NODE_EXTRA_CA_CERTS)).toThrow();
    expectNoLeak(printed, key);
  });

  it('is refused what can’t work, before it starts', async () => {
    const { registry } = rig({ baseUrl: 'https://api.example.com', environmentVariable: 'API_KEY' });
    const auth = registry.auth('api');
    const refused = (injection: object) => runProcess({ command: 'no-such-command', inject: [{ auth, ...injection }] });
    const placement = await rejects(refused({ into: bearer() }), 'ERR_PLACEMENT_INVALID');
    expect(placement.message).toContain('via');
    await rejects(refused({ into: parameter('x'), via: 'reverse', baseUrl: { env: 'U' } }), 'ERR_PLACEMENT_INVALID');
    await rejects(refused({ via: 'reverse' }), 'ERR_CONFIG_INVALID');
    await rejects(refused({ via: 'reverse', baseUrl: {} }), 'ERR_CONFIG_INVALID');
    await rejects(refused({ via: 'forward', baseUrl: { env: 'U' } }), 'ERR_CONFIG_INVALID');
    await rejects(refused({ via: 'sideways' }), 'ERR_CONFIG_INVALID');
    await rejects(refused({ via: 'reverse', into: argument('x'), baseUrl: { env: 'U' } }), 'ERR_PLACEMENT_INVALID');
  });
});

describe('an MCP server with a placeholder', () => {
  it('uses a rotated key with the next call, and is not started anew', async () => {
    const server = await serve(echo);
    const [first, second] = [canary(), canary()];
    const now = testClock();
    const source = countingSource(first);
    const registry = createRegistry({
      providers: [{ name: 'api', source, baseUrl: server.origin, environmentVariable: 'API_KEY' }],
      cache: { ttlMs: 1000 },
      now,
    });
    const tools = toolset({
      auth: registry.auth('api'),
      via: 'reverse',
      baseUrl: { env: 'API_URL' },
      connection: { command: process.execPath, args: ['-e', mcpServer] },
    });
    const pids = [textOf(await tools.callTool('ask'))];
    source.answer = second;
    now.advance(1000);
    pids.push(textOf(await tools.callTool('ask')));
    expect(pids[0]).toBe(pids[1]);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${first}`,
      `Bearer ${second}`,
    ]);
  });

  it('is another one where the account is another', async () => {
    const server = await serve(echo);
    let account = 'ada';
    const keys: Record<string, string> = { ada: canary(), bob: canary() };
    const registry = createRegistry({
      providers: [
        {
          name: 'api',
          source: ({ account: whose }) => keys[whose ?? ''],
          baseUrl: server.origin,
          environmentVariable: 'API_KEY',
        },
      ],
    });
    const tools = toolset({
      auth: registry.auth('api', { account: () => account }),
      via: 'reverse',
      baseUrl: { env: 'API_URL' },
      connection: { command: process.execPath, args: ['-e', mcpServer] },
    });
    for (account of ['ada', 'bob', 'ada']) await tools.callTool('ask');
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(
      ['ada', 'bob', 'ada'].map((name) => `Bearer ${keys[name]}`),
    );
  });
});

/** Calls the API and answers with its own pid. */
const mcpServer = `
const lines = require('readline').createInterface({ input: process.stdin });
const answer = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
lines.on('line', async (line) => {
  const { id, method } = JSON.parse(line);
  if (method === 'initialize')
    answer(id, { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } });
  if (method !== 'tools/call') return;
  await fetch(process.env.API_URL, { headers: { authorization: 'Bearer ' + process.env.API_KEY } });
  answer(id, { content: [{ type: 'text', text: String(process.pid) }] });
});`;
