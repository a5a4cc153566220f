// An agent of Google's ADK with the tools of a toolset. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { BaseLlm, InMemoryRunner, LlmAgent } from '@google/adk';
import { toolsFrom } from 'claviger/adapters/google-adk';

const called = [];
const inputSchema = { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] };
const toolset = {
  listTools: async () => ['search', 'fails'].map((name) => ({ name, description: `It ${name}`, inputSchema })),
  callTool: async (name, args, options) => {
    called.push([name, args, options.signal]);
    const content = [{ type: 'text', text: name === 'fails' ? 'it broke' : 'found' }];
    return { content, ...(name === 'fails' ? { isError: true } : {}) };
  },
};
const asked = [];
const turns = [
  ['search', 'fails'].map((name) => ({ functionCall: { id: name, name, args: { q: 'x' } } })),
  [{ text: 'done' }],
];
class Scripted extends BaseLlm {
  async *generateContentAsync({ contents, config }) {
    asked.push(structuredClone({ contents, tools: config.tools }));
    yield { content: { role: 'model', parts: turns[asked.length - 1] } };
  }
}
const agent = new LlmAgent({ name: 'agent', model: new Scripted({ model: 's' }), tools: await toolsFrom(toolset) });
const runner = new InMemoryRunner({ agent, appName: 'app' });
const { id } = await runner.sessionService.createSession({ appName: 'app', userId: 'ada' });
const message = { role: 'user', parts: [{ text: 'Find x' }] };
for await (const _event of runner.runAsync({ userId: 'ada', sessionId: id, newMessage: message }));
const declared = asked[0].tools.flatMap(({ functionDeclarations }) => functionDeclarations);
assert.deepEqual(declared[0], { name: 'search', description: 'It search', parametersJsonSchema: inputSchema });
assert.deepEqual(
  called.map(([name, args]) => [name, args]),
  [
    ['search', { q: 'x' }],
    ['fails', { q: 'x' }],
  ],
);
const answered = JSON.stringify(asked[1].contents);
assert.match(answered, /found/);
assert.match(answered, /it broke/);
console.log(`${declared.length} tools`);
