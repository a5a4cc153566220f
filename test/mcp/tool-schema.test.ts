import { describe, expect, it } from 'vitest';
import { hideInTools } from '../../src/mcp/tool-schema.js';

const hide = (line: string, ...names: string[]) => hideInTools(Buffer.from(line), names);

describe('an answer to tools/list', () => {
  it('keeps every byte that need not change, numbers in a changed schema too', () => {
    const schema =
      '{"type":"object", "properties":{"n":{"maximum":9007199254740993,"multipleOf":1.0},"key":{"type":"string"}},"required":["n","key"],"minProperties":0, "x":1e3}';
    const other = '{ "type": "object", "x": 1.0 }';
    const line = `{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","inputSchema":${schema},"z":1.0},{"name":"b","inputSchema":${other}}],"nextCursor":"c"}}`;
    const hidden = hide(line, 'key');
    expect(hidden.line.toString()).toBe(
      line.replace(
        schema,
        '{"type":"object","properties":{"n":{"maximum":9007199254740993,"multipleOf":1.0}},"required":["n"],"minProperties":0,"x":1e3}',
      ),
    );
    expect(hidden.nextCursor).toBe('c');
    expect([...hidden.declared].map(([tool, names]) => [tool, [...names]])).toEqual([
      ['a', ['key']],
      ['b', []],
    ]);
  });

  it('loses several parameters at once, where a tool declares them', () => {
    const tools = [
      { name: 'a', inputSchema: { properties: { x: {}, y: {}, z: {} }, required: ['x', 'y'] } },
      { name: 'b' },
      null,
      { inputSchema: true },
    ];
    const { line, declared } = hide(JSON.stringify({ result: { tools } }), 'x', 'y');
    expect(JSON.parse(line.toString()).result.tools[0].inputSchema).toEqual({ properties: { z: {} } });
    expect([...(declared.get('a') ?? [])]).toEqual(['x', 'y']);
    expect(declared.get('b')?.size).toBe(0);
  });

  it('is the same line if no tool declares the parameter', () => {
    const line = Buffer.from('{"result":{"tools":[{"name":"a","inputSchema":{"properties":{}}}]}}');
    expect(hideInTools(line, ['key']).line).toBe(line);
  });
});
