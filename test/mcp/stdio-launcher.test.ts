import { describe, expect, it } from 'vitest';
import { parameter } from '../../src/index.js';
import { canary } from '../support/canary.js';
import { launch } from './launchers.js';
import { journal, rawConnection, registryOf, textOf } from './toolsets.js';

describe('a launcher', () => {
  it('passes lines that need no change byte for byte, both ways (M9)', async () => {
    const registry = registryOf({ weather: canary() });
    const seen = journal();
    const client = await launch({
      inject: [{ auth: registry.auth('weather') }, { auth: registry.auth('weather'), into: parameter('api_key') }],
      connection: rawConnection({ journal: seen.path }),
    });
    await client.initialize();
    const odd =
      '{"params": {"_meta":{"x":1.0},"z":9007199254740993, "a":[1e400,-0]},  "method":"x/unknown","id":12345678901234567890,"jsonrpc":"2.0","more":{}}';
    client.send(odd);
    await client.until((line) => line.includes('12345678901234567'));
    expect(seen.lines().map(({ line }) => line)).toContain(odd);
    const said =
      '{"jsonrpc":"2.0","method":"notifications/odd","n":9007199254740993,"x":1.50,"\\u0061":"\\/", "e":1E5}';
    await client.request('tools/call', { name: 'say', arguments: { stdout: [said] } });
    expect(client.received).toContain(said);
  });

  it('hides the parameter, sets it and redacts the answer', async () => {
    const key = canary();
    const registry = registryOf({ weather: key });
    const seen = journal();
    const client = await launch({
      inject: [{ auth: registry.auth('weather'), into: parameter('api_key') }],
      connection: rawConnection({ journal: seen.path, pageSize: 1 }),
    });
    await client.initialize();
    const { result } = await client.request('tools/list', { cursor: '1' });
    expect(result.tools[0].inputSchema.required).toEqual(['q']);
    const answer = await client.request('tools/call', { name: 'keyed', arguments: { api_key: 'x', q: 'y' } });
    expect(JSON.parse(textOf(answer.result))).toEqual({ api_key: '[secret]', q: 'y' });
    expect(seen.lines().at(-1)?.message['params'].arguments).toEqual({ api_key: key, q: 'y' });
  });

  it('answers what is under way at the end of input, then ends', async () => {
    const registry = registryOf({ weather: canary() });
    const client = await launch({ inject: [{ auth: registry.auth('weather') }], connection: rawConnection() });
    const answers = [
      client.initialize(),
      client.request('tools/list'),
      client.request('tools/call', { name: 'wait', arguments: { ms: 300 } }),
    ];
    client.input.end();
    expect(await client.launcher.exited).toEqual({ exitCode: 0, signal: null });
    expect((await Promise.all(answers)).every(({ result }) => result !== undefined)).toBe(true);
  });
});
