// An agent of the AI SDK whose tool calls an API with a key that the model never sees. The model is scripted, so that this runs
// without a network: npm install ai zod. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { isStepCount, tool, ToolLoopAgent } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { createRegistry } from 'claviger';
import { withCredentialTool } from 'claviger/adapters/ai-sdk';
import { expectNoLeak } from 'claviger/testing';
import { z } from 'zod';

const key = `wk_${randomBytes(24).toString('hex')}`;
const registry = createRegistry({ providers: [{ name: 'weather', source: () => key }] });

// An API that gives back what it was sent: the worst that can happen to a key.
const fetchWeather = async (city, apiKey) => ({ city, sky: apiKey === key ? 'clear' : 'unknown', sent: { apiKey } });

// Written as if the model knew the key; the wrapper takes the parameter out of what the model sees.
const weather = withCredentialTool(
  tool({
    description: 'The weather in a city',
    inputSchema: z.object({ city: z.string(), apiKey: z.string().startsWith('wk_') }),
    execute: ({ city, apiKey }) => fetchWeather(city, apiKey),
  }),
  { auth: registry.auth('weather'), into: 'apiKey' },
);

// First it calls the tool, with a key that it made up, then it answers.
const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
const input = JSON.stringify({ city: 'Ulm', apiKey: 'sk-made-up' });
const model = new MockLanguageModelV4({
  doGenerate: [
    {
      content: [{ type: 'tool-call', toolCallId: 'call-1', toolName: 'weather', input }],
      ...{ finishReason: { unified: 'tool-calls' }, usage, warnings: [] },
    },
    { content: [{ type: 'text', text: 'The sky is clear.' }], finishReason: { unified: 'stop' }, usage, warnings: [] },
  ],
});

const agent = new ToolLoopAgent({ model, tools: { weather }, stopWhen: isStepCount(3) });
const { text, steps } = await agent.generate({ prompt: 'What is the weather in Ulm?' });

const [shown] = model.doGenerateCalls[0].tools;
console.log('the model is shown:', Object.keys(shown.inputSchema.properties).join(', '));
console.log('the tool gave:     ', JSON.stringify(steps[0].toolResults[0].output));
console.log('the agent says:    ', text);
assert.deepEqual(steps[0].toolResults[0].output, { city: 'Ulm', sky: 'clear', sent: { apiKey: '[secret]' } });
expectNoLeak([JSON.stringify(steps), JSON.stringify(model.doGenerateCalls), text], key);
console.log('the key:            in no message, no step and no result');
