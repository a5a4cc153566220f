import { describe, expect, it } from 'vitest';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRegistry, env, file, parameter, Secret, type SourceResult } from '../../src/index.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { fileStore } from '../../src/stores/file.js';
import { canary } from '../support/canary.js';
import { testClock } from '../support/clock.js';
import { countingSource, down } from '../support/counting-source.js';
import { until } from '../process/living.js';
import { newDirectory } from '../stores/new-directory.js';
import { launch } from './launchers.js';
import { journal, rawConnection, textOf, toolset } from './toolsets.js';

/** A provider whose key can be changed, and a clock that makes the change known. */
function rotating(first: SourceResult | string = canary()) {
  const now = testClock();
  const source = countingSource(first);
  const registry = createRegistry({
    providers: [{ name: 'weather', environmentVariable: 'API_KEY', source }],
    cache: { ttlMs: 1000, staleIfErrorMs: 5000 },
    now,
  });
  onTestFinished(() => registry.close());
  const rotate = (next: SourceResult | string = canary()): void => {
    source.answer = next;
    now.advance(1000);
  };
  return { now, source, registry, auth: registry.auth('weather'), rotate };
}

const isGone = (pid: number): boolean => {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
};

describe('a new version of a key', () => {
  it('reaches a new server with the next call; calls in flight end on the old one (M24, M25)', async () => {
    const { auth, rotate } = rotating();
    const seen = journal();
    const tools = toolset({ auth, connection: rawConnection({ journal: seen.path }) });
    const old = Number(textOf(await tools.callTool('pid')));
    const inFlight = [1, 2, 3, 4, 5].map((n) => tools.callTool('wait', { ms: 400, n }));
    await until(() => seen.lines().length === 8);
    const next = canary();
    rotate(next);
    const pid = Number(textOf(await tools.callTool('pid')));
    expect(pid).not.toBe(old);
    if (process.platform === 'linux') expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toContain(next);
    expect((await Promise.all(inFlight)).map((result) => JSON.parse(textOf(result)).n)).toEqual([1, 2, 3, 4, 5]);
    await until(() => isGone(old));
    const calls = seen.lines().filter(({ message }) => message['method'] === 'tools/call');
    expect(calls.map((call) => call.pid === old)).toEqual([true, true, true, true, true, true, false]);
    const begun = seen.lines().filter((line) => line.pid === pid);
    expect(begun.map(({ message }) => message['method'])).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/call',
    ]);
    const both = seen.lines().filter(({ message }) => message['method'] === 'initialize');
    expect(both[0]?.message['params']).toEqual(both[1]?.message['params']);
    expect(both[0]?.message['id']).not.toBe(both[1]?.message['id']);
  });

  it('comes with the log level and the subscriptions of the session', async () => {
    const { auth, rotate } = rotating();
    const seen = journal();
    const tools = toolset({ auth, connection: rawConnection({ journal: seen.path }) });
    await tools.listTools();
    await tools.client.setLoggingLevel('debug');
    await tools.client.setLoggingLevel('error');
    for (const uri of ['a:1', 'a:2']) await tools.client.subscribeResource({ uri });
    await tools.client.unsubscribeResource({ uri: 'a:1' });
    rotate();
    const pid = Number(textOf(await tools.callTool('pid')));
    const told = seen.lines().filter((line) => line.pid === pid);
    expect(told.map(({ message }) => [message['method'], message['params']?.level ?? message['params']?.uri])).toEqual([
      ['initialize', undefined],
      ['notifications/initialized', undefined],
      ['logging/setLevel', 'error'],
      ['resources/subscribe', 'a:2'],
      ['tools/call', undefined],
    ]);
  });

  it('starts one server for all calls that want it', async () => {
    const { auth, rotate } = rotating();
    const tools = toolset({ auth, connection: rawConnection() });
    const old = textOf(await tools.callTool('pid'));
    rotate();
    const pids = await Promise.all(Array.from({ length: 10 }, async () => textOf(await tools.callTool('pid'))));
    expect(new Set(pids).size).toBe(1);
    expect(pids[0]).not.toBe(old);
  });

  it('of the same value changes nothing', async () => {
    const key = canary();
    const { auth, rotate } = rotating({ secret: key, version: '1' });
    const tools = toolset({ auth, connection: rawConnection() });
    const pid = textOf(await tools.callTool('pid'));
    rotate({ secret: key, version: '2' });
    expect(textOf(await tools.callTool('pid'))).toBe(pid);
  });

  it('waits for the next server with respawn: false', async () => {
    const { auth, rotate } = rotating();
    const tools = toolset({ auth, respawn: false, connection: rawConnection() });
    const pid = textOf(await tools.callTool('pid'));
    rotate();
    expect(textOf(await tools.callTool('pid'))).toBe(pid);
  });

  it('needs no new server in a parameter or in a file', async () => {
    const { auth, rotate } = rotating();
    const seen = journal();
    const inject = [
      { auth, into: parameter('api_key') },
      { auth, into: file('KEY_FILE') },
    ];
    const tools = toolset({ inject, connection: rawConnection({ journal: seen.path }) });
    const pid = textOf(await tools.callTool('pid'));
    const path = JSON.parse(textOf(await tools.callTool('environment'))).KEY_FILE as string;
    const next = canary();
    rotate(next);
    expect(textOf(await tools.callTool('keyed', { q: 1 }))).toContain('[secret]');
    expect(textOf(await tools.callTool('pid'))).toBe(pid);
    expect(readFileSync(path, 'utf8')).toBe(next);
    expect(
      seen.lines().find(({ message }) => message['params']?.name === 'keyed')?.message['params'].arguments.api_key,
    ).toBe(next);
  });

  it('that can not be fetched leaves the old server, while its key is valid (M26)', async () => {
    const { auth, source, rotate, now } = rotating({
      secret: canary(),
      expiresAt: new Date(1_700_000_000_000 + 20_000),
    });
    const tools = toolset({ auth, connection: rawConnection() });
    const pid = textOf(await tools.callTool('pid'));
    source.answer = down;
    now.advance(8000);
    expect(textOf(await tools.callTool('pid'))).toBe(pid);
    now.advance(13_000);
    await expect(tools.callTool('pid')).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    rotate();
    expect(textOf(await tools.callTool('pid'))).not.toBe(pid);
  });

  it('that was revoked ends the use of the old server', async () => {
    const { auth, rotate } = rotating();
    const tools = toolset({ auth, connection: rawConnection() });
    await tools.callTool('pid');
    rotate({ secret: canary(), revoked: true });
    await expect(tools.callTool('pid')).rejects.toMatchObject({ code: 'ERR_CREDENTIAL_REVOKED' });
  });

  it('that its server does not come up with leaves the old one, and says so', async () => {
    const { auth, rotate } = rotating();
    const stderr: string[] = [];
    const connection = {
      command: 'sh',
      args: ['-c', 'case "$API_KEY" in bad*) echo refused >&2; exit 3;; esac; exec "$N" "$S"'],
    };
    const {
      args: [server = ''],
    } = rawConnection();
    const tools = toolset({
      auth,
      onStderr: (line) => stderr.push(line),
      connection: { ...connection, env: { N: process.execPath, S: server } },
    });
    const pid = textOf(await tools.callTool('pid'));
    rotate(canary('bad_'));
    expect(textOf(await tools.callTool('pid'))).toBe(pid);
    expect(textOf(await tools.callTool('pid'))).toBe(pid);
    expect(stderr.filter((line) => line.includes('the old server goes on'))).toHaveLength(1);
    expect(stderr.filter((line) => line === 'refused')).toHaveLength(1);
  });

  it('of another account never meets the server of this one', async () => {
    const user = new AsyncLocalStorage<string>();
    const keys: Record<string, string> = { ann: canary(), ben: canary() };
    const registry = createRegistry({
      providers: [{ name: 'weather', source: ({ account }) => ({ secret: keys[account ?? ''] ?? '', version: '1' }) }],
    });
    onTestFinished(() => registry.close());
    const auth = registry.auth('weather', { account: () => user.getStore() });
    const tools = toolset({ auth, into: env('API_KEY'), connection: rawConnection() });
    const pids = await Promise.all(
      ['ann', 'ben', 'ann', 'ben'].map((name) =>
        user.run(name, async () => [name, textOf(await tools.callTool('pid'))]),
      ),
    );
    for (const [name = '', pid = ''] of pids) {
      const own = pids.filter(([other]) => other === name).map(([, each]) => each);
      const others = pids.filter(([other]) => other !== name).map(([, each]) => each);
      expect(own).toContain(pid);
      expect(others).not.toContain(pid);
    }
  });

  it.each([
    ['a text that is an error', { isError: true, content: [{ type: 'text', text: 'HTTP 401 Unauthorized' }] }],
    ['the body of an answer', { content: [{ type: 'text', text: '{"object":"error","status":401}' }] }],
    ['structured content', { content: [], structuredContent: { status: 401 } }],
  ])('is asked for when a result tells of a 401 in %s; the call is not repeated', async (_name, result) => {
    const { auth, source } = rotating();
    const seen = journal();
    const tools = toolset({ auth, connection: rawConnection({ journal: seen.path }) });
    const old = textOf(await tools.callTool('pid'));
    const next = canary();
    source.answer = next; // the clock stands still: only the refusal can tell
    await tools.callTool('gives', result);
    expect(textOf(await tools.callTool('pid'))).not.toBe(old);
    expect(source.asked.at(-1)?.rejectedVersion).toMatch(/^sha256:/);
    expect(seen.lines().filter(({ line }) => line.includes('"gives"'))).toHaveLength(1);
  });

  it('is asked for when an error tells of a 401, once in ten seconds if there is none', async () => {
    const { auth, source, now } = rotating();
    const tools = toolset({ auth, connection: rawConnection() });
    const old = textOf(await tools.callTool('pid'));
    for (let refusals = 0; refusals < 3; refusals += 1) {
      await expect(tools.callTool('fails', { status: 401 })).rejects.toThrow('refused');
      await expect(tools.callTool('fails', { message: '401 Unauthorized' })).rejects.toThrow('401');
    }
    expect(textOf(await tools.callTool('pid'))).toBe(old);
    expect(source.asked).toHaveLength(2);
    now.advance(10_000);
    await expect(tools.callTool('fails', { status: 401 })).rejects.toThrow('refused');
    await tools.callTool('pid');
    expect(source.asked.length).toBeGreaterThan(2);
  });

  it('is not asked for when a result only talks about the number 401', async () => {
    const { auth, source } = rotating();
    const tools = toolset({ auth, connection: rawConnection() });
    await tools.callTool('echo', { q: 'room 401 is unauthorized for guests' });
    await tools.callTool('pid');
    expect(source.asked).toHaveLength(1);
  });

  it('takes over what listens, under the id that the client knows', async () => {
    const { auth, rotate } = rotating();
    const seen = journal();
    const client = await launch({ inject: [{ auth }], connection: rawConnection({ journal: seen.path }) });
    client.send({ jsonrpc: '2.0', id: 'L', method: 'subscriptions/listen', params: { notifications: { a: true } } });
    await client.until((line) => line.includes('acknowledged'));
    const old = Number(textOf((await client.request('tools/call', { name: 'pid' })).result));
    rotate();
    const pid = Number(textOf((await client.request('tools/call', { name: 'pid' })).result));
    await until(() => isGone(old));
    await client.request('tools/call', { name: 'changes' });
    const change = JSON.parse(await client.until((line) => line.includes('list_changed')));
    expect(change.params._meta).toEqual({ 'io.modelcontextprotocol/subscriptionId': 'L' });
    expect(client.received.filter((line) => line.includes('acknowledged'))).toHaveLength(1);
    expect(client.received.filter((line) => line.includes('"id":"L"'))).toEqual([]);
    const listening = seen.lines().filter(({ message }) => message['method'] === 'subscriptions/listen');
    expect(listening.map((line) => line.pid)).toEqual([old, pid]);
  });
});

describe('a change in the store', () => {
  it('made by another process reaches a running server, without a call', async () => {
    const path = join(await newDirectory(), 'secrets.claviger');
    const [first, next] = [canary(), canary()];
    const elsewhere = fileStore({ path });
    await elsewhere.set('weather', Secret.from(first));
    const store = fileStore({ path });
    const registry = createRegistry({
      providers: [{ name: 'weather', environmentVariable: 'API_KEY' }],
      stores: { default: store },
    });
    onTestFinished(() => registry.close());
    const seen = journal();
    const tools = toolset({ auth: registry.auth('weather'), connection: rawConnection({ journal: seen.path }) });
    const old = Number(textOf(await tools.callTool('pid')));
    await elsewhere.set('weather', Secret.from(next));
    await until(() => isGone(old)); // without a call
    const pid = Number(textOf(await tools.callTool('pid')));
    if (process.platform === 'linux') expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toContain(next);
    await elsewhere.revoke('weather');
    let refused: unknown;
    await until(() => {
      void tools.callTool('pid').catch((error: unknown) => (refused = error));
      return refused !== undefined;
    }, 5000);
    expect(refused).toMatchObject({ code: 'ERR_CREDENTIAL_REVOKED' });
  });
});

describe('a server that crashes again and again', () => {
  it('is started less and less often', async () => {
    const { auth } = rotating();
    const tools = toolset({ auth, connection: rawConnection() });
    const lifeTimes: number[] = [];
    for (let crash = 0; crash < 4; crash += 1) {
      const started = performance.now();
      await expect(tools.callTool('die')).rejects.toThrow('exit code 7');
      lifeTimes.push(performance.now() - started);
    }
    expect(lifeTimes[3]).toBeGreaterThanOrEqual(500); // twice the pause before the third
  });
});
