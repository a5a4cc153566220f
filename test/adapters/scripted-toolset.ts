import type { Toolset } from '../../src/mcp/index.js';

/** A toolset without a server, and the calls that reached it. */
export function scriptedToolset(): { toolset: Toolset; calls: unknown[][] } {
  const calls: unknown[][] = [];
  const inputSchema = { type: 'object' as const, properties: { q: { type: 'string' } } };
  const results: Record<string, object> = {
    text: { content: ['one', 'two'].map((text) => ({ type: 'text', text })) },
    picture: {
      content: [
        { type: 'text', text: 'see' },
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      ],
    },
    fails: { isError: true, content: [{ type: 'text', text: 'it broke' }] },
  };
  const toolset = {
    listTools: () =>
      Promise.resolve([
        { name: 'text', description: 'Gives a text', inputSchema },
        { name: 'picture', title: 'A picture', inputSchema: { type: 'object' } },
        { name: 'fails', inputSchema },
      ]),
    callTool: (name: string, ...rest: unknown[]) => {
      calls.push([name, ...rest]);
      return Promise.resolve(results[name]);
    },
  };
  return { toolset: toolset as unknown as Toolset, calls };
}
