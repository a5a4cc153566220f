import { describe, expect, it } from 'vitest';
import { parameter } from '../../src/index.js';
import { canary } from '../support/canary.js';
import { journal, rawConnection, registryOf, textOf, toolset } from './toolsets.js';

describe('a toolset', () => {
  it('starts its server at the first call, with the key in the variable of its provider', async () => {
    const key = canary();
    const registry = registryOf({ weather: key });
    const seen = journal();
    const tools = toolset({ auth: registry.auth('weather'), connection: rawConnection({ journal: seen.path }) });
    const names = (await tools.listTools()).map(({ name }) => name);
    expect(names).toContain('echo');
    const environment = JSON.parse(textOf(await tools.callTool('environment')));
    expect(environment.API_KEY).toBe('[secret]');
    expect(textOf(await tools.callTool('echo', { q: 'x' }))).toBe('{"q":"x"}');
  });

  it('puts the key into the parameter of those tools that declare it', async () => {
    const key = canary();
    const registry = registryOf({ weather: key });
    const seen = journal();
    const tools = toolset({
      auth: registry.auth('weather'),
      into: parameter('api_key'),
      connection: rawConnection({ journal: seen.path }),
    });
    const listed = await tools.listTools();
    expect(listed.find(({ name }) => name === 'keyed')?.inputSchema).toEqual({
      type: 'object',
      properties: { q: { type: 'string' } },
      required: ['q'],
    });
    const result = await tools.callTool('keyed', { q: 'x', api_key: 'made up' });
    expect(textOf(result)).toBe('{"q":"x","api_key":"[secret]"}');
    await tools.callTool('echo', { q: 'x' });
    const calls = seen.lines().filter(({ message }) => message['method'] === 'tools/call');
    expect(calls.map(({ message }) => message['params'].arguments)).toEqual([{ q: 'x', api_key: key }, { q: 'x' }]);
  });
});
