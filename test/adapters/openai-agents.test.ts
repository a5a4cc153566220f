import { describe, expect, it, vi } from 'vitest';
import { toolsFrom, withCredentialTool } from '../../src/adapters/openai-agents.js';
import { toolsFrom as langchainTools, withCredentialTool as langchainTool } from '../../src/adapters/langchain.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { rig } from '../support/serve.js';
import { scriptedToolset } from './scripted-toolset.js';

const parameters = { type: 'object', properties: { city: {}, apiKey: {} }, required: ['city', 'apiKey'] };

/** A function tool as the SDK makes it, as far as the adapter uses it. */
function agentsTool(invoke = async (_context: unknown, input: string, _details?: object): Promise<unknown> => input) {
  return { type: 'function' as const, name: 'weather', strict: true, parameters, invoke: vi.fn(invoke) };
}

describe('a function tool of the OpenAI Agents SDK', () => {
  it('gets the key in its arguments, and context and details as they are', async () => {
    const { key, registry } = rig({});
    const own = agentsTool();
    const tool = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    expect(tool).toMatchObject({ type: 'function', strict: true, parameters: { required: ['city'] } });
    expect(own.parameters).toBe(parameters);
    const context = { user: 'Ada' };
    const details = { signal: new AbortController().signal };
    const output = await tool.invoke(context, '{"city":"Ulm","apiKey":"made up"}', details);
    expect(output).toBe('{"city":"Ulm","apiKey":"[secret]"}');
    const [call] = own.invoke.mock.calls;
    expect(JSON.parse(call?.[1] ?? '')).toEqual({ city: 'Ulm', apiKey: key });
    expect([call?.[0] === context, call?.[2] === details]).toEqual([true, true]);
  });

  it.each(['not JSON', '[1]', '"text"', 'null'])(
    'is shown input that it will refuse without a key: %s',
    async (input) => {
      const { registry, asked } = rig({});
      const own = agentsTool();
      const tool = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
      expect(await tool.invoke({}, input)).toBe(input);
      expect(asked()).toBe(0);
    },
  );

  it('takes nothing for no arguments, as some models send it', async () => {
    const { key, registry } = rig({});
    const own = agentsTool();
    await withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' }).invoke({}, '');
    expect(own.invoke.mock.calls[0]?.[1]).toBe(JSON.stringify({ apiKey: key }));
  });

  it('shows its custom data no key, neither going in nor coming out', async () => {
    const { key, registry } = rig({});
    const customDataExtractor = vi.fn(({ input, output }: any) => ({ input, kept: key, output }));
    const own = { ...agentsTool(), customDataExtractor };
    const tool = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    await tool.invoke({}, '{"city":"Ulm"}');
    const context = { input: { city: 'Ulm', apiKey: key, header: `Bearer ${key}` }, output: 'x' };
    const data: unknown = await (tool.customDataExtractor as (context: object) => unknown)(context);
    expect(data).toEqual({ input: { city: 'Ulm', header: 'Bearer [secret]' }, kept: '[secret]', output: 'x' });
    expect(context.input.apiKey).toBe(key);
    expectNoLeak([customDataExtractor.mock.calls, data], key);
  });

  it('repeats a call whose text tells of a 401, once the store has a newer key', async () => {
    let version = 0;
    const { registry } = rig({ source: () => ({ secret: `the-key-number-${++version}`, version: String(version) }) });
    const failure = 'An error occurred while running the tool. Please try again. Error: Error: 401 Unauthorized';
    const own = agentsTool(async (_, input) => (input.includes('number-2') ? 'sunny' : failure));
    const tool = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    expect(await tool.invoke({}, '{"city":"Ulm"}')).toBe('sunny');
  });

  it('refuses what is no function tool', () => {
    const { registry } = rig({});
    const options = { auth: registry.auth('api'), into: 'apiKey' };
    const hosted = { type: 'hosted_tool', name: 'web_search' } as any;
    expect(() => withCredentialTool(hosted, options)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
    const other = { ...agentsTool(), parameters: { type: 'object', properties: {} } };
    expect(() => withCredentialTool(other, options)).toThrow(
      expect.objectContaining({ code: 'ERR_PLACEMENT_INVALID' }),
    );
    expect(() => langchainTool({ name: 'x', schema: parameters } as any, options)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }),
    );
  });
});

describe('the tools of a toolset', () => {
  it('are function tools, whose failures are told to the model', async () => {
    const { toolset, calls } = scriptedToolset();
    const [text, picture, fails] = await toolsFrom(toolset);
    expect(text).toMatchObject({
      type: 'function',
      name: 'text',
      strict: false,
      parameters: { properties: { q: {} } },
    });
    const { signal } = new AbortController();
    expect(await text?.invoke({}, '{"q":"x"}', { signal })).toBe('one\ntwo');
    expect(calls).toEqual([['text', { q: 'x' }, { signal }]]);
    expect(await picture?.invoke({}, '')).toEqual([
      { type: 'text', text: 'see' },
      { type: 'image', image: { data: 'AAAA', mediaType: 'image/png' } },
    ]);
    expect(await fails?.invoke({}, '{}')).toMatch(/An error occurred .* it broke/);
    expect(await text?.invoke({}, 'no JSON')).toMatch(/not a JSON object/);
    await expect(fails?.invoke({}, '{}', { signal: AbortSignal.abort() })).rejects.toThrow('it broke');
  });

  it('need LangChain to be its tools, and say so', async () => {
    await expect(langchainTools(scriptedToolset().toolset)).rejects.toMatchObject({
      code: 'ERR_DEPENDENCY_MISSING',
      message: expect.stringContaining('npm install @langchain/core'),
    });
  });
});
