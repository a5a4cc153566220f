// One turn of a Mastra agent with a scripted model, its tracing on. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Agent } from '@mastra/core/agent';
import { Mastra } from '@mastra/core';
import { createTool } from '@mastra/core/tools';
import { Observability, TestExporter } from '@mastra/observability';
import { createRegistry } from 'claviger';
import { toolsFrom, withCredentialTool } from 'claviger/adapters/mastra';
import { expectNoLeak } from 'claviger/testing';
import { z } from 'zod';

const key = `wk_${randomBytes(24).toString('hex')}`;
const events = [];
let fetched = 0;
const registry = createRegistry({
  providers: [{ name: 'weather', source: () => (fetched++, key) }],
  audit: (event) => void events.push(event),
});
const options = { auth: registry.auth('weather'), into: 'apiKey' };

/** A model that calls each of the tools, and then is done. */
function scriptedModel(...calls) {
  const asked = [];
  const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
  const content = calls.map(([toolName, input], index) => ({
    ...{ type: 'tool-call', toolCallId: `c${index}`, toolName, input: JSON.stringify(input) },
  }));
  const answer = (call) => {
    asked.push(structuredClone({ prompt: call.prompt, tools: call.tools }));
    return asked.length === 1
      ? { content, finishReason: 'tool-calls', usage, warnings: [] }
      : { content: [{ type: 'text', text: 'done' }], finishReason: 'stop', usage, warnings: [] };
  };
  return {
    asked,
    specificationVersion: 'v2',
    provider: 'scripted',
    modelId: 'scripted',
    supportedUrls: {},
    doGenerate: async (call) => answer(call),
    doStream: async (call) => {
      const { content: parts, ...end } = answer(call);
      const chunks = parts.flatMap((part) =>
        part.type === 'text'
          ? ['text-start', 'text-delta', 'text-end'].map((type) => ({ type, id: 't', delta: part.text }))
          : [part],
      );
      return {
        stream: ReadableStream.from([{ type: 'stream-start', warnings: [] }, ...chunks, { type: 'finish', ...end }]),
      };
    },
  };
}

const got = [];
const hooks = [];
const inputSchema = z.object({
  city: z.string().transform((city) => `${city}!`),
  limit: z.number().default(5),
  apiKey: z.string().min(20),
});
const own = createTool({
  id: 'weather',
  description: 'The weather in a city',
  inputSchema,
  onInputAvailable: ({ input }) => void hooks.push(input),
  execute: async (input, context) => {
    got.push([input, context]);
    await context.writer?.custom({ type: 'data-progress', data: { with: input.apiKey } });
    context.observe?.log('info', `calling with ${input.apiKey}`, { apiKey: input.apiKey });
    await context.observe?.span('inner', () => 1, { apiKey: input.apiKey });
    return { sunny: true, echo: input };
  },
});
const weather = withCredentialTool(own, options);
assert.equal(weather.constructor, own.constructor);
const broken = withCredentialTool(
  createTool({
    id: 'broken',
    description: 'Fails',
    inputSchema: z.object({ apiKey: z.string() }),
    execute: async ({ apiKey }) => {
      throw new Error(`refused: ${apiKey}`);
    },
  }),
  options,
);
const odd = withCredentialTool(
  createTool({
    id: 'odd',
    description: 'Gives what its schema does not say',
    inputSchema: z.object({ apiKey: z.string() }),
    outputSchema: z.object({ n: z.number() }),
    // half of the key stands before the place at which the framework cuts what it quotes
    execute: async ({ apiKey }) => ({ pad: 'x'.repeat(150), apiKey }),
  }),
  options,
);

const exporter = new TestExporter();
const observability = new Observability({ configs: { default: { serviceName: 'test', exporters: [exporter] } } });
const model = scriptedModel(['weather', { city: 'Ulm', apiKey: 'made up' }], ['broken', {}], ['odd', {}]);
const agent = new Agent({ id: 'agent', name: 'agent', instructions: 'Help.', model, tools: { weather, broken, odd } });
const mastra = new Mastra({ agents: { agent }, observability, logger: false });
const steps = [];
const stream = await mastra.getAgent('agent').stream('What is the weather in Ulm?', {
  abortSignal: new AbortController().signal,
  onStepFinish: (step) => void steps.push(JSON.stringify(step)),
});
const chunks = [];
for await (const chunk of stream.fullStream) chunks.push(JSON.stringify(chunk));
assert.equal(await stream.text, 'done');
await observability.getDefaultInstance?.()?.flush?.();

const [[input, context]] = got;
assert.deepEqual(input, { city: 'Ulm!', limit: 5, apiKey: key });
assert.ok(context.abortSignal instanceof AbortSignal);
for (const { name, inputSchema } of model.asked[0].tools)
  assert.ok(!('apiKey' in (inputSchema.properties ?? {})), name);
assert.deepEqual(Object.keys(model.asked[0].tools[0].inputSchema.properties), ['city', 'limit']);
const told = JSON.stringify(model.asked[1].prompt);
assert.match(told, /\[secret\]/);
assert.match(told, /refused: \[secret\]/);
assert.doesNotMatch(told, /Provided|Returned output/);
assert.ok(hooks.length > 0);
const spans = JSON.stringify(exporter.events);
assert.match(spans, /tool: 'weather'/);
assert.match(spans, /\[secret\]/);
assert.ok(chunks.some((chunk) => chunk.includes('data-progress')));
const everything = [
  spans,
  JSON.stringify(exporter.getAllLogs?.() ?? []),
  chunks,
  steps,
  told,
  hooks,
  events,
  JSON.stringify(weather),
];
expectNoLeak(everything, key);
for (const half of [key.slice(0, 12), key.slice(0, 20)])
  for (const each of everything.flat()) assert.ok(!String(each).includes(half));
assert.deepEqual(events.map(({ tool, outcome }) => [tool, outcome]).sort(), [
  ['broken', 'error'],
  ['odd', 'ok'],
  ['weather', 'ok'],
]);

// called by itself, as a workflow does: what the schema refuses costs no key, and a refused key is not told
const before = fetched;
const refused = await weather.execute({ city: 'Ulm' }, {});
assert.deepEqual(refused.echo, { city: 'Ulm!', limit: 5, apiKey: '[secret]' });
assert.equal(fetched, before);
const strict = createTool({
  ...own,
  id: 'strict',
  inputSchema: z.object({ apiKey: z.string().max(5) }),
  execute: async () => 'called',
});
const error = await withCredentialTool(strict, options)
  .execute({}, {})
  .catch((thrown) => thrown);
assert.equal(error.code, 'ERR_PLACEMENT_INVALID');
expectNoLeak(error, key);
assert.ok(!error.message.includes('apiKey'));

// the tools of a toolset
const called = [];
const toolset = {
  listTools: async () => [
    {
      name: 'search',
      description: 'Searches',
      inputSchema: { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] },
    },
  ],
  callTool: async (...args) => {
    called.push(args);
    return { content: [{ type: 'text', text: 'found' }] };
  },
};
const second = scriptedModel(['search', { q: 'x' }]);
const finder = new Agent({ id: 'f', name: 'f', instructions: 'Help.', model: second, tools: await toolsFrom(toolset) });
assert.equal((await finder.generate('Find x')).text, 'done');
assert.deepEqual(called[0].slice(0, 2), ['search', { q: 'x' }]);
assert.ok(called[0][2].signal === undefined || called[0][2].signal instanceof AbortSignal);
assert.match(JSON.stringify(second.asked[1].prompt), /found/);
console.log(`${exporter.events.length} events of tracing, ${chunks.length} chunks; the key: in the tools alone`);
process.exit(0);
