import type { TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { AnswerStream } from './answer-stream.js';
import type { HttpSession } from './http-session.js';

/** A request over HTTP that is not answered yet. */
export class OpenHttpRequest {
  /** In which it was sent. */
  session: HttpSession | undefined;
  stream: AnswerStream | undefined;
  /** The last event of its stream, from which the server can go on. */
  token: string | undefined;
  /** Why the last attempt to go on failed. */
  failure: unknown;
  readonly #abort = new AbortController();

  constructor(
    readonly message: JSONRPCRequest,
    /** Takes the answer, which otherwise goes to the client. */
    readonly settle?: (answer: JSONRPCMessage) => void,
  ) {}

  get id(): RequestId {
    return this.message.id;
  }

  get method(): string {
    return this.message.method;
  }

  /** Whether the last attempt to go on with its stream has failed. */
  get isResuming(): boolean {
    return this.token !== undefined && this.failure !== undefined;
  }

  /** Ends its sending. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  abort(): void {
    this.#abort.abort();
  }

  /** Options for sending it, with which it learns how far its stream has come. */
  remembering(options: TransportSendOptions): TransportSendOptions {
    return {
      ...options,
      onresumptiontoken: (token) => {
        this.token = token;
        options.onresumptiontoken?.(token);
      },
    };
  }

  /** For its stream when it is settled, so that the SDK does not ask for the rest. */
  emptyAnswer(): JSONRPCMessage {
    return { jsonrpc: '2.0', id: this.id, result: {} };
  }
}

export function isRequest(message: JSONRPCMessage): message is JSONRPCRequest {
  return 'method' in message && 'id' in message;
}

/** The id of the request that a message cancels. */
export function cancelledRequest(message: JSONRPCMessage): string | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  return String(message.params?.['requestId']);
}

/** The request of a body that is being sent. */
export function sentIn(
  body: RequestInit['body'],
  open: ReadonlyMap<string, OpenHttpRequest>,
): OpenHttpRequest | undefined {
  if (typeof body !== 'string') return undefined;
  const message = JSON.parse(body) as JSONRPCMessage;
  return isRequest(message) ? open.get(String(message.id)) : undefined;
}

/** The request whose stream is taken up again after an event. */
export function resumedAfter(token: string, open: ReadonlyMap<string, OpenHttpRequest>): OpenHttpRequest | undefined {
  return [...open.values()].find((request) => request.token === token);
}
