import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Redactor } from '../redaction/redactor.js';
import { readBatch, readEnvelope, type Envelope } from './message-line.js';

/** A message of a server, as it wrote it but in one line. */
export interface Incoming {
  readonly line: Buffer;
  readonly envelope: Envelope;
}

/** A message, and how it is written. */
export interface ReadLine {
  readonly line: Buffer;
  readonly message: JSONRPCMessage;
}

/** A message to a server. */
export interface Outgoing {
  readonly message: JSONRPCMessage;
  /** What goes out in its place, byte for byte. */
  readonly text: string;
}

const method = 'notifications/claviger/message';

/**
 * What a server says passes the SDK's transport as stand-ins. The SDK has to know only which of it are results; it would refuse
 * what it doesn't know, round numbers beyond 2^53 and write everything anew. The messages themselves wait here.
 */
export class StandIns {
  readonly #waiting = new Map<number, Incoming>();
  #last = 0;

  /** What the SDK is given in the place of a message, or of each message of a batch; undefined for what is neither. */
  of(text: Buffer): readonly string[] | undefined {
    const line = oneLine(text);
    const envelope = readEnvelope(line);
    if (envelope !== undefined) return [this.#keep({ line, envelope })];
    return readBatch(line)?.flatMap((message) => this.of(message) ?? []);
  }

  /** The message behind what the SDK has read. */
  take(standIn: JSONRPCMessage): Incoming | undefined {
    const holder = 'result' in standIn ? standIn.result : 'method' in standIn ? standIn.params : undefined;
    const number = Number(holder?.['claviger']);
    const incoming = this.#waiting.get(number);
    this.#waiting.delete(number);
    return incoming;
  }

  #keep(incoming: Incoming): string {
    const number = (this.#last += 1);
    this.#waiting.set(number, incoming);
    const holder = { claviger: number };
    const { envelope } = incoming;
    // after a result the SDK no longer asks for the rest of a stream; an error ends one as well
    const isAnswer = envelope.kind === 'response';
    return JSON.stringify(
      isAnswer ? { jsonrpc: '2.0', id: 0, result: holder } : { jsonrpc: '2.0', method, params: holder },
    );
  }
}

/** What the SDK is given to send: `ticket` is the body that it makes of it. */
export function outgoingStandIn({ message }: Outgoing, ticket: string): JSONRPCMessage {
  const id = 'method' in message && 'id' in message ? { id: 0 } : {};
  const named = 'method' in message ? { method: message.method } : { id: 0, result: {} };
  return { jsonrpc: '2.0', ...named, ...id, toJSON: () => ticket } as unknown as JSONRPCMessage;
}

/** What somebody reads in a line, without secrets: they can be written in more ways than a line shows. */
export function readable(line: Buffer, redactor: Redactor): ReadLine {
  const written = messageIn(line);
  const message = redactor.value(written);
  return { message, line: message === written ? line : Buffer.from(JSON.stringify(message)) };
}

export function messageIn(line: Buffer): JSONRPCMessage {
  return JSON.parse(line.toString()) as JSONRPCMessage;
}

/** An answer to nothing, after which the SDK does not ask for the rest of a stream. */
export const emptyAnswer: JSONRPCMessage = { jsonrpc: '2.0', id: 0, result: {} };

/** Line ends in JSON are white space, or the text is none. */
export function oneLine(text: Buffer): Buffer {
  const isEnd = (byte: number | undefined) => byte === 0x0a || byte === 0x0d;
  let end = text.length;
  while (end > 0 && isEnd(text[end - 1])) end -= 1;
  const line = text.subarray(0, end);
  if (!line.includes(0x0a) && !line.includes(0x0d)) return line;
  return Buffer.from(line.map((byte) => (isEnd(byte) ? 0x20 : byte)));
}
