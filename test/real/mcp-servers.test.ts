import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRegistry } from '../../src/index.js';
import type { Injection } from '../../src/mcp/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { launch } from '../mcp/launchers.js';
import { registryOf, toolset } from '../mcp/toolsets.js';
import { canary } from '../support/canary.js';
import { testClock } from '../support/clock.js';
import { countingSource } from '../support/counting-source.js';
import { fakeApi, type ApiAnswer, type ApiRequest } from './fake-api.js';
import { realServers, type RealServer } from './servers.js';

let worlds = 0;

/** A server with a key, and an API that answers well, or gives back the key that it was sent with a status. */
async function world({ into, connection, body, headers, keyOf, newKey = canary }: RealServer) {
  const key = newKey();
  const provider = `provider-${++worlds}`;
  const inject: Injection[] = [{ auth: registryOf({ [provider]: key }).auth(provider), into }];
  let echoed: number | undefined;
  const answer = (request: ApiRequest): ApiAnswer => {
    if (echoed === undefined) return { body, headers: { ...headers } };
    const sent = String(keyOf(request));
    return { status: echoed, body: withEcho(body, sent), headers: { ...headers, 'x-sent': sent } };
  };
  const api = await fakeApi(answer);
  return {
    key,
    provider,
    options: { inject, connection: connection(api.url) },
    requests: api.requests,
    echoWith: (status: number) => void (echoed = status),
  };
}

/** A body of the same form with one thing more in it. */
function withEcho(body: string, sent: string): string {
  const value = JSON.parse(body) as unknown;
  const more = { message: `no access with ${sent}`, sent };
  return JSON.stringify(Array.isArray(value) ? [more] : { ...(value as object), ...more });
}

function commandLinesWith(text: string): string[] {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid));
  return pids.map((pid) => commandLine(pid)).filter((line) => line.includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

/** The key stands on no command line; one that can only be given there stands on that of the server, and nowhere else. */
function expectCommandLines({ into }: RealServer, command: readonly string[], key: string): void {
  const own = [...command, `--api-key=${key}`, ''].join('\0');
  const expected = into.in === 'argument' && process.platform === 'linux' ? [own] : [];
  expect(commandLinesWith(key)).toEqual(expected);
}

function warnings(): Error[] {
  const heard: Error[] = [];
  const hear = (warning: Error): void => void heard.push(warning);
  process.on('warning', hear);
  onTestFinished(() => void process.off('warning', hear));
  return heard;
}

const echoes = [200, 401, 500];

for (const server of realServers) {
  const { tool, args, keyOf, logsKey, into, isMissing } = server;

  describe.skipIf(isMissing)(server.name, () => {
    it('gets its key through a toolset, and nobody sees it', async () => {
      const { key, provider, options, requests, echoWith } = await world(server);
      const { command, args: commandArguments = [] } = options.connection;
      const warned = warnings();
      const stderr: string[] = [];
      const tools = toolset({ ...options, onStderr: (line) => stderr.push(line) });
      const listed = await tools.listTools();
      const result = await tools.callTool(tool, args);
      expect(requests.map(keyOf)).toEqual([key]);
      expect(result.isError ?? false).toBe(false);
      expectCommandLines(server, [command, ...commandArguments], key);
      const answers = [];
      for (const status of echoes) {
        echoWith(status);
        const before = requests.length;
        answers.push(await tools.callTool(tool, args).catch((error: unknown) => error));
        expect(requests.length).toBeGreaterThan(before);
      }
      expect(new Set(requests.map(keyOf))).toEqual(new Set([key]));
      expectNoLeak([listed, result, answers, stderr, warned, process.env], key);
      if (logsKey) expect(stderr.join('\n')).toContain('[secret]');
      if (into.in === 'parameter') {
        const schema = JSON.stringify(listed.find(({ name }) => name === tool)?.inputSchema);
        expect(schema).not.toContain(String(into.name));
      }
      const visible = warned.filter(({ message }) => message.includes(provider));
      expect(visible.map((warning) => 'code' in warning && warning.code)).toEqual(
        into.in === 'argument' ? ['CLAVIGER_ARGUMENT_VISIBLE'] : [],
      );
    });

    it('gets its key through a launcher, and no byte of it comes back', async () => {
      const { key, options, requests, echoWith } = await world(server);
      const { command, args: commandArguments = [] } = options.connection;
      const client = await launch(options);
      const bytes: Buffer[] = [];
      client.output.on('data', (chunk: Buffer) => bytes.push(chunk));
      await client.initialize();
      await client.request('tools/list');
      const good = await client.request('tools/call', { name: tool, arguments: args });
      expect(good.result.isError ?? false).toBe(false);
      expect(requests.map(keyOf)).toEqual([key]);
      expectCommandLines(server, [command, ...commandArguments], key);
      for (const status of echoes) {
        echoWith(status);
        await client.request('tools/call', { name: tool, arguments: args });
      }
      expect(new Set(requests.map(keyOf))).toEqual(new Set([key]));
      expectNoLeak([Buffer.concat(bytes), client.stderr], key);
      for (const line of client.received) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
      await client.launcher.close();
      expect(commandLinesWith(key)).toEqual([]);
    });
  });
}

describe.each(realServers.filter(({ into }) => into.in === 'file'))('$name', (server) => {
  it.skipIf(server.isMissing)('takes a changed key with the next call', async () => {
    const [first, second] = [canary(), canary()];
    const now = testClock();
    const source = countingSource(first);
    const registry = createRegistry({ providers: [{ name: 'weather', source }], cache: { ttlMs: 1000 }, now });
    onTestFinished(() => registry.close());
    const { into, tool, args, keyOf, body } = server;
    const api = await fakeApi(() => ({ body }));
    const inject = [{ auth: registry.auth('weather'), into }];
    const client = await launch({ inject, connection: server.connection(api.url) });
    await client.initialize();
    const call = () => client.request('tools/call', { name: tool, arguments: args });
    const results = [await call()];
    source.answer = second;
    now.advance(1000);
    results.push(await call());
    expect(results.map(({ result }) => result.isError ?? false)).toEqual([false, false]);
    expect(api.requests.map(keyOf)).toEqual([first, second]);
    expectNoLeak([client.received, client.stderr], first);
    expectNoLeak([client.received, client.stderr], second);
  });
});
