import type { TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { ClavigerError } from '../errors.js';
import { endedStream } from './answer-stream.js';
import { AnswerStreams } from './answer-streams.js';
import type { ToolsetConnection } from './client-toolset.js';
import { HttpFailures } from './http-failures.js';
import { HttpSession, nothingMore } from './http-session.js';
import { HttpSessions } from './http-sessions.js';
import type { HttpTransportOptions } from './http-transport-options.js';
import { cancelledRequest, isRequest, OpenHttpRequest, resumedAfter, type HttpOutgoing } from './open-http-request.js';
import { OwnErrors } from './own-errors.js';
import {
  answerIn,
  isEventStream,
  redactedBody,
  redactedEvents,
  redactedResponse,
  type Reading,
} from './redact-events.js';
import { SessionMemory } from './session-memory.js';
import { messageIn, readable, StandIns, type ReadLine } from './stand-ins.js';
import { StatelessHeaders, statelessVersion } from './stateless-headers.js';

type Session = HttpSession<HttpOutgoing>;

/**
 * Carries messages of the SDK's client, or lines, over its Streamable HTTP, and sees to it that every request comes to an end: also
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
  readonly #reading: Reading;
  readonly #stateless = new StatelessHeaders();
  /** By their ids as JSON. */
  readonly #open = new Map<string, OpenHttpRequest>();
  readonly #streams = new AnswerStreams();
  readonly #sessions: HttpSessions;
  #version: string | undefined;
  #closed: ClavigerError | undefined;

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    const { redactor, receiver } = options;
    this.#reading = { redactor, standIns: new StandIns(), ...(receiver && { backlog: receiver.backlog }) };
    this.#failures = new HttpFailures(options.url, options.redactor);
    this.#sessions = new HttpSessions({
      open: () => this.#newSession(),
      takeUp: (session) => this.#takeUp(session),
      isInUse: (session) => [...this.#open.values()].some((request) => request.session === session),
    });
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  start(): Promise<void> {
    return this.#sessions.current.http.start();
  }

  setProtocolVersion(version: string): void {
    this.#version = version;
    this.#failures.isStarted = true;
    this.#sessions.current.http.setProtocolVersion(version);
  }

  send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    const key = JSON.stringify('id' in message ? message.id : null);
    return this.sendText(message, { text: JSON.stringify(message), key, options });
  }

  /** A message as it is written, with its id as JSON. */
  async sendText(
    message: JSONRPCMessage,
    { text, key, options = {} }: { text: string; key: string; options?: TransportSendOptions },
  ): Promise<void> {
    if (this.#closed !== undefined) throw this.#closed;
    if (isRequest(message)) return this.#ask(new OpenHttpRequest(message, text, key), options);
    const cancelled = cancelledRequest(message);
    const request = cancelled === undefined ? undefined : this.#open.get(cancelled);
    if (request !== undefined) this.#cancel(request);
    try {
      // there the end of the connection is what tells (MCP 2026-07-28, "Cancellation")
      if (request === undefined || statelessVersion(request.message) === undefined)
        await this.#deliver({ message, text }, options);
    } catch (error) {
      throw this.#explained(error);
    } finally {
      if (request !== undefined) this.#streams.abandon(request);
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
    await this.#sessions.end();
    await this.#options.release();
  }

  failureOf(error: unknown): unknown {
    const failure = this.#errors.behind(error);
    return failure === error ? this.#explained(error) : failure;
  }

  async #ask(request: OpenHttpRequest, options: TransportSendOptions): Promise<void> {
    this.#open.set(request.key, request);
    try {
      await this.#deliver(request, request.remembering(options), request.signal);
    } catch (error) {
      if (!this.#forget(request)) return; // it has failed already, with a better reason
      throw this.#explained(error);
    }
    if (request.stream === undefined) this.#fail(request, this.#failures.noAnswer());
  }

  /** A server that does not know the session any more has not taken the message: it is sent again in a new one. */
  async #deliver(outgoing: HttpOutgoing, options: TransportSendOptions, signal?: AbortSignal): Promise<void> {
    const session = this.#sessions.current;
    try {
      await session.send(outgoing, options);
    } catch (error) {
      if (this.isClosed || !session.isForgotten(error)) throw error;
      const renewed = await this.#sessions.after(session);
      signal?.throwIfAborted();
      await renewed.send(outgoing, options);
    }
  }

  /** Brings a new session to where the old one was. */
  async #takeUp(session: Session): Promise<void> {
    await this.#memory.replay(
      async (method, write) => {
        await this.#askAnew(session, write);
        if (method === 'initialize' && this.#version !== undefined) session.http.setProtocolVersion(this.#version);
      },
      (line) => session.send({ message: messageIn(line), text: line.toString() }),
    );
    if (this.#closed !== undefined) throw this.#closed;
  }

  /** A request of the client's under an id of ours. */
  async #askAnew(session: Session, write: (id: string) => Buffer): Promise<void> {
    const key = JSON.stringify(`claviger-${String((renewals += 1))}`);
    const { request, answer } = OpenHttpRequest.ofOurs(write(key), key);
    this.#open.set(key, request);
    try {
      await session.send(request);
      if (request.stream === undefined) this.#fail(request, this.#failures.noAnswer());
      if ('error' in (await answer)) throw this.#failures.noAnswer();
    } finally {
      this.#open.delete(key);
    }
  }

  #newSession(): Session {
    const { url, headers } = this.#options;
    const session: Session = new HttpSession(url, headers, (input, init) => this.#fetch(session, input, init));
    session.http.onmessage = (message) => this.#receive(message);
    session.http.onerror = (error) => this.#report(error);
    return session;
  }

  async #fetch(session: Session, input: string | URL, init: RequestInit = {}): Promise<Response> {
    const token = new Headers(init.headers).get('last-event-id') ?? undefined;
    if (token !== undefined && this.#streams.wasAbandoned(token)) return nothingMore();
    const outgoing = session.behind(init.body);
    const request = token === undefined ? outgoing?.request : resumedAfter(token, this.#open);
    if (request !== undefined) request.session = session;
    const signal = token === undefined ? (request?.signal ?? init.signal) : init.signal;
    const response = await this.#options
      .fetch(input, {
        ...init,
        ...(signal && { signal }),
        ...(outgoing && this.#stateless.request(outgoing, init.headers)),
      })
      .catch((error: unknown) => {
        if (request !== undefined) request.failure = error;
        throw error;
      });
    const settled = request !== undefined && !response.ok ? await this.#settled(request, response, token) : undefined;
    return settled ?? this.#redacted(response, init.method, request, token);
  }

  /** What to give the SDK for an error that settles the request already. */
  async #settled(
    request: OpenHttpRequest,
    response: Response,
    token: string | undefined,
  ): Promise<Response | undefined> {
    const { receiver, redactor } = this.#options;
    if (response.status === 404 && token !== undefined) {
      this.#fail(request, this.#failures.noAnswer());
      return nothingMore(); // the session is over: there is nothing to ask for again
    }
    const isForgotten = response.status === 404 && request.session?.http.sessionId !== undefined;
    if (receiver === undefined || isForgotten) return undefined;
    const line = await answerIn(response.clone(), request.key, redactor);
    if (line === undefined) return undefined;
    this.#receiveAnswer(request, line);
    return new Response(null, { status: 202 });
  }

  async #redacted(
    response: Response,
    method: string | undefined,
    request: OpenHttpRequest | undefined,
    token: string | undefined,
  ): Promise<Response> {
    const { body } = response;
    if (body === null || response.status === 202) return response;
    if (!response.ok || (method === 'POST' && !isEventStream(response))) {
      if (request !== undefined && !response.ok) request.failure = new Error(`HTTP status ${String(response.status)}`);
      if (response.ok) return redactedResponse(response, this.#reading);
      return new Response(await redactedBody(response, this.#options.redactor), response);
    }
    if (method !== 'POST' && method !== 'GET') return response;
    if (!isEventStream(response)) {
      if (request !== undefined) this.#fail(request, this.#failures.noAnswer());
      await body.cancel();
      return nothingMore(); // of a page of another kind there is no rest either
    }
    if (request === undefined) return new Response(body.pipeThrough(redactedEvents(this.#reading, token)), response);
    const stream = this.#streams.open(body, request, this.#reading, token);
    return new Response(stream.readable, response);
  }

  #receive(received: JSONRPCMessage): void {
    const stream = endedStream(received);
    if (stream !== undefined) return this.#streamEnded(stream);
    const incoming = this.#reading.standIns.take(received);
    if (incoming === undefined || this.isClosed) return;
    const { line, envelope } = incoming;
    if (envelope.kind !== 'response') return this.#hand(readable(line, this.#options.redactor));
    const request = this.#open.get(envelope.id);
    if (request !== undefined) this.#receiveAnswer(request, line);
  }

  #receiveAnswer(request: OpenHttpRequest, line: Buffer): void {
    const read = readable(line, this.#options.redactor);
    const { message } = read;
    this.#forget(request);
    if ('result' in message) {
      this.#failures.isStarted = true;
      if (this.#memory.concerns(request.method)) this.#memory.granted(request.method, Buffer.from(request.text));
      this.#stateless.learn(request.message, message);
    }
    if (request.settle !== undefined) request.settle(message);
    else this.#hand(read);
  }

  #hand({ line, message }: ReadLine): void {
    if (this.#options.receiver === undefined) this.onmessage?.(message);
    else this.#options.receiver.onLine(line, message);
  }

  #streamEnded(number: unknown): void {
    const ended = this.#streams.take(String(number));
    if (ended === undefined) return;
    const { stream, request } = ended;
    if (!this.#isOpen(request)) return stream.finish(true);
    if (request.token === undefined) this.#fail(request, this.#failures.noAnswer());
    stream.finish(false); // with a token the SDK asks for the rest
  }

  /** The SDK tells of what it can't blame on a request. */
  #report(error: Error): void {
    for (const { request } of this.#streams.takeBroken()) {
      if (request.token === undefined) this.#fail(request, this.#failures.noAnswer(error));
      else if (!this.#isOpen(request)) this.#streams.abandon(request);
    }
    if (error.name === 'AbortError') return; // by us alone
    if (error.message.startsWith('Maximum reconnection attempts')) {
      for (const request of this.#open.values()) {
        if (request.couldNotResume) this.#fail(request, this.#failures.noAnswer(request.failure));
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

  #fail(request: OpenHttpRequest, error: Error): void {
    if (!this.#forget(request)) return;
    const answer = this.#errors.answer(request.id, error);
    const { receiver } = this.#options;
    if (request.settle !== undefined) request.settle(answer);
    else if (receiver !== undefined) receiver.onFailure(request.key, error);
    else this.onmessage?.(answer);
  }

  #isOpen(request: OpenHttpRequest): boolean {
    return this.#open.get(request.key) === request;
  }

  /** Whether it was still open. */
  #forget(request: OpenHttpRequest): boolean {
    if (!this.#isOpen(request)) return false;
    this.#open.delete(request.key);
    this.#sessions.letGo();
    return true;
  }

  #explained(error: unknown): unknown {
    return this.#failures.explained(error, this.#closed);
  }
}

let renewals = 0;
