import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';

/** One session with the server, and what is being sent in it. */
export class HttpSession {
  readonly http: StreamableHTTPClientTransport;
  readonly #sending = new Set<Promise<void>>();

  constructor(http: StreamableHTTPClientTransport) {
    this.http = http;
  }

  async send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    const sending = this.http.send(message, options as Parameters<StreamableHTTPClientTransport['send']>[1]);
    this.#sending.add(sending);
    try {
      await sending;
    } finally {
      this.#sending.delete(sending);
    }
  }

  /** Streamable HTTP, "Session Management": 404 to a request with the id of a session that has ended. */
  isForgotten(error: unknown): boolean {
    return this.http.sessionId !== undefined && (error as { code?: unknown } | null)?.code === 404;
  }

  /** When the server has answered all that was sent. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#sending);
  }
}
