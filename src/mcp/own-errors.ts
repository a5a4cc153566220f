import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isClavigerError } from '../errors.js';

/** JSON-RPC 2.0 §5.1. */
export const internalError = -32603;

/** Our errors travel as JSON-RPC errors through the SDK's client; this leads back to them. */
export class OwnErrors {
  readonly #errors = new WeakMap<object, Error>();

  /** The answer to a request that carries an error through the client. */
  answer(id: RequestId, error: Error): JSONRPCMessage {
    const data = isClavigerError(error) ? error.toJSON() : {};
    this.#errors.set(data, error);
    return { jsonrpc: '2.0', id, error: { code: internalError, message: error.message, data } };
  }

  /** The error behind one that the client gave. */
  behind(error: unknown): unknown {
    const data = (error as { data?: unknown } | null | undefined)?.data;
    return typeof data === 'object' && data !== null ? (this.#errors.get(data) ?? error) : error;
  }
}
