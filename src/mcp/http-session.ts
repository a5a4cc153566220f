import type {
  StreamableHTTPClientTransport,
  StreamableHTTPReconnectionOptions,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { FetchLike, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import { loadHttpSdk } from './sdk-http.js';
import { outgoingStandIn, type Outgoing } from './stand-ins.js';

/** How long the end of a session may take. */
const endMs = 1000;

/** One session with the server, and what is being sent in it. */
export class HttpSession<O extends Outgoing> {
  readonly http: StreamableHTTPClientTransport;
  readonly #sending = new Set<Promise<void>>();
  /** What is being sent, by the body that the SDK makes of its stand-in. */
  readonly #bodies = new Map<string, O>();
  #last = 0;
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

  async send(outgoing: O, options: TransportSendOptions = {}): Promise<void> {
    const ticket = `claviger-${String((this.#last += 1))}`;
    const body = JSON.stringify(ticket);
    this.#bodies.set(body, outgoing);
    const standIn = outgoingStandIn(outgoing, ticket);
    const sending = this.http.send(standIn, options as Parameters<StreamableHTTPClientTransport['send']>[1]);
    this.#sending.add(sending);
    try {
      await sending;
    } finally {
      this.#sending.delete(sending);
      this.#bodies.delete(body);
    }
  }

  /** What a body of the SDK's stands for. */
  behind(body: RequestInit['body']): O | undefined {
    return typeof body === 'string' ? this.#bodies.get(body) : undefined;
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
