import type { FetchLike, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage, JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError } from '../errors.js';
import type { Redactor } from '../redaction/redactor.js';
import { AnswerStream, endedStream } from './answer-stream.js';
import type { ToolsetConnection } from './client-toolset.js';
import { HttpFailures } from './http-failures.js';
import { HttpSession, nothingMore } from './http-session.js';
import { cancelledRequest, isRequest, OpenHttpRequest, resumedAfter, sentIn } from './open-http-request.js';
import { OwnErrors } from './own-errors.js';
import { isEventStream, redactedEvents, redactedResponse } from './redact-events.js';
import { SessionMemory } from './session-memory.js';

export interface HttpTransportOptions {
  readonly url: URL;
  /** Adds the credential; what it gives is not redacted yet. */
  readonly fetch: FetchLike;
  readonly headers: Record<string, string>;
  readonly redactor: Redactor;
  /** Lets go of the connections. */
  readonly release: () => Promise<void>;
}

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
  readonly #failures: HttpFailures;
  readonly #memory = new SessionMemory();
  readonly #open = new Map<string, OpenHttpRequest>();
  /** On which requests are being answered. */
  readonly #streams = new Map<string, { stream: AnswerStream; request: OpenHttpRequest }>();
  /** Events of streams that nobody waits for any more. */
  readonly #abandoned = new Set<string>();
  #session: HttpSession;
  /** The one that is to take its place. */
  #next: HttpSession | undefined;
  /** Those that the server has forgotten, whose last answers are still coming. */
  readonly #lost = new Set<HttpSession>();
  #renewing: Promise<HttpSession> | undefined;
  #version: string | undefined;
  #closed: ClavigerError | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#failures = new HttpFailures(options.url, options.redactor);
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
    this.#failures.isStarted = true;
    this.#session.http.setProtocolVersion(version);
  }

  async send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (isRequest(message)) return this.#ask(message, options);
    const cancelled = cancelledRequest(message);
    const request = cancelled === undefined ? undefined : this.#open.get(cancelled);
    if (request !== undefined) this.#cancel(request);
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
    const waiting = [...this.#open.values()];
    for (const request of waiting) this.#fail(request, reason);
    this.#closed = reason;
    this.onclose?.();
    // A handshake goes on, as the id of its session is needed to end that.
    for (const request of waiting) if (request.method !== 'initialize') request.abort();
    const sessions = [this.#session, ...(this.#next === undefined ? [] : [this.#next])];
    await Promise.all([
      ...sessions.map((session) => session.end()),
      ...[...this.#lost].map((session) => session.close()),
    ]);
    await this.#options.release();
  }

  failureOf(error: unknown): unknown {
    const failure = this.#errors.behind(error);
    return failure === error ? this.#explained(error) : failure;
  }

  async #ask(message: JSONRPCRequest, options: TransportSendOptions): Promise<void> {
    const request = new OpenHttpRequest(message);
    this.#open.set(String(message.id), request);
    try {
      await this.#deliver(message, request.remembering(options), request.signal);
    } catch (error) {
      if (!this.#forget(request)) return; // it has failed already, with a better reason
      throw this.#explained(error);
    }
    if (request.stream === undefined) this.#fail(request, this.#failures.noAnswer());
  }

  /** A server that does not know the session any more has not taken the message: it is sent again in a new one. */
  async #deliver(message: JSONRPCMessage, options: TransportSendOptions, signal?: AbortSignal): Promise<void> {
    const session = this.#session;
    try {
      await session.send(message, options);
    } catch (error) {
      if (this.isClosed || !session.isForgotten(error)) throw error;
      const renewed = await this.#renewed(session);
      signal?.throwIfAborted();
      await renewed.send(message, options);
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
    this.#next = session;
    try {
      await session.http.start();
      await this.#memory.replay(
        async (method, write) => {
          await this.#askAnew(session, write);
          if (method === 'initialize' && this.#version !== undefined) session.http.setProtocolVersion(this.#version);
        },
        (line) => session.send(JSON.parse(line.toString()) as JSONRPCMessage),
      );
      if (this.#closed !== undefined) throw this.#closed;
    } catch (error) {
      await session.end();
      throw error;
    } finally {
      this.#next = undefined;
    }
    this.#session = session;
    this.#lost.add(lost);
    this.#letGo();
    return session;
  }

  /** A request of the client's under an id of ours. */
  async #askAnew(session: HttpSession, write: (id: string) => Buffer): Promise<void> {
    const id = `claviger-${String((renewals += 1))}`;
    const message = JSON.parse(write(JSON.stringify(id)).toString()) as JSONRPCRequest;
    const answer = new Promise<JSONRPCMessage>((settle) => {
      this.#open.set(id, new OpenHttpRequest(message, settle));
    });
    const request = this.#open.get(id);
    try {
      await session.send(message);
      if (request !== undefined && request.stream === undefined) this.#fail(request, this.#failures.noAnswer());
      if ('error' in (await answer)) throw this.#failures.noAnswer();
    } finally {
      this.#open.delete(id);
    }
  }

  /** Sessions that are lost end with the last answer that may still come in them. */
  #letGo(): void {
    for (const lost of this.#lost) {
      if ([...this.#open.values()].some(({ session }) => session === lost)) continue;
      this.#lost.delete(lost);
      void lost.idle().then(() => lost.close());
    }
  }

  #newSession(): HttpSession {
    const { url, headers } = this.#options;
    const session: HttpSession = new HttpSession(url, headers, (input, init) => this.#fetch(session, input, init));
    session.http.onmessage = (message) => this.#receive(message);
    session.http.onerror = (error) => this.#report(error);
    return session;
  }

  async #fetch(session: HttpSession, input: string | URL, init: RequestInit = {}): Promise<Response> {
    const token = new Headers(init.headers).get('last-event-id') ?? undefined;
    if (token !== undefined && this.#abandoned.delete(token)) return nothingMore();
    const request = token === undefined ? sentIn(init.body, this.#open) : resumedAfter(token, this.#open);
    if (request !== undefined) request.session = session;
    const signal = token === undefined ? (request?.signal ?? init.signal) : init.signal;
    const response = await this.#options
      .fetch(input, { ...init, ...(signal && { signal }) })
      .catch((error: unknown) => {
        if (request !== undefined) request.failure = error;
        throw error;
      });
    if (token !== undefined && request !== undefined && response.status === 404) {
      this.#fail(request, this.#failures.noAnswer());
      return nothingMore(); // the session is over: there is nothing to ask for again
    }
    return this.#redacted(response, init.method, request, token);
  }

  async #redacted(
    response: Response,
    method: string | undefined,
    request: OpenHttpRequest | undefined,
    token: string | undefined,
  ): Promise<Response> {
    const { redactor } = this.#options;
    const { body } = response;
    if (body === null || response.status === 202) return response;
    if (!response.ok || (method === 'POST' && !isEventStream(response))) {
      if (request !== undefined && !response.ok) request.failure = new Error(`HTTP status ${String(response.status)}`);
      return redactedResponse(response, redactor);
    }
    if (method !== 'POST' && method !== 'GET') return response;
    if (!isEventStream(response)) {
      if (request !== undefined) this.#fail(request, this.#failures.noAnswer());
      await body.cancel();
      return nothingMore(); // of a page of another kind there is no rest either
    }
    if (request === undefined) return new Response(body.pipeThrough(redactedEvents(redactor, token)), response);
    request.failure = undefined;
    const stream = new AnswerStream(body, redactor, token);
    request.stream = stream;
    this.#streams.set(stream.number, { stream, request });
    return new Response(stream.readable, response);
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
    if (!('error' in message) && this.#memory.concerns(request.method)) {
      this.#memory.granted(request.method, Buffer.from(JSON.stringify(request.message)));
    }
    if (request.settle !== undefined) request.settle(message);
    else this.onmessage?.(message);
  }

  #streamEnded(number: unknown): void {
    const ended = this.#streams.get(String(number));
    if (ended === undefined) return;
    this.#streams.delete(String(number));
    const { stream, request } = ended;
    if (!this.#isOpen(request)) return stream.finish(request.emptyAnswer());
    if (request.token === undefined) this.#fail(request, this.#failures.noAnswer());
    stream.finish(); // with a token the SDK asks for the rest
  }

  /** The SDK tells of what it can't blame on a request. */
  #report(error: Error): void {
    for (const [number, { stream, request }] of this.#streams) {
      if (!stream.isBroken) continue;
      this.#streams.delete(number);
      if (request.token === undefined) this.#fail(request, this.#failures.noAnswer(error));
      else if (!this.#isOpen(request)) this.#abandoned.add(request.token);
    }
    if (error.name === 'AbortError') return; // by us alone
    if (error.message.startsWith('Maximum reconnection attempts')) {
      for (const request of this.#open.values()) {
        if (request.isResuming) this.#fail(request, this.#failures.noAnswer(request.failure));
      }
    }
    const shown = this.#explained(error);
    if (!this.isClosed && shown instanceof Error) this.onerror?.(shown);
  }

  /** Nobody waits for it any more. Before its answer has begun, its sending ends; the server hears of it all the same. */
  #cancel(request: OpenHttpRequest): void {
    this.#forget(request);
    if (request.stream === undefined) request.abort();
  }

  #abandon(request: OpenHttpRequest): void {
    const { stream, token } = request;
    if (stream !== undefined && this.#streams.delete(stream.number)) stream.stop(request.emptyAnswer());
    else if (token !== undefined) this.#abandoned.add(token);
  }

  #fail(request: OpenHttpRequest, error: Error): void {
    if (!this.#forget(request)) return;
    const answer = this.#errors.answer(request.id, error);
    if (request.settle !== undefined) request.settle(answer);
    else this.onmessage?.(answer);
  }

  #isOpen(request: OpenHttpRequest): boolean {
    return this.#open.get(String(request.id)) === request;
  }

  /** Whether it was still open. */
  #forget(request: OpenHttpRequest): boolean {
    if (!this.#isOpen(request)) return false;
    this.#open.delete(String(request.id));
    this.#letGo();
    return true;
  }

  #explained(error: unknown): unknown {
    return this.#failures.explained(error, this.#closed);
  }
}

let renewals = 0;
