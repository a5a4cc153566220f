import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Injection } from '../../src/mcp/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { launch } from '../mcp/launchers.js';
import { registryOf, toolset } from '../mcp/toolsets.js';
import { canary } from '../support/canary.js';
import { fakeApi, type ApiAnswer, type ApiRequest } from './fake-api.js';
import { realServers, type RealServer } from './servers.js';

/** A server with a key, and an API that answers well, or gives back what it was sent with a status. */
async function world({ into, connection, body, keyOf }: RealServer) {
  const key = canary();
  const inject: Injection[] = [{ auth: registryOf({ weather: key }).auth('weather'), ...(into && { into }) }];
  let status = 200;
  const echo = (request: ApiRequest): ApiAnswer =>
    status === 200 ? { body } : { status, body: JSON.stringify({ why: 'no', sent: keyOf(request) }) };
  const api = await fakeApi(echo);
  return {
    key,
    options: { inject, connection: connection(api.url) },
    requests: api.requests,
    answerWith: (next: number) => void (status = next),
  };
}

function commandLinesWith(text: string): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(text));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

describe.each(realServers)('$name', (server) => {
  const { tool, args, keyOf, logsKey } = server;
  const { into } = server;

  it('gets its key through a toolset, and nobody sees it', async () => {
    const { key, options, requests, answerWith } = await world(server);
    const stderr: string[] = [];
    const tools = toolset({ ...options, onStderr: (line) => stderr.push(line) });
    const listed = await tools.listTools();
    const result = await tools.callTool(tool, args);
    expect(requests.map(keyOf)).toEqual([key]);
    expect(result.isError ?? false).toBe(false);
    expect(commandLinesWith(key)).toEqual([]);
    const bad = [];
    for (const status of [401, 500]) {
      answerWith(status);
      bad.push(await tools.callTool(tool, args).catch((error: unknown) => error));
    }
    expect(requests).toHaveLength(3);
    expectNoLeak([listed, result, bad, stderr, process.env], key);
    if (logsKey) expect(stderr.join('\n')).toContain('[secret]');
    if (into?.in === 'parameter') {
      const schema = JSON.stringify(listed.find(({ name }) => name === tool)?.inputSchema);
      expect(schema).not.toContain(String(into.name));
    }
  });

  it('gets its key through a launcher, and no byte of it comes back', async () => {
    const { key, options, requests, answerWith } = await world(server);
    const client = await launch(options);
    const bytes: Buffer[] = [];
    client.output.on('data', (chunk: Buffer) => bytes.push(chunk));
    await client.initialize();
    await client.request('tools/list');
    const good = await client.request('tools/call', { name: tool, arguments: args });
    expect(good.result).toBeDefined();
    answerWith(401);
    await client.request('tools/call', { name: tool, arguments: args });
    expect(requests.map(keyOf)).toEqual([key, key]);
    expectNoLeak([Buffer.concat(bytes), client.stderr], key);
    onTestFinished(() => expect(commandLinesWith(key)).toEqual([]));
  });
});
