import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { z as z3 } from 'zod3';
import { toolsFrom, withCredentialTool } from '../../../src/adapters/google-adk.js';
import { expectNoLeak } from '../../../src/testing/index.js';
import { rejects } from '../../support/rejects.js';
import { rig } from '../../support/serve.js';
import { onDemand } from '../on-demand.js';
import { loadFrom } from './load.js';

const folder = onDemand('google-adk', { '@google/adk': '2.0.0' });
const load = (specifier: string) => (folder === undefined ? undefined : loadFrom(folder, specifier));
const adk = await load('@google/adk');
const tracing = await load('@opentelemetry/sdk-trace-node');

/** A tool that shows the world all that it gets. */
function weatherTool(got: unknown[], more: object = {}): any {
  const execute = (input: any, context: any) => {
    got.push(input, context?.abortSignal);
    context?.state.set('last', { with: input.apiKey });
    return { sunny: true, echo: input };
  };
  const parameters = z.object({ city: z.string().transform((city) => `${city}!`), apiKey: z.string().min(20) });
  return new adk.FunctionTool({ name: 'weather', description: 'The weather in a city', parameters, execute, ...more });
}

/** A model that gives what a script says, and keeps what it was asked. */
function scriptedModel(...turns: object[]): any {
  class Scripted extends adk.BaseLlm {
    asked: any[] = [];
    constructor() {
      super({ model: 'scripted' });
    }
    async *generateContentAsync(request: any) {
      this.asked.push(structuredClone({ contents: request.contents, config: { tools: request.config?.tools } }));
      yield { content: { role: 'model', parts: [turns[this.asked.length - 1]] } };
    }
  }
  return new Scripted();
}

/** A plugin that hears of everything, and the framework's own spans. */
function watched() {
  const seen: unknown[] = [];
  class Recorder extends adk.BasePlugin {}
  for (const name of Object.getOwnPropertyNames(adk.BasePlugin.prototype).filter((each) => each.endsWith('Callback'))) {
    (Recorder.prototype as any)[name] = ({ tool, toolArgs, result, error, event, llmRequest, llmResponse }: any) => {
      seen.push([
        name,
        { tool: tool?.name, toolArgs, result, error, event, contents: llmRequest?.contents, llmResponse },
      ]);
    };
  }
  const exporter = new tracing.InMemorySpanExporter();
  const provider = new tracing.NodeTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(exporter)] });
  provider.register();
  return { seen, plugin: new (Recorder as any)('recorder'), spans: () => exporter.getFinishedSpans() };
}

/** One turn of an agent. */
async function run(tool: unknown, model: any, plugin: unknown, message: object = { text: 'Weather in Ulm?' }) {
  const agent = new adk.LlmAgent({ name: 'agent', model, tools: [tool] });
  const runner = new adk.InMemoryRunner({ agent, appName: 'app', plugins: plugin === undefined ? [] : [plugin] });
  const session = await runner.sessionService.createSession({ appName: 'app', userId: 'ada' });
  const events: any[] = [];
  const newMessage = { role: 'user', parts: [message] };
  for await (const event of runner.runAsync({ userId: 'ada', sessionId: session.id, newMessage })) events.push(event);
  const stored = await runner.sessionService.getSession({ appName: 'app', userId: 'ada', sessionId: session.id });
  return { events, stored };
}

const call = (args: object) => ({ functionCall: { id: 'c1', name: 'weather', args } });
const responses = (events: any[]) =>
  events
    .flatMap(({ content }) => content?.parts ?? [])
    .flatMap(({ functionResponse }) => functionResponse?.response ?? []);

describe.skipIf(folder === undefined)("Google's Agent Development Kit", () => {
  it('runs an agent in which the key is in the tool and nowhere else (F19)', async () => {
    const { key, registry, events: audited } = rig({});
    const got: unknown[] = [];
    const weather = withCredentialTool(weatherTool(got), { auth: registry.auth('api'), into: 'apiKey' });
    expect(adk.isFunctionTool(weather)).toBe(true);
    const model = scriptedModel(call({ city: 'Ulm', apiKey: 'made up' }), { text: 'done' });
    const { seen, plugin, spans } = watched();
    const { events, stored } = await run(weather, model, plugin);

    expect(events.at(-1).content.parts[0].text).toBe('done');
    expect(got[0]).toEqual({ city: 'Ulm!', apiKey: key });
    const [declared] = model.asked[0].config.tools[0].functionDeclarations;
    expect(Object.keys(declared.parameters.properties)).toEqual(['city']);
    expect(responses(events)).toEqual([{ sunny: true, echo: { city: 'Ulm!', apiKey: '[secret]' } }]);
    expect(stored.state).toMatchObject({ last: { with: '[secret]' } });
    expect(seen.map((each: any) => each[0])).toEqual(
      expect.arrayContaining(['beforeToolCallback', 'afterToolCallback']),
    );
    const span = spans().find(({ name }: any) => name === 'execute_tool weather');
    expect(span.attributes).toMatchObject({ 'gen_ai.tool.type': 'FunctionTool' });
    expect(span.attributes['gcp.vertex.agent.tool_response']).toContain('[secret]');
    const kept = [seen, JSON.stringify(seen), events, stored, model.asked, audited, JSON.stringify(weather)];
    expectNoLeak(
      [...kept, spans().map(({ attributes, events, status }: any) => ({ attributes, events, status }))],
      key,
    );
    expect(audited).toMatchObject([{ type: 'use', tool: 'weather', outcome: 'ok' }]);
  });

  it('lets no error of the tool carry the key into callbacks, events and spans', async () => {
    const { key, registry } = rig({});
    const execute = ({ apiKey }: any) => Promise.reject(new RangeError(`no: ${apiKey}`));
    const weather = withCredentialTool(weatherTool([], { execute }), { auth: registry.auth('api'), into: 'apiKey' });
    const { seen, plugin, spans } = watched();
    const { events } = await run(weather, scriptedModel(call({ city: 'Ulm' }), { text: 'done' }), plugin);
    expect(responses(events)).toEqual([{ error: "Error in tool 'weather': no: [secret]" }]);
    expect(seen.map((each: any) => each[0])).toContain('onToolErrorCallback');
    expectNoLeak(
      [seen, events, spans().map(({ attributes, events, status }: any) => [attributes, events, status])],
      key,
    );
  });

  it('asks for confirmation before the key is fetched, and runs the confirmed call', async () => {
    const { key, registry, asked } = rig({});
    const judged: unknown[] = [];
    const got: unknown[] = [];
    const requireConfirmation = (input: unknown) => (judged.push(input), true);
    const own = weatherTool(got, { requireConfirmation });
    const weather: any = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const { events } = await run(
      weather,
      scriptedModel(call({ city: 'Ulm', apiKey: 'made up' }), { text: 'done' }),
      undefined,
    );
    expect(JSON.stringify(events)).toContain('adk_request_confirmation');
    expect(asked()).toBe(0);
    expect(judged).toEqual([{ city: 'Ulm' }]);
    expect(await weather.checkRequireConfirmation({ city: 'Ulm' })).toBe(true);
    const actions = {};
    await weather.runAsync({
      args: { city: 'Ulm' },
      toolContext: { actions, toolConfirmation: { confirmed: true }, state: new Map() },
    });
    expect(got[0]).toEqual({ city: 'Ulm!', apiKey: key });
  });

  it.each([
    ['zod 3', () => z3.object({ city: z3.string(), apiKey: z3.string() })],
    [
      "Gemini's schema",
      () => ({
        type: 'OBJECT',
        properties: { city: { type: 'STRING' }, apiKey: { type: 'STRING' } },
        required: ['city', 'apiKey'],
        propertyOrdering: ['apiKey', 'city'],
      }),
    ],
  ])('takes parameters in %s too', async (_what, make) => {
    const { key, registry } = rig({});
    const got: unknown[] = [];
    const own = weatherTool(got, { parameters: make(), execute: (input: unknown) => void got.push(input) });
    const weather: any = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const { parameters: shown } = weather._getDeclaration();
    expect(Object.keys(shown.properties)).toEqual(['city']);
    expect(JSON.stringify(shown)).not.toContain('apiKey');
    await weather.runAsync({ args: { city: 'Ulm', apiKey: 'made up' }, toolContext: {} });
    expect(got).toEqual([{ city: 'Ulm', apiKey: key }]);
    expect(own._getDeclaration().parameters.properties).toHaveProperty('apiKey');
  });

  it('takes every other tool that derives from its base class', async () => {
    const { key, registry } = rig({});
    const got: unknown[] = [];
    class Own extends adk.BaseTool {
      #calls = 0;
      constructor() {
        super({ name: 'weather', description: 'The weather in a city' });
      }
      _getDeclaration() {
        const properties = { city: { type: 'string' }, apiKey: { type: 'string' } };
        return { name: 'weather', parametersJsonSchema: { type: 'object', properties, required: ['apiKey'] } };
      }
      async runAsync({ args }: any) {
        got.push(args);
        return [++this.#calls, args.apiKey];
      }
    }
    const own = new Own();
    const weather = withCredentialTool(own as any, { auth: registry.auth('api'), into: 'apiKey' });
    const model = scriptedModel(call({ city: 'Ulm' }), { text: 'done' });
    const { events, stored } = await run(weather, model, undefined);
    expect(got).toEqual([{ city: 'Ulm', apiKey: key }]);
    expect(responses(events)).toEqual([{ results: [1, '[secret]'] }]);
    expect(JSON.stringify(model.asked)).not.toContain('apiKey');
    expectNoLeak([events, stored, model.asked], key);
    await rejects(
      () => withCredentialTool(own as any, { auth: registry.auth('api'), into: 'api_key' }),
      'ERR_PLACEMENT_INVALID',
    );
  });

  it('refuses at once what can not work', async () => {
    const { registry } = rig({});
    const auth = registry.auth('api');
    const without = weatherTool([], { parameters: undefined });
    await rejects(() => withCredentialTool(without, { auth, into: 'apiKey' }), 'ERR_PLACEMENT_INVALID');
    await rejects(() => withCredentialTool(weatherTool([]), { auth, into: 'api_key' }), 'ERR_PLACEMENT_INVALID');
    await rejects(() => withCredentialTool({} as never, { auth, into: 'apiKey' }), 'ERR_CONFIG_INVALID');
  });

  it('names the package that is missing', async () => {
    const error = await rejects(toolsFrom({} as never), 'ERR_DEPENDENCY_MISSING');
    expect(error.message).toContain('npm install @google/adk');
  });
});
