import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { z as z3 } from 'zod3';
import { withCredentialTool } from '../../../src/adapters/langchain.js';
import { expectNoLeak } from '../../../src/testing/index.js';
import { rig } from '../../support/serve.js';
import { onDemand } from '../on-demand.js';
import { loadFrom } from './load.js';
import { runInProject } from './project.js';

const folder = onDemand('langchain', {
  '@langchain/core': '1.4.0',
  '@langchain/langgraph': '1.7.3',
  langchain: '1.5.14',
  zod: '4.6.7',
});
const load = (specifier: string) => (folder === undefined ? undefined : loadFrom(folder, specifier));
const tools = await load('@langchain/core/tools');
const messages = await load('@langchain/core/messages');
const models = await load('@langchain/core/language_models/chat_models');
const callbacks = await load('@langchain/core/callbacks/base');
const tracers = await load('@langchain/core/tracers/base');
const langchain = await load('langchain');

const schema = z.object({ city: z.string().transform((city) => `${city}!`), apiKey: z.string().min(20) });

/** A tool that shows the world all that it gets. */
function weatherTool(got: unknown[], more: object = {}): any {
  const run = (input: unknown, config: { signal?: AbortSignal }) => {
    got.push(input, config.signal);
    return JSON.stringify({ sunny: true, echo: input });
  };
  return tools.tool(run, { name: 'weather', description: 'The weather in a city', schema, ...more });
}

/** Every callback that there is, and every run that a tracer keeps. */
function watched(): { seen: unknown[]; handlers: object[] } {
  const seen: unknown[] = [];
  const names = Object.getOwnPropertyNames(callbacks.BaseCallbackHandler.prototype).concat(
    ...[
      'LLMStart',
      'ChatModelStart',
      'LLMEnd',
      'LLMError',
      'ChainStart',
      'ChainEnd',
      'ChainError',
      'ToolStart',
      'ToolEnd',
    ].map((name) => `handle${name}`),
    ...['ToolError', 'ToolEvent', 'Text', 'AgentAction', 'AgentEnd', 'CustomEvent'].map((name) => `handle${name}`),
  );
  const handlers = names
    .filter((name) => name.startsWith('handle'))
    .map((name) => [name, (...args: unknown[]) => void seen.push([name, ...args])]);
  class Tracer extends tracers.BaseTracer {
    name = 'recorder';
    async persistRun(run: any): Promise<void> {
      seen.push(['run', structuredClone(JSON.parse(JSON.stringify(run)))]);
    }
  }
  return { seen, handlers: [Object.fromEntries(handlers), new Tracer()] };
}

/** A chat model that gives what a script says, and keeps what it was asked. */
function scriptedModel(...turns: object[]): any {
  class Scripted extends models.BaseChatModel {
    asked: unknown[][] = [];
    bound: unknown[] = [];
    _llmType() {
      return 'scripted';
    }
    bindTools(bound: unknown[]) {
      this.bound = bound;
      return this;
    }
    async _generate(asked: unknown[]) {
      this.asked.push([...asked]);
      const message = new messages.AIMessage(turns[this.asked.length - 1]);
      return { generations: [{ text: '', message }] };
    }
  }
  return new (Scripted as any)({});
}

const call = (args: object) => ({ content: '', tool_calls: [{ type: 'tool_call', id: 'c1', name: 'weather', args }] });

describe.skipIf(folder === undefined)('LangChain', () => {
  it('runs an agent in which the key is in the tool and nowhere else (F19)', async () => {
    const { key, registry, events } = rig({});
    const got: unknown[] = [];
    const weather = withCredentialTool(weatherTool(got), { auth: registry.auth('api'), into: 'apiKey' });
    const model = scriptedModel(call({ city: 'Ulm', apiKey: 'made up' }), { content: 'done' });
    const { seen, handlers } = watched();
    const agent = langchain.createAgent({ model, tools: [weather] });
    const asked = { messages: [{ role: 'user', content: 'What is the weather in Ulm?' }] };
    const result = await agent.invoke(asked, { callbacks: handlers, signal: AbortSignal.timeout(60_000) });

    expect(result.messages.at(-1).content).toBe('done');
    expect(got).toEqual([{ city: 'Ulm!', apiKey: key }, expect.any(AbortSignal)]);
    expect(Object.keys(model.bound[0].schema.shape)).toEqual(['city']);
    const [start] = seen.filter((event: any) => event[0] === 'handleToolStart') as unknown[][];
    expect(JSON.stringify(start)).toContain('Ulm');
    expect(JSON.stringify(start)).not.toContain('made up');
    expect(seen.map((event: any) => event[0])).toContain('run');
    const message = result.messages.find((each: any) => each.getType() === 'tool');
    expect(message).toMatchObject({ tool_call_id: 'c1', name: 'weather', status: 'success' });
    expect(message.content).toContain('[secret]');
    expectNoLeak(
      [JSON.stringify(seen), seen, JSON.stringify(result), model.asked, JSON.stringify(weather), events],
      key,
    );
    expect(events).toMatchObject([{ type: 'use', tool: 'weather', outcome: 'ok' }]);
  });

  it('lets no error of the tool carry the key into callbacks', async () => {
    const { key, registry } = rig({});
    const own = tools.tool(({ apiKey }: any) => Promise.reject(new RangeError(`no: ${apiKey}`)), {
      name: 'weather',
      schema,
    });
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const { seen, handlers } = watched();
    const error = await weather.invoke({ city: 'Ulm' }, { callbacks: handlers }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toBe('no: [secret]');
    expect(seen.map((event: any) => event[0])).toContain('handleToolError');
    expectNoLeak([error, seen, JSON.stringify(seen)], key);
  });

  it('keeps content and artifact apart, and messages of their class', async () => {
    const { key, registry } = rig({});
    const auth = registry.auth('api');
    const both = tools.tool(({ apiKey }: any) => [`text ${apiKey}`, { raw: new Map([['key', apiKey]]) }], {
      ...{ name: 'weather', schema, responseFormat: 'content_and_artifact' },
    });
    const sent = { type: 'tool_call', id: 'c1', name: 'weather', args: { city: 'Ulm' } } as const;
    const message: any = await withCredentialTool(both, { auth, into: 'apiKey' }).invoke(sent);
    expect(message).toBeInstanceOf(messages.ToolMessage);
    expect([message.content, message.artifact]).toEqual(['text [secret]', { raw: new Map([['key', '[secret]']]) }]);

    const direct = tools.tool(
      ({ apiKey }: any, config: any) => new messages.ToolMessage({ content: apiKey, tool_call_id: config.toolCall.id }),
      { name: 'weather', schema },
    );
    const own: any = await withCredentialTool(direct, { auth, into: 'apiKey' }).invoke(sent);
    expect(own).toBeInstanceOf(messages.ToolMessage);
    expect([own.content, own.tool_call_id]).toEqual(['[secret]', 'c1']);
    expectNoLeak([message, own], key);
  });

  it('takes a StructuredTool of any class, with state that is private', async () => {
    const { key, registry } = rig({});
    class Weather extends tools.StructuredTool {
      name = 'weather';
      description = 'x';
      schema = schema;
      #calls = 0;
      async _call({ apiKey }: any): Promise<string> {
        this.#calls += 1;
        return `${this.#calls} ${apiKey === key ? 'with the key' : 'without'}`;
      }
    }
    const own: any = new Weather(); // the package is not there when types are checked
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    expect(weather).toBeInstanceOf(Weather);
    expect([await weather.invoke({ city: 'Ulm' }), await weather.invoke({ city: 'Ulm' })]).toEqual([
      '1 with the key',
      '2 with the key',
    ]);
    expect(own.schema).toBe(schema);
    await expect(own.invoke({ city: 'Ulm' })).rejects.toThrow('did not match');
  });

  it('streams the events of a tool that is a generator, without the key', async () => {
    const { key, registry } = rig({});
    const own = tools.tool(
      async function* ({ apiKey }: any) {
        yield `half of ${apiKey.slice(0, 10)}`;
        yield apiKey;
        return `all of ${apiKey}`;
      },
      { name: 'weather', schema },
    );
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const { seen, handlers } = watched();
    expect(await weather.invoke({ city: 'Ulm' }, { callbacks: handlers })).toBe('all of [secret]');
    expect(seen.filter((event: any) => event[0] === 'handleToolEvent')).toHaveLength(2);
    expectNoLeak(seen, key);
  });

  it.each([
    ['zod 4', z.object({ city: z.string(), apiKey: z.string().min(20) })],
    ['zod 3', z3.object({ city: z3.string(), apiKey: z3.string().min(20) })],
    [
      'JSON Schema',
      {
        type: 'object',
        properties: { city: { type: 'string' }, apiKey: { type: 'string', minLength: 20 } },
        required: ['city', 'apiKey'],
      },
    ],
  ])('asks the own schema of the tool about the key: %s', async (_, own) => {
    const good = rig({});
    const got: any[] = [];
    const tool = weatherTool(got, { schema: own });
    const weather = withCredentialTool(tool, { auth: good.registry.auth('api'), into: 'apiKey' });
    await weather.invoke({ city: 'Ulm', apiKey: 'made up' });
    expect(got[0]).toEqual({ city: 'Ulm', apiKey: good.key });
    await expect(weather.invoke({ city: 1 } as any)).rejects.toThrow('did not match expected schema');

    const bad = rig({ source: () => 'too-short-key' });
    const refused = withCredentialTool(tool, { auth: bad.registry.auth('api'), into: 'apiKey' });
    const error: any = await refused.invoke({ city: 'Ulm' }).catch((thrown: unknown) => thrown);
    expect(error.code).toBe('ERR_PLACEMENT_INVALID');
    expect(error.message).not.toContain('apiKey');
    expectNoLeak(error, 'too-short-key');
    expect(got).toHaveLength(2);
  });
});

describe.skipIf(folder === undefined)('a toolset in LangChain', () => {
  it('has tools of its own class', async () => {
    const shown = await runInProject(folder ?? '', 'test/real/frameworks/langchain-toolset.mjs');
    expect(shown).toBe('three tools of its own kind\n');
  }, 60_000);
});
