import type { StreamableHTTPReconnectionOptions } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { FetchLike, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError, findClavigerError, safeCause } from '../errors.js';
import type { Redactor } from '../redaction/redactor.js';
import { AnswerStream, endedStream } from './answer-stream.js';
import type { ToolsetConnection } from './client-toolset.js';
import { HttpSession } from './http-session.js';
import { OwnErrors } from './own-errors.js';
import { redactedEvents, redactedResponse } from './redact-events.js';
import { loadHttpSdk } from './sdk-http.js';

export interface HttpTransportOptions {
  readonly url: URL;
  /** Adds the credential; what it gives is not redacted yet. */
  readonly fetch: FetchLike;
  readonly headers: Record<string, string>;
  readonly redactor: Redactor;
}

/** A request that is not answered yet. */
interface OpenRequest {
  readonly id: string | number;
  stream: AnswerStream | undefined;
  /** The last event of its stream, from which the server can go on. */
  token: string | undefined;
  /** Why the last attempt to go on failed. */
  failure: unknown;
  /** Takes the answer, which otherwise goes to the client. */
  settle?: (answer: JSONRPCMessage) => void;
}

/** How long the end of a session may take. */
const endMs = 1000;

/**
 * Carries the messages of the SDK's client over its Streamable HTTP, and sees to it that every request comes to an end: also
 * when a stream ends without the answer, and when the server has forgotten the session, which is then begun anew.
 */
export class HttpTransport implements ToolsetConnection {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #options: HttpTransportOptions;
  readonly #errors = new OwnErrors();
  readonly #open = new Map<string, OpenRequest>();
  /** On which requests are being answered. */
  readonly #streams = new Map<string, { stream: AnswerStream; request: OpenRequest }>();
  /** Events of streams that nobody waits for any more. */
  readonly #abandoned = new Set<string>();
  readonly #reconnection: StreamableHTTPReconnectionOptions = {
    initialReconnectionDelay: 500,
    maxReconnectionDelay: 30_000,
    reconnectionDelayGrowFactor: 2,
    maxRetries: 5,
  };
  #session: HttpSession;
  #renewing: Promise<HttpSession> | undefined;
  #initialize: JSONRPCRequest | undefined;
  #version: string | undefined;
  #closed: ClavigerError | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#session = this.#newSession();
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  start(): Promise<void> {
    return this.#session.http.start();
  }

  setProtocolVersion(version: string): void {
    this.#version = version;
    this.#session.http.setProtocolVersion(version);
  }

  async send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (isRequest(message)) return this.#ask(message, options);
    const cancelled = cancelledRequest(message);
    const request = cancelled === undefined ? undefined : this.#open.get(cancelled);
    if (request !== undefined) this.#open.delete(String(request.id));
    try {
      await this.#deliver(message, options);
    } catch (error) {
      throw this.#explained(error);
    } finally {
      if (request !== undefined) this.#abandon(request);
    }
  }

  /** What the SDK's client calls when a handshake fails and when a program closes it. */
  close(): Promise<void> {
    return this.end(new ClavigerError('ERR_TOOLSET_CLOSED', 'the client of the toolset was closed'));
  }

  async end(reason: ClavigerError): Promise<void> {
    if (this.#closed !== undefined) return;
    for (const request of this.#open.values()) this.#fail(request, reason);
    this.#closed = reason;
    this.#reconnection.maxRetries = 0;
    this.onclose?.();
    const { http } = this.#session;
    const timer = setTimeout(() => void http.close(), endMs);
    await http.terminateSession().catch(() => undefined); // a server that is gone has no session either
    clearTimeout(timer);
    await http.close();
  }

  failureOf(error: unknown): unknown {
    const failure = this.#errors.behind(error);
    return failure === error ? this.#explained(error) : failure;
  }

  async #ask(message: JSONRPCRequest, options: TransportSendOptions): Promise<void> {
    if (message.method === 'initialize') this.#initialize = message;
    const request: OpenRequest = { id: message.id, stream: undefined, token: undefined, failure: undefined };
    this.#open.set(String(message.id), request);
    try {
      await this.#deliver(message, this.#withToken(request, options));
    } catch (error) {
      if (!this.#forget(request)) return; // it has failed already, with a better reason
      throw this.#explained(error);
    }
    if (request.stream === undefined) this.#fail(request, this.#noAnswer());
  }

  #withToken(request: OpenRequest, options: TransportSendOptions): TransportSendOptions {
    const { onresumptiontoken } = options;
    return {
      ...options,
      onresumptiontoken: (token) => {
        request.token = token;
        onresumptiontoken?.(token);
      },
    };
  }

  /** A server that does not know the session any more has not taken the message: it is sent again in a new one. */
  async #deliver(message: JSONRPCMessage, options: TransportSendOptions): Promise<void> {
    const session = this.#session;
    try {
      await session.send(message, options);
    } catch (error) {
      if (this.isClosed || !session.isForgotten(error)) throw error;
      await (await this.#renewed(session)).send(message, options);
    }
  }

  #renewed(lost: HttpSession): Promise<HttpSession> {
    if (this.#session !== lost) return Promise.resolve(this.#session);
    this.#renewing ??= this.#renew(lost).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(lost: HttpSession): Promise<HttpSession> {
    const session = this.#newSession();
    const id = `claviger-${String((renewals += 1))}`;
    const answer = new Promise<JSONRPCMessage>((settle) => {
      this.#open.set(id, { id, stream: undefined, token: undefined, failure: undefined, settle });
    });
    try {
      await session.http.start();
      await session.send({ jsonrpc: '2.0', method: 'initialize', ...this.#initialize, id });
      if ('error' in (await answer)) throw this.#noAnswer();
      if (this.#version !== undefined) session.http.setProtocolVersion(this.#version);
      await session.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
      if (this.#closed !== undefined) throw this.#closed;
    } catch (error) {
      await session.http.close();
      throw error;
    } finally {
      this.#open.delete(id);
    }
    this.#session = session;
    void lost.idle().then(() => lost.http.close());
    return session;
  }

  #newSession(): HttpSession {
    const { url, headers } = this.#options;
    const http = new (loadHttpSdk().StreamableHTTPClientTransport)(url, {
      fetch: (input, init) => this.#fetch(input, init),
      requestInit: { headers },
      reconnectionOptions: this.#reconnection,
    });
    http.onmessage = (message) => this.#receive(message);
    http.onerror = (error) => this.#report(error);
    return new HttpSession(http);
  }

  async #fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const { redactor } = this.#options;
    const token = new Headers(init.headers).get('last-event-id');
    if (token !== null && this.#abandoned.delete(token)) return new Response(null, { status: 405 });
    const request = token === null ? this.#requestIn(init.body) : this.#resumed(token);
    const response = await this.#options.fetch(input, init).catch((error: unknown) => {
      if (request !== undefined) request.failure = error;
      throw error;
    });
    if (token !== null && request !== undefined && response.status === 404) {
      this.#fail(request, this.#noAnswer());
      return new Response(null, { status: 405 }); // the session is over: there is nothing to ask for again
    }
    const { body } = response;
    if (body === null || response.status === 202) return response;
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      if (request !== undefined && !response.ok) request.failure = new Error(`HTTP status ${String(response.status)}`);
      return init.method === 'POST' ? redactedResponse(response, redactor) : response;
    }
    if (request === undefined) return new Response(body.pipeThrough(redactedEvents(redactor)), response);
    request.failure = undefined;
    const stream = new AnswerStream(body, redactor);
    request.stream = stream;
    this.#streams.set(stream.number, { stream, request });
    return new Response(stream.readable, response);
  }

  #requestIn(body: RequestInit['body']): OpenRequest | undefined {
    if (typeof body !== 'string') return undefined;
    const message = JSON.parse(body) as JSONRPCMessage;
    return isRequest(message) ? this.#open.get(String(message.id)) : undefined;
  }

  #resumed(token: string): OpenRequest | undefined {
    return [...this.#open.values()].find((request) => request.token === token);
  }

  #receive(received: JSONRPCMessage): void {
    const stream = endedStream(received);
    if (stream !== undefined) return this.#streamEnded(stream);
    if (this.isClosed) return;
    const message = this.#options.redactor.value(received);
    if ('method' in message) return this.onmessage?.(message);
    const request = this.#open.get(String(message.id));
    if (request === undefined) return;
    this.#forget(request);
    if (request.settle !== undefined) request.settle(message);
    else this.onmessage?.(message);
  }

  #streamEnded(number: unknown): void {
    const ended = this.#streams.get(String(number));
    if (ended === undefined) return;
    this.#streams.delete(String(number));
    const { stream, request } = ended;
    if (!this.#isOpen(request)) return stream.finish(emptyAnswer(request));
    if (request.token === undefined) this.#fail(request, this.#noAnswer());
    stream.finish(); // with a token the SDK asks for the rest
  }

  /** The SDK tells of what it can't blame on a request. */
  #report(error: Error): void {
    for (const [number, { stream, request }] of this.#streams) {
      if (!stream.isBroken) continue;
      this.#streams.delete(number);
      if (request.token === undefined) this.#fail(request, this.#noAnswer(error));
    }
    if (error.message.startsWith('Maximum reconnection attempts')) {
      for (const request of this.#open.values()) {
        if (request.failure !== undefined) this.#fail(request, this.#noAnswer(request.failure));
      }
    }
    const shown = this.#explained(error);
    if (!this.isClosed && shown instanceof Error) this.onerror?.(shown);
  }

  #abandon({ id, stream, token }: OpenRequest): void {
    if (stream !== undefined && this.#streams.delete(stream.number)) stream.stop(emptyAnswer({ id }));
    else if (token !== undefined) this.#abandoned.add(token);
  }

  #fail(request: OpenRequest, error: Error): void {
    if (!this.#forget(request)) return;
    const answer = this.#errors.answer(request.id, error);
    if (request.settle !== undefined) request.settle(answer);
    else this.onmessage?.(answer);
  }

  #isOpen(request: OpenRequest): boolean {
    return this.#open.get(String(request.id)) === request;
  }

  /** Whether it was still open. */
  #forget(request: OpenRequest): boolean {
    return this.#isOpen(request) && this.#open.delete(String(request.id));
  }

  /** Ours as it is, that of a connection with a code, any other without secrets. */
  #explained(error: unknown): unknown {
    const own = findClavigerError(error) ?? this.#closed;
    if (own !== undefined) return own;
    if (!(error instanceof TypeError) || error.cause === undefined) return this.#options.redactor.error(error);
    const { host } = this.#options.url;
    const cause = safeCause(error.cause);
    const code = this.#version === undefined ? 'ERR_TOOLSET_START' : 'ERR_TOOLSET_CLOSED';
    return new ClavigerError(code, `the MCP server at ${host} can't be reached: ${cause.message}`, { host, cause });
  }

  #noAnswer(reason?: unknown): ClavigerError {
    const own = findClavigerError(reason);
    if (own !== undefined) return own;
    const { host } = this.#options.url;
    const message = `the MCP server at ${host} ended its answer too early; the call may have run and is not repeated`;
    const cause = reason === undefined ? undefined : safeCause(reason);
    return new ClavigerError('ERR_TOOLSET_CLOSED', message, { host, cause });
  }
}

let renewals = 0;

function isRequest(message: JSONRPCMessage): message is JSONRPCRequest {
  return 'method' in message && 'id' in message;
}

function cancelledRequest(message: JSONRPCMessage): string | undefined {
  if (!('method' in message) || message.method !== 'notifications/cancelled') return undefined;
  return String(message.params?.['requestId']);
}

/** For a stream whose request is settled, so that the SDK does not ask for the rest of it. */
function emptyAnswer({ id }: Pick<OpenRequest, 'id'>): JSONRPCMessage {
  return { jsonrpc: '2.0', id, result: {} };
}
