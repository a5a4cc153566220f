// The tools of an MCP toolset as LangChain's own, called by a model's tool calls. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { DynamicStructuredTool } from '@langchain/core/tools';
import { toolsFrom } from 'claviger/adapters/langchain';

const image = { type: 'image', data: 'AAAA', mimeType: 'image/png' };
const results = {
  text: { content: ['one', 'two'].map((text) => ({ type: 'text', text })) },
  picture: { content: [{ type: 'text', text: 'see' }, image] },
  fails: { isError: true, content: [{ type: 'text', text: 'it broke' }] },
};
const calls = [];
const inputSchema = { type: 'object', properties: { q: { type: 'string' } }, required: ['q'] };
const toolset = {
  listTools: async () => Object.keys(results).map((name) => ({ name, description: name, inputSchema })),
  callTool: async (name, args, { signal }) => {
    calls.push([name, args, signal]);
    return results[name];
  },
};

const [text, picture, fails] = await toolsFrom(toolset);
assert.ok(text instanceof DynamicStructuredTool);
const call = (name) => ({ type: 'tool_call', id: 'c1', name, args: { q: 'x' } });
const { signal } = new AbortController();
const message = await text.invoke(call('text'), { signal });
assert.deepEqual([message.content, message.artifact, message.tool_call_id], ['one\ntwo', results.text, 'c1']);
assert.deepEqual(calls, [['text', { q: 'x' }, signal]]);
assert.deepEqual((await picture.invoke(call('picture'))).content, [
  { type: 'text', text: 'see' },
  { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
]);
await assert.rejects(fails.invoke(call('fails')), /it broke/);
await assert.rejects(text.invoke({ q: 1 }), /did not match expected schema/);
console.log('three tools of its own kind');
