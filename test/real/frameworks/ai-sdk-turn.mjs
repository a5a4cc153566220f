// One turn of an AI SDK agent with a scripted model, all that the SDK tells watched. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import * as ai from 'ai';
import * as testing from 'ai/test';
import { createRegistry } from 'claviger';
import { withCredentialTool } from 'claviger/adapters/ai-sdk';
import { expectNoLeak } from 'claviger/testing';
import { z } from 'zod';

const key = `wk_${randomBytes(24).toString('hex')}`;
const events = [];
const registry = createRegistry({
  providers: [{ name: 'weather', source: () => key }],
  audit: (event) => void events.push(event),
});
const auth = registry.auth('weather');
const Model = testing.MockLanguageModelV4 ?? testing.MockLanguageModelV3;
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };

/** A model that calls each of the tools, and then is done. */
function scriptedModel(...calls) {
  const content = calls.map(([toolName, input], index) => ({
    ...{ type: 'tool-call', toolCallId: `c${index}`, toolName, input: JSON.stringify(input) },
  }));
  const answers = [
    { content, finishReason: { unified: 'tool-calls' }, usage, warnings: [] },
    { content: [{ type: 'text', text: 'done' }], finishReason: { unified: 'stop' }, usage, warnings: [] },
  ];
  let turn = 0;
  return new Model({
    doGenerate: () => Promise.resolve(answers[turn++]),
    doStream: () => {
      const { content, ...end } = answers[turn++];
      const parts = content.flatMap((part) =>
        part.type === 'text'
          ? ['text-start', 'text-delta', 'text-end'].map((type) => ({ type, id: 't', delta: part.text }))
          : [part],
      );
      const chunks = [{ type: 'stream-start', warnings: [] }, ...parts, { type: 'finish', ...end }];
      return Promise.resolve({ stream: ai.simulateReadableStream({ chunks }) });
    },
  });
}

/** Everything that telemetry is given: spans of a tracer (version 6), the events of an integration and of the channel (7). */
const told = [];
const span = new Proxy(
  { spanContext: () => ({ traceId: '1', spanId: '1', traceFlags: 0 }), isRecording: () => true },
  {
    get: (target, name) =>
      target[name] ??
      ((...args) => {
        told.push([name, ...args]);
        return span;
      }),
  },
);
const tracer = {
  startSpan: (...args) => {
    told.push(args);
    return span;
  },
  startActiveSpan: (...args) => {
    told.push(args.slice(0, -1));
    return args.at(-1)(span);
  },
};
const integration = new Proxy(
  {},
  {
    has: () => true,
    get: (_, name) => {
      if (name === 'executeTool' || name === 'executeLanguageModelCall')
        return (event) => {
          told.push([name, { ...event, execute: 0 }]);
          return event.execute();
        };
      return typeof name === 'string' && name.startsWith('on') ? (event) => void told.push([name, event]) : undefined;
    },
  },
);
for (const part of ['start', 'end', 'asyncStart', 'asyncEnd', 'error']) {
  subscribe(`tracing:ai:telemetry:${part}`, (message) => told.push([part, message]));
}
const recording = { isEnabled: true, recordInputs: true, recordOutputs: true, tracer, integrations: [integration] };
const telemetry = { telemetry: recording, experimental_telemetry: recording };

const got = [];
const inputs = [];
const tools = {
  weather: withCredentialTool(
    ai.tool({
      description: 'The weather in a city',
      inputSchema: z.object({
        city: z.string().transform((city) => `${city}!`),
        limit: z.number().default(5),
        apiKey: z.string(),
      }),
      onInputAvailable: ({ input }) => void inputs.push(input),
      toModelOutput: ({ input, output }) => ({
        type: 'text',
        value: `${JSON.stringify(input)} ${JSON.stringify(output)}`,
      }),
      execute: (input, { abortSignal }) => {
        got.push([input, abortSignal]);
        return { sunny: true, echo: input };
      },
    }),
    { auth, into: 'apiKey' },
  ),
  slow: withCredentialTool(
    ai.tool({
      inputSchema: z.object({ apiKey: z.string() }),
      async *execute({ apiKey }) {
        yield { progress: `with ${apiKey}` };
        yield { result: apiKey };
      },
    }),
    { auth, into: 'apiKey' },
  ),
  broken: withCredentialTool(
    ai.tool({
      inputSchema: z.object({ apiKey: z.string() }),
      execute: ({ apiKey }) => {
        throw new Error(`refused: ${apiKey}`);
      },
    }),
    { auth, into: 'apiKey' },
  ),
};
const calls = [
  ['weather', { city: 'Ulm', apiKey: 'made up' }],
  ['slow', {}],
  ['broken', {}],
];
const stopWhen = (ai.stepCountIs ?? ai.isStepCount)(3);
const told1 = [];
const callbacks = Object.fromEntries(
  [
    'onStepFinish',
    'onStepEnd',
    'onFinish',
    'onEnd',
    'onToolExecutionStart',
    'onToolExecutionEnd',
    'onError',
    'onChunk',
  ].map((name) => [name, (event) => void told1.push([name, event])]),
);

const model = scriptedModel(...calls);
const { signal } = new AbortController();
const generated = await ai.generateText({
  model,
  tools,
  stopWhen,
  prompt: 'What is the weather?',
  abortSignal: signal,
  ...telemetry,
  ...callbacks,
});
assert.equal(generated.text, 'done');
assert.deepEqual(got[0][0], { city: 'Ulm!', limit: 5, apiKey: key });
assert.ok(got[0][1] instanceof AbortSignal);
assert.deepEqual(inputs, [{ city: 'Ulm!', limit: 5 }]);
const [asked, again] = model.doGenerateCalls;
for (const { name, inputSchema } of asked.tools) assert.ok(!('apiKey' in inputSchema.properties), name);
assert.deepEqual(Object.keys(asked.tools[0].inputSchema.properties), ['city', 'limit']);
const prompt = JSON.stringify(again.prompt);
assert.match(prompt, /refused: \[secret\]/);
assert.match(prompt, /made up|Ulm!/);
assert.ok(generated.steps[0].toolResults.some(({ output }) => output.result === '[secret]'));
assert.ok(told.length > 4, 'telemetry was on');
assert.match(JSON.stringify(told.map((each) => each.filter((part) => typeof part !== 'function'))), /Ulm/);
expectNoLeak([JSON.stringify(generated.steps), generated.response, prompt, told, told1, events, asked], key);

const streamed = ai.streamText({
  model: scriptedModel(...calls),
  tools,
  stopWhen,
  prompt: 'And now?',
  ...telemetry,
  ...callbacks,
});
const parts = [];
for await (const part of streamed.fullStream ?? streamed.stream) parts.push(part);
const preliminary = parts.filter(({ type, preliminary }) => type === 'tool-result' && preliminary === true);
assert.ok(preliminary.length > 1, 'the generator streams');
assert.ok(parts.some(({ type }) => type === 'tool-error'));
assert.equal(await streamed.text, 'done');
expectNoLeak([parts, JSON.stringify(parts), JSON.stringify(await streamed.steps), told, told1, events], key);
assert.equal(events.filter(({ outcome }) => outcome === 'ok').length, 4);

console.log(
  `${told.length} events of telemetry, ${told1.length} of callbacks, ${parts.length} parts; the key: in the tools alone`,
);
