import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRegistry, env, file, parameter, type AuditEvent } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { launch } from '../mcp/launchers.js';
import { rawConnection, toolset } from '../mcp/toolsets.js';
import { canary } from '../support/canary.js';

/** Tools that give back everything they know, each in its own way. */
const calls: [string, Record<string, unknown>][] = [
  ['environment', {}],
  ['keyed', { q: 'x' }],
  ['fails', { q: 'x' }],
  ['fails', { status: 401 }],
  ['blob', {}],
  ['structured', { deep: [{ q: 1 }] }],
  ['progress', {}],
  ['say', { stderr: 'said', stdout: ['noise'] }],
  ['encoded', {}],
];

/** A key, everything that was audited, and every way in which the raw server gets it. */
function world(key: string) {
  const audit: AuditEvent[] = [];
  const registry = createRegistry({
    providers: [{ name: 'weather', environmentVariable: 'API_KEY', source: () => key }],
    audit: (event) => void audit.push(event),
  });
  onTestFinished(() => registry.close());
  const auth = registry.auth('weather');
  const inject = [
    { auth },
    { auth, into: env('API_HEADERS', { template: 'Authorization: Basic {}' }) },
    { auth, into: file('KEY_FILE') },
    { auth, into: parameter('api_key') },
  ];
  return { audit, registry, inject };
}

const keys: [string, string][] = [
  ['an ordinary key', canary()],
  ['a key of digits', '73620573820573829105'],
  ['a key that JSON escapes', 'q"u\\o/te+s=and&more<é>'],
  ['a key that is base64', Buffer.from(canary()).toString('base64')],
];

describe.each(keys)('%s', (_name, key) => {
  it('is in nothing that a toolset gives', async () => {
    const { audit, registry, inject } = world(key);
    const stderr: string[] = [];
    const notes: unknown[] = [];
    const tools = toolset({
      inject,
      connection: rawConnection({}, { DIGITS: /^\d+$/.test(key) ? key : '0' }),
      onStderr: (line) => stderr.push(line),
    });
    tools.client.fallbackNotificationHandler = async (note) => void notes.push(note);
    const seen: unknown[] = [await tools.listTools()];
    for (const [name, args] of calls) {
      const onProgress = (step: unknown) => notes.push(step);
      seen.push(await tools.callTool(name, args, { onProgress }).catch((error: unknown) => error));
    }
    seen.push(await tools.client.readResource({ uri: 'x:y' }));
    seen.push(await tools.callTool('die').catch((error: unknown) => error));
    const pictures = [tools, registry, inject].map((each) => inspect(each, { depth: 9, showHidden: true }));
    expectNoLeak([seen, notes, stderr, audit, pictures, process.env], key);
    expect(JSON.stringify(seen)).toContain('[secret]');
    expect(notes.length).toBeGreaterThan(1);
    expect(stderr).toContain('said [secret]');
    expect(audit.filter(({ tool }) => tool === 'keyed')).toMatchObject([
      { surface: 'mcp', provider: 'weather', outcome: 'ok' },
    ]);
  });

  it('is in no byte that a launcher gives', async () => {
    const { inject } = world(key);
    const client = await launch({ inject, connection: rawConnection() });
    const bytes: Buffer[] = [];
    client.output.on('data', (chunk: Buffer) => bytes.push(chunk));
    await client.initialize();
    await client.request('tools/list');
    for (const [name, args] of calls) await client.request('tools/call', { name, arguments: args });
    await client.request('resources/read', { uri: 'x:y' });
    await client.request('tools/call', { name: 'die' });
    await client.launcher.exited;
    const all = Buffer.concat(bytes).toString();
    expectNoLeak([all, client.stderr], key);
    for (const line of all.split('\n').filter((each) => each !== '')) expect(() => JSON.parse(line)).not.toThrow();
  });
});
