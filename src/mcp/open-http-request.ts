import type { TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest, RequestId } from '@modelcontextprotocol/sdk/types.js';
import type { AnswerStream } from './answer-stream.js';
import type { HttpSession } from './http-session.js';
import { messageIn, type Outgoing } from './stand-ins.js';

/** A message to a server over HTTP; with `request` where one waits for its answer. */
export interface HttpOutgoing extends Outgoing {
  readonly request?: OpenHttpRequest;
}

/** A request over HTTP that is not answered yet. */
export class OpenHttpRequest implements HttpOutgoing {
  /** In which it was sent. */
  session: HttpSession<HttpOutgoing> | undefined;
  stream: AnswerStream | undefined;
  /** The last event of its stream, from which the server can go on. */
  token: string | undefined;
  /** Why the last attempt to go on failed. */
  failure: unknown;
  readonly #abort = new AbortController();

  constructor(
    readonly message: JSONRPCRequest,
    readonly text: string,
    /** Its id as JSON, which an answer has too. */
    readonly key: string,
    /** Takes the answer, which otherwise goes to the client. */
    readonly settle?: (answer: JSONRPCMessage) => void,
  ) {}

  /** One that the client does not hear of. */
  static ofOurs(line: Buffer, key: string): { request: OpenHttpRequest; answer: Promise<JSONRPCMessage> } {
    let settle: (answer: JSONRPCMessage) => void = () => undefined;
    const answer = new Promise<JSONRPCMessage>((resolve) => (settle = resolve));
    const request = new OpenHttpRequest(messageIn(line) as JSONRPCRequest, line.toString(), key, settle);
    return { request, answer };
  }

  get request(): this {
    return this;
  }

  get id(): RequestId {
    return this.message.id;
  }

  get method(): string {
    return this.message.method;
  }

  /** Whether the last attempt to go on with its stream has failed. */
  get couldNotResume(): boolean {
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
}

export function isRequest(message: JSONRPCMessage): message is JSONRPCRequest {
  return 'method' in message && 'id' in message;
}

/** The id of the request that a message cancels, as JSON. */
export function cancelledRequest(message: JSONRPCMessage): string | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  return JSON.stringify(message.params?.['requestId']);
}

/** The request whose stream is taken up again after an event. */
export function resumedAfter(token: string, open: ReadonlyMap<string, OpenHttpRequest>): OpenHttpRequest | undefined {
  return [...open.values()].find((request) => request.token === token);
}
