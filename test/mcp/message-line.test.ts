import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guessId, readBatch, readEnvelope, withId } from '../../src/mcp/message-line.js';

const big = 'x'.repeat(20_000);

describe('a line', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1,"method":"ping"}', { kind: 'request', id: '1', method: 'ping' }],
    ['{"method":"\\u0070ing","id":"a\\u0062","jsonrpc":"2.0","x":1}', { kind: 'request', id: '"ab"', method: 'ping' }],
    ['{"jsonrpc":"2.0","method":"n"}', { kind: 'notification', method: 'n' }],
    [
      '{"jsonrpc":"2.0","id":12345678901234567890,"result":{}}',
      { kind: 'response', id: '12345678901234567890', failed: false },
    ],
    ['{"jsonrpc":"2.0","id":null,"error":{"code":1}}', { kind: 'response', id: 'null', failed: true }],
    [' {"result":1,"id":"x" , "jsonrpc": "2.0"}\r', { kind: 'response', id: '"x"', failed: false }],
  ])('is known for what it is, short or long: %s', (line, envelope) => {
    expect(readEnvelope(Buffer.from(line))).toEqual(envelope);
    const long = line.replace('{', `{"padding":"${big}",`);
    expect(readEnvelope(Buffer.from(long))).toEqual(envelope);
    expect(readEnvelope(Buffer.from(line.replace(/\}(\r?)$/, `,"padding":{"id":9,"a":"${big}"}}$1`)))).toEqual(
      envelope,
    );
  });

  it.each([
    '',
    '{',
    '{}',
    'null',
    '"x"',
    '[]',
    '{"level":30,"id":1,"msg":"up"}',
    '{"jsonrpc":"1.0","id":1,"method":"x"}',
    'Listening',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"result":',
  ])('that is no JSON-RPC message is none: %s', (line) => {
    expect(readEnvelope(Buffer.from(line))).toBeUndefined();
    expect(readBatch(Buffer.from(line))).toBeUndefined();
  });

  it('of an SDK is read from its beginning or end, whatever stands inside', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.boolean(), (value, id, first) => {
        const result = { value, text: big, tricky: ',"jsonrpc":"2.0","id":9}', data: [{ jsonrpc: '2.0', id: 8 }] };
        const message = first ? { jsonrpc: '2.0', id, result } : { result, jsonrpc: '2.0', id };
        expect(readEnvelope(Buffer.from(JSON.stringify(message)))).toEqual({
          kind: 'response',
          id: String(id),
          failed: false,
        });
      }),
      { numRuns: 30 },
    );
  });

  it('may be a batch', () => {
    const batch = readBatch(Buffer.from('[ {"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"} ]'));
    expect(batch?.map(String)).toEqual(['{"jsonrpc":"2.0","id":1,"method":"a"}', '{"jsonrpc":"2.0","method":"b"}']);
  });

  it('that is broken or cut still tells whose answer it was', () => {
    expect(guessId(Buffer.from('{"jsonrpc":"2.0","id":7,"result":{"a":['))).toBe('7');
    expect(guessId(Buffer.from('{"result":{"a":['), Buffer.from('x"}]},"jsonrpc":"2.0","id":"q"}'))).toBe('"q"');
    expect(guessId(Buffer.from('{"id":7,"msg":"a log line"}'))).toBeUndefined();
  });

  it('gets another id and keeps everything else', () => {
    const line = Buffer.from('{"id": 1.0,"method":"x","id":2,"params":{"id":3,"n":1e3},"jsonrpc":"2.0"}');
    expect(withId(line, '"p"').toString()).toBe(
      '{"id": "p","method":"x","id":"p","params":{"id":3,"n":1e3},"jsonrpc":"2.0"}',
    );
  });
});
