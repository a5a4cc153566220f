import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calledTool, setArguments } from '../../src/mcp/call-arguments.js';

const key = new Map([['api_key', 'K"\\é']]);
const set = (line: string, values: ReadonlyMap<string, string> = key): string =>
  setArguments(Buffer.from(line), values).toString();

describe('the arguments of a tool call', () => {
  it.each([
    ['{"params":{"arguments":{"q":1.0}}}', '{"params":{"arguments":{"api_key":"K\\"\\\\é","q":1.0}}}'],
    ['{"params":{"arguments":{ }}}', '{"params":{"arguments":{"api_key":"K\\"\\\\é" }}}'],
    ['{"params":{"arguments":null,"name":"t"}}', '{"params":{"arguments":{"api_key":"K\\"\\\\é"},"name":"t"}}'],
    ['{"params":{"name":"t"}}', '{"params":{"arguments":{"api_key":"K\\"\\\\é"},"name":"t"}}'],
    [
      '{"params":{"arguments":{"api_key":{"a":[1]},"q":9007199254740993}}}',
      '{"params":{"arguments":{"api_key":"K\\"\\\\é","q":9007199254740993}}}',
    ],
    [
      '{"params":{"arguments":{"api_key":1,"x":2,"api\\u005fkey":3}}}',
      '{"params":{"arguments":{"api_key":"K\\"\\\\é","x":2,"api\\u005fkey":"K\\"\\\\é"}}}',
    ],
    [
      '{"params":{"arguments":{},"arguments":{"api_key":1}}}',
      '{"params":{"arguments":{"api_key":"K\\"\\\\é"},"arguments":{"api_key":"K\\"\\\\é"}}}',
    ],
    ['{"params":{"arguments":[1]}}', '{"params":{"arguments":[1]}}'],
    ['{"x":1}', '{"x":1}'],
  ])('get the key, wherever it may be read: %s', (line, expected) => {
    expect(set(line)).toBe(expected);
  });

  it('are otherwise what they were, for any arguments (F1)', () => {
    const record = fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(record, fc.constantFrom(undefined, 2), (args, indent) => {
        const call = {
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 't', arguments: args, _meta: { x: 1 } },
        };
        const both = new Map([
          ['api_key', 'K1'],
          ['token', 'K2'],
        ]);
        const placed = JSON.parse(set(JSON.stringify(call, undefined, indent), both));
        const expected = JSON.parse(
          JSON.stringify({ ...call, params: { ...call.params, arguments: { ...args, api_key: 'K1', token: 'K2' } } }),
        );
        expect(placed).toEqual(expected);
      }),
    );
  });

  it('belong to the tool that is named', () => {
    expect(calledTool(Buffer.from('{"params":{"name":"\\u0074"}}'))).toBe('t');
    expect(calledTool(Buffer.from('{"params":null}'))).toBeUndefined();
  });
});
