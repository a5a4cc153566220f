import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { withCredentialTool } from '../../../src/adapters/openai-agents.js';
import { expectNoLeak } from '../../../src/testing/index.js';
import { rig } from '../../support/serve.js';
import { onDemand } from '../on-demand.js';
import { loadFrom } from './load.js';

const folder = onDemand('openai-agents', { '@openai/agents': '0.20.0', zod: '4.6.7' });
const sdk = folder === undefined ? undefined : await loadFrom(folder, '@openai/agents');

/** A model that gives what a script says, one answer for each turn, and keeps what it was asked. */
class ScriptedModel {
  readonly requests: any[] = [];
  readonly #turns: object[][];

  constructor(...turns: object[][]) {
    this.#turns = turns;
  }

  getResponse(request: any): Promise<object> {
    this.requests.push(structuredClone({ input: request.input, tools: request.tools }));
    const output = this.#turns[this.requests.length - 1] ?? [];
    return Promise.resolve({ usage: new sdk.Usage(), output, responseId: String(this.requests.length) });
  }
}

const call = (args: object) => ({
  ...{ type: 'function_call', callId: 'c1', name: 'weather', status: 'completed' },
  arguments: JSON.stringify(args),
});
const answer = {
  ...{ type: 'message', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text: 'done' }],
};

/** All that the SDK's tracing exports, and what hooks of the runner are shown. */
function watched(runner: any): unknown[] {
  const seen: unknown[] = [];
  const keep = (item: any) => Promise.resolve(void seen.push(item.toJSON()));
  const nothing = () => Promise.resolve();
  sdk.setTracingDisabled(false);
  sdk.setTraceProcessors([
    {
      onTraceStart: keep,
      onTraceEnd: keep,
      onSpanStart: keep,
      onSpanEnd: keep,
      shutdown: nothing,
      forceFlush: nothing,
    },
  ]);
  for (const event of ['agent_tool_start', 'agent_tool_end', 'agent_end']) {
    runner.on(event, (_context: unknown, _agent: unknown, ...rest: unknown[]) => seen.push([event, ...rest]));
  }
  onTestFinished(() => sdk.setTraceProcessors([]));
  return seen;
}

const parameters = z.object({ city: z.string().toUpperCase(), apiKey: z.string().min(20) });

describe.skipIf(sdk === undefined)('the OpenAI Agents SDK', () => {
  it('runs a turn in which the key is in the tool and nowhere else (F19)', async () => {
    const { key, registry, events } = rig({});
    const got: unknown[] = [];
    const own = sdk.tool({
      name: 'weather',
      description: 'The weather in a city',
      parameters,
      needsApproval: async () => false,
      customDataExtractor: ({ input, output }: any) => ({ input, output }),
      execute: (input: unknown, _context: unknown, details: any) => {
        got.push(input, details.signal);
        return { sunny: true, echo: input };
      },
    });
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const model = new ScriptedModel([call({ city: 'Ulm', apiKey: 'made up' })], [answer]);
    const agent = new sdk.Agent({ name: 'assistant', model, tools: [weather] });
    const runner = new sdk.Runner();
    const seen = watched(runner);
    const result = await runner.run(agent, 'What is the weather in Ulm?', {
      context: { user: 'Ada' },
      signal: AbortSignal.timeout(60_000),
    });

    expect(result.finalOutput).toBe('done');
    expect(got).toEqual([{ city: 'ULM', apiKey: key }, expect.any(AbortSignal)]);
    const [tool] = model.requests[0].tools;
    expect(tool).toMatchObject({ name: 'weather', strict: true });
    expect(tool.parameters).toMatchObject({ required: ['city'], additionalProperties: false });
    expect(Object.keys(tool.parameters.properties)).toEqual(['city']);
    expect(JSON.stringify(model.requests[1].input)).toContain('[secret]');
    expect(JSON.stringify(seen)).toContain('"type":"function"');
    const state = result.state.toString();
    expect(state).toContain('[secret]');
    expectNoLeak([seen, model.requests, state, result.newItems, result.history, events], key);
    expect(events).toMatchObject([{ type: 'use', tool: 'weather', outcome: 'ok' }]);
  });

  it('lets no error of the tool carry the key into the answer, the trace or the state', async () => {
    const { key, registry } = rig({});
    const own = sdk.tool({
      name: 'weather',
      description: 'x',
      parameters,
      execute: ({ apiKey }: { apiKey: string }) => {
        throw new Error(`upstream refused ${apiKey}`);
      },
      errorFunction: (_context: unknown, error: Error) => `failed: ${error.message}`,
    });
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const model = new ScriptedModel([call({ city: 'Ulm' })], [answer]);
    const runner = new sdk.Runner();
    const seen = watched(runner);
    const result = await runner.run(new sdk.Agent({ name: 'assistant', model, tools: [weather] }), 'hello');

    expect(JSON.stringify(model.requests[1].input)).toContain('failed: upstream refused [secret]');
    expect(JSON.stringify(seen)).toContain('upstream refused [secret]');
    expectNoLeak([seen, model.requests, result.state.toString(), result.newItems], key);
  });

  it('passes errors of a tool that does not hide them, without the key', async () => {
    const { key, registry } = rig({});
    const own = sdk.tool({
      ...{ name: 'weather', description: 'x', parameters, errorFunction: null },
      execute: ({ apiKey }: { apiKey: string }) => Promise.reject(new RangeError(`no: ${apiKey}`)),
    });
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const error = await weather.invoke(new sdk.RunContext(), '{"city":"Ulm"}').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toBe('no: [secret]');
    expectNoLeak(error, key);
  });

  it('asks for approval before a key is fetched, and goes on from a serialised state', async () => {
    const { key, registry, asked } = rig({});
    const got: unknown[] = [];
    const own = sdk.tool({
      ...{ name: 'weather', description: 'x', parameters, needsApproval: true },
      execute: (input: { apiKey: string }) => {
        got.push(input.apiKey);
        return input.apiKey;
      },
    });
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const model = new ScriptedModel([call({ city: 'Ulm' })], [answer]);
    const agent = new sdk.Agent({ name: 'assistant', model, tools: [weather] });
    const paused = await new sdk.Runner().run(agent, 'hello');
    expect([paused.interruptions.length, asked()]).toEqual([1, 0]);

    const state = await sdk.RunState.fromString(agent, paused.state.toString());
    state.approve(state.getInterruptions()[0]);
    const result = await new sdk.Runner().run(agent, state);
    expect([result.finalOutput, got]).toEqual(['done', [key]]);
    expectNoLeak([result.state.toString(), model.requests], key);
  });

  it.each([
    ['tells of errors by itself', { errorFunction: (_: unknown, error: Error) => String(error) }, /not valid|Invalid/i],
    ['passes errors on', { errorFunction: null }, /Invalid/],
  ])('gives a key that the tool does not take to no tool, and says so to no model: %s', async (_, more, said) => {
    const { registry } = rig({ source: () => 'too-short-key' });
    let calls = 0;
    const own = sdk.tool({ name: 'weather', description: 'x', parameters, execute: () => ++calls, ...more });
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const outcome = await weather.invoke(new sdk.RunContext(), '{"city":"Ulm"}').catch((error: unknown) => error);
    expect(calls).toBe(0);
    expect(String(outcome)).toMatch(said);
    expect(String(outcome)).not.toContain('apiKey');
    expectNoLeak(outcome, 'too-short-key');
  });

  it('refreshes a refused key and repeats the call', async () => {
    let version = 1;
    const keys = ['', 'first-key-0123456789', 'other-key-0123456789'];
    const { registry } = rig({ source: () => ({ secret: keys[version] ?? '', version: String(version) }) });
    const used: string[] = [];
    const own = sdk.tool({
      ...{ name: 'weather', description: 'x', parameters, errorFunction: null },
      execute: ({ apiKey }: { apiKey: string }) => {
        used.push(apiKey);
        version = 2;
        return apiKey === keys[2] ? 'sunny' : Promise.reject(Object.assign(new Error('no'), { status: 401 }));
      },
    });
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    expect(await weather.invoke(new sdk.RunContext(), '{"city":"Ulm"}')).toBe('sunny');
    expect(used).toEqual(keys.slice(1));
  });

  it('after a failure that the SDK hides uses a newer key at the next call, and repeats nothing', async () => {
    let version = 1;
    const keys = ['', 'first-key-0123456789', 'other-key-0123456789'];
    const { registry } = rig({ source: () => ({ secret: keys[version] ?? '', version: String(version) }) });
    const used: string[] = [];
    const own = sdk.tool({
      ...{ name: 'weather', description: 'x', parameters },
      execute: ({ apiKey }: { apiKey: string }) => {
        used.push(apiKey);
        version = 2;
        return apiKey === keys[2] ? 'sunny' : Promise.reject(Object.assign(new Error('no'), { status: 401 }));
      },
    });
    const weather = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey' });
    const context = new sdk.RunContext();
    expect(await weather.invoke(context, '{"city":"Ulm"}')).toContain('An error occurred');
    expect(used).toEqual([keys[1]]);
    expect(await weather.invoke(context, '{"city":"Ulm"}')).toBe('sunny');
  });
});
