import type {
  StreamableHTTPClientTransport,
  StreamableHTTPReconnectionOptions,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { FetchLike, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { loadHttpSdk } from './sdk-http.js';

/** How long the end of a session may take. */
const endMs = 1000;

/** One session with the server, and what is being sent in it. */
export class HttpSession {
  readonly http: StreamableHTTPClientTransport;
  readonly #sending = new Set<Promise<void>>();
  readonly #reconnection: StreamableHTTPReconnectionOptions = {
    initialReconnectionDelay: 500,
    maxReconnectionDelay: 30_000,
    reconnectionDelayGrowFactor: 2,
    maxRetries: 5,
  };

  constructor(url: URL, headers: Record<string, string>, fetch: FetchLike) {
    this.http = new (loadHttpSdk().StreamableHTTPClientTransport)(url, {
      fetch,
      requestInit: { headers },
      reconnectionOptions: this.#reconnection,
    });
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

  /** Ends it on the server too, also one whose id is still on its way. What takes longer than a second is broken off. */
  async end(): Promise<void> {
    const timer = setTimeout(() => void this.close(), endMs);
    if (this.http.sessionId === undefined) await this.idle();
    await this.http.terminateSession().catch(() => undefined); // a server that is gone has no session either
    clearTimeout(timer);
    await this.close();
  }

  /** Breaks off what is open. */
  async close(): Promise<void> {
    this.#reconnection.maxRetries = 0;
    await this.http.close();
  }
}

/** What keeps the SDK from asking for a stream again. */
export function nothingMore(): Response {
  return new Response(null, { status: 405 });
}
