import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError } from '../errors.js';
import type { ToolsetConnection } from './client-toolset.js';
import { internalError, OwnErrors } from './own-errors.js';
import { Relay } from './relay.js';
import type { RelayOptions } from './relay-options.js';

/** Carries the messages of the SDK's client over a relay. */
export class ToolsetTransport implements ToolsetConnection {
  readonly relay: Relay;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #errors = new OwnErrors();
  #isClosed = false;

  constructor(options: Omit<RelayOptions, 'deliver' | 'fail'>) {
    this.relay = new Relay({
      ...options,
      deliver: (line) => this.#deliver(line),
      fail: (id, error) => this.#fail(id, error),
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    this.relay.receive(Buffer.from(JSON.stringify(message)));
  }

  /** What the SDK's client calls when a handshake fails and when a program closes it. */
  close(): Promise<void> {
    return this.end(new ClavigerError('ERR_TOOLSET_CLOSED', 'the client of the toolset was closed'));
  }

  async end(reason: ClavigerError): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const ended = this.relay.close(reason);
    this.onclose?.();
    await ended;
  }

  failureOf(error: unknown): unknown {
    return this.#errors.behind(error);
  }

  #deliver(line: Buffer): void {
    let message: JSONRPCMessage;
    try {
      message = JSON.parse(line.toString()) as JSONRPCMessage;
    } catch {
      this.onerror?.(new Error('the MCP server sent a message that is not JSON'));
      return;
    }
    this.onmessage?.(asExpected(message));
  }

  #fail(id: string, error: Error): void {
    this.onmessage?.(this.#errors.answer(JSON.parse(id) as string | number, error));
  }
}

/** The SDK drops a message with a member too many or a code that is no integer, and its caller waits for ever. */
function asExpected(message: JSONRPCMessage): JSONRPCMessage {
  const { id, method, params, result, error } = message as Record<string, unknown>;
  if (typeof method === 'string') {
    const request = id === undefined ? { method } : { id, method };
    return { jsonrpc: '2.0', ...request, ...(isObject(params) ? { params } : {}) };
  }
  if (error === undefined && isObject(result)) return { jsonrpc: '2.0', id, result } as JSONRPCMessage;
  const { code, message: text, data } = isObject(error) ? error : {};
  const known = {
    code: Number.isInteger(code) ? code : internalError,
    message: typeof text === 'string' ? text : 'the MCP server sent neither a result nor an error',
    ...(data === undefined ? {} : { data }),
  };
  return { jsonrpc: '2.0', ...(id === null ? {} : { id: id as string }), error: known } as JSONRPCMessage;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
