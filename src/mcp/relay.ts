import type { ClavigerError } from '../errors.js';
import type { Environment } from '../process/child-environment.js';
import { redactorsOf } from '../process/prepare-injections.js';
import type { Redactor } from '../redaction/redactor.js';
import type { McpInjections } from './mcp-injections.js';
import { guessId, readBatch, readEnvelope, type Envelope } from './message-line.js';
import { OpenRequests, type OpenRequest } from './open-requests.js';
import { OwnRequests } from './own-requests.js';
import { redactBytes, redactLine } from './redact-line.js';
import { ServerKeeper } from './server-keeper.js';
import { Server, type Connection } from './server.js';
import { endFailure, handshakeFailure, startFailure, unlisted, unreadable } from './server-failure.js';
import type { ServerEnd } from './server-process.js';
import { SessionMemory } from './session-memory.js';
import { ToolParameters, undeclaredParameter } from './tool-parameters.js';

export interface RelayOptions {
  readonly connection: Connection;
  /** What the server inherits. */
  readonly environment: Environment;
  readonly injections: McpInjections;
  /** Whether a server whose credentials have changed is replaced. */
  readonly respawn: boolean;
  /** Whether calls are refused if no tool declares a parameter; default true. Else it is only said. */
  readonly needsParameters?: boolean;
  readonly maxMessageBytes: number;
  /** How long a server may take to take up the session of the one it replaces. */
  readonly handshakeTimeoutMs: number;
  /** A message for the client. */
  readonly deliver: (line: Buffer) => void;
  /** Instead of an answer to the request of that id (as JSON). */
  readonly fail: (id: string, error: Error) => void;
  /** What the server says beside the protocol, redacted. */
  readonly onStderr: (bytes: Uint8Array) => void;
  /** The server ended by itself. */
  readonly onEnd?: (end: ServerEnd) => void;
}

type Request = Extract<Envelope, { kind: 'request' }>;
type Response = Extract<Envelope, { kind: 'response' }>;

/**
 * Carries the lines of one MCP session between a client and a server that it starts, and replaces when its credentials
 * change. It parses only what it must: lines that need no change pass byte for byte.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #abort = new AbortController();
  readonly #keeper: ServerKeeper;
  readonly #memory = new SessionMemory();
  readonly #tools: ToolParameters;
  readonly #requests = new OpenRequests();
  /** Who asked the client what, by the id of the request. */
  readonly #askers = new Map<string, Server>();
  readonly #own = new OwnRequests<Server>((server, id, method, line) =>
    this.#exchange(server, this.#requests.open(id, method), line),
  );
  #hasWarned = false;
  #redactors: readonly Redactor[] = [];

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#tools = new ToolParameters(options.injections.parameters);
    this.#keeper = new ServerKeeper({
      start: () => this.#start(),
      takeUp: (server) => this.#takeUp(server),
      onReplacementFailed: (error) => this.#say(`the old server goes on: ${(error as Error).message}`),
      respawn: options.respawn,
      isShared: options.injections.process.some(
        ({ auth, via = 'value' }) =>
          typeof auth.account === 'function' || (via !== 'value' && typeof auth.consumer === 'function'),
      ),
    });
  }

  /** The parameters that no tool listed so far declares. */
  get undeclared(): string[] {
    return this.#tools.undeclared();
  }

  /** Starts the server before the first message. A failure shows in the answer to that. */
  start(): void {
    void Promise.resolve(this.#keeper.ready()).catch(() => undefined);
  }

  /** A line of the client. */
  receive(line: Buffer): void {
    const envelope = readEnvelope(line);
    if (envelope?.kind === 'request') void this.#request(line, envelope);
    else if (envelope?.kind === 'notification') this.#notify(line, envelope.method);
    else if (envelope?.kind === 'response') this.#answer(line, envelope.id);
    else this.#receiveOther(line);
  }

  /** When the server is slow to read, until it has caught up. */
  get backlog(): Promise<void> | undefined {
    return this.#keeper.current?.process.backlog;
  }

  /** Stops and resumes reading from the server. */
  setPaused(paused: boolean): void {
    for (const server of this.#keeper.all) server.process.setPaused(paused);
  }

  /** When no request of the client waits for its answer. */
  idle(): Promise<void> {
    return this.#requests.idle();
  }

  kill(signal: NodeJS.Signals): void {
    for (const server of this.#keeper.all) server.process.kill(signal);
  }

  /** Ends all servers within a second, and with this error what is under way. */
  async close(error: ClavigerError): Promise<void> {
    this.#abort.abort(error);
    for (const request of this.#requests.all()) this.#fail(request, error);
    await this.#keeper.close();
  }

  // from the client

  async #request(line: Buffer, { id, method }: Request): Promise<void> {
    const request = this.#requests.open(id, method, this.#memory.concerns(method) ? line : undefined);
    try {
      const ready = this.#keeper.ready();
      const server = ready instanceof Server ? ready : await ready;
      if (!this.#requests.has(request)) return; // cancelled meanwhile
      if (method !== 'tools/call' || this.#tools.isEmpty) return void this.#send(server, request, line);
      const answer = await this.#tools.call(line, {
        signal: request.signal,
        listTools: () => this.#listTools(server),
        exchange: (changed) => this.#exchange(server, request, changed),
      });
      this.#options.deliver(answer);
    } catch (error) {
      this.#fail(request, error as Error);
    }
  }

  #notify(line: Buffer, method: string): void {
    this.#memory.notified(method, line);
    if (method === 'notifications/cancelled' && this.#cancel(line)) return;
    const { current, starting } = this.#keeper;
    if (current !== undefined) current.process.write(line);
    else void starting?.then((server) => server.process.write(line)).catch(() => undefined);
  }

  /** Goes to whoever works on the request; one that is not sent yet never will be. */
  #cancel(line: Buffer): boolean {
    const { params } = JSON.parse(line.toString()) as { params?: { requestId?: unknown } };
    const request = this.#requests.get(JSON.stringify(params?.requestId));
    if (request === undefined) return false;
    const { server } = request;
    this.#requests.cancel(request);
    if (server === undefined) return true;
    this.#keeper.answered(server); // it owes no answer any more
    server.process.write(line);
    return true;
  }

  #answer(line: Buffer, id: string): void {
    const server = this.#askers.get(id) ?? this.#keeper.current;
    this.#askers.delete(id);
    server?.process.write(line);
  }

  /** A batch is taken apart: JSON-RPC lets its requests be answered one by one. Anything else is for the server to judge. */
  #receiveOther(line: Buffer): void {
    const batch = readBatch(line);
    if (batch === undefined) this.#notify(line, '');
    else for (const message of batch) this.receive(message);
  }

  // to the server

  #send(server: Server, request: OpenRequest, line: Buffer): void {
    this.#abort.signal.throwIfAborted();
    if (server.hasEnded) throw endFailure(this.#options.connection.command, server.hasEnded);
    server.open += 1;
    this.#requests.sent(request, server);
    server.process.write(line);
  }

  /** Sends a request and takes its answer, which then does not go to the client by itself. */
  #exchange(server: Server, request: OpenRequest, line: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      request.settle = { resolve, reject };
      this.#send(server, request, line);
    });
  }

  /** What each page says is learned as it arrives. */
  async #listTools(server: Server): Promise<void> {
    if (!(await this.#own.listTools(server))) throw unlisted(this.#options.connection.command);
    const [unused] = this.#options.needsParameters === false ? [] : this.#tools.undeclared();
    if (unused !== undefined) throw undeclaredParameter(unused);
  }

  // the servers

  async #start(): Promise<Server> {
    const { connection, environment, injections, maxMessageBytes } = this.#options;
    this.#redactors = await redactorsOf(injections.all);
    const server = await Server.start({
      connection,
      environment,
      injections: injections.process,
      redactors: this.#redactors,
      maxMessageBytes,
      signal: this.#abort.signal,
      onLine: (from, line) => this.#receiveFrom(from, line),
      onTooLong: (from, beginning, bytes, ending) => this.#receiveTooLong(from, guessId(beginning, ending), bytes),
      onStderr: (bytes) => this.#options.onStderr(bytes),
    });
    void server.process.ended.then((end) => this.#ended(server, end));
    return server;
  }

  /** Brings a new server to where the session is. */
  async #takeUp(server: Server): Promise<void> {
    const { connection, handshakeTimeoutMs } = this.#options;
    const ask = async (method: string, write: (id: string) => Buffer) => {
      const answer = await this.#own.ask(server, method, write);
      const envelope = readEnvelope(answer);
      const isRefused = envelope?.kind === 'response' && envelope.failed;
      if (isRefused && method === 'initialize') throw handshakeFailure(connection.command, 'it refused to initialize');
    };
    const timeout = setTimeout(() => {
      const problem = `it did not take up the session within ${handshakeTimeoutMs} ms`;
      for (const request of this.#requests.of(server))
        this.#fail(request, handshakeFailure(connection.command, problem));
    }, handshakeTimeoutMs);
    try {
      await this.#memory.replay(ask, (line) => server.process.write(line));
    } finally {
      clearTimeout(timeout);
    }
    this.#tools.forget();
    if (server.hasEnded !== undefined) throw startFailure(connection.command, server.hasEnded);
  }

  #ended(server: Server, end: ServerEnd): void {
    const { command } = this.#options.connection;
    const wasCurrent = this.#keeper.current === server;
    server.hasEnded = end;
    this.#keeper.ended(server);
    const failure = server.hasAnswered ? endFailure(command, end) : startFailure(command, end);
    for (const request of this.#requests.of(server)) this.#fail(request, failure);
    if (wasCurrent) this.#options.onEnd?.(end);
  }

  // from a server

  #receiveFrom(server: Server, raw: Buffer): void {
    const line = redactLine(raw, this.#redactors);
    const envelope = line === undefined ? undefined : readEnvelope(line);
    if (line === undefined || envelope === undefined) return this.#receiveNoise(server, raw);
    if (envelope.kind === 'response') return this.#respond(server, envelope, line);
    if (envelope.kind === 'request') this.#askers.set(envelope.id, server);
    if (envelope.kind === 'notification' && envelope.method === 'notifications/tools/list_changed')
      this.#tools.forget();
    this.#options.deliver(line);
  }

  #respond(server: Server, { id, failed }: Response, line: Buffer): void {
    const request = this.#requests.get(id);
    if (request?.server !== server) return this.#own.isOwn(id) ? undefined : this.#options.deliver(line);
    server.hasAnswered = true;
    if (!failed && request.line !== undefined) this.#memory.granted(request.method, request.line);
    let answer = line;
    if (!failed && request.method === 'tools/list' && !this.#tools.isEmpty) {
      try {
        answer = this.#learn(line);
      } catch (error) {
        return this.#fail(request, error as Error);
      }
    }
    const { settle, isCancelled } = request;
    this.#requests.close(request);
    if (isCancelled) return;
    if (settle === undefined) this.#options.deliver(answer);
    else settle.resolve(answer);
    this.#keeper.answered(server);
  }

  #learn(line: Buffer): Buffer {
    const { line: hidden, nextCursor } = this.#tools.learn(line);
    const [unused] = nextCursor === undefined ? this.#tools.undeclared() : [];
    if (unused !== undefined && !this.#hasWarned)
      this.#say(`no tool declares the parameter "${unused}": its key is not used`);
    this.#hasWarned ||= unused !== undefined;
    return hidden;
  }

  /** Not JSON-RPC: a batch, which is taken apart, a message that is broken, or something for people. */
  #receiveNoise(server: Server, raw: Buffer): void {
    const batch = readBatch(raw);
    if (batch !== undefined) {
      for (const message of batch) this.#receiveFrom(server, message);
      return;
    }
    this.#options.onStderr(redactBytes(Buffer.concat([raw, Buffer.from('\n')]), this.#redactors));
    const request = this.#requests.get(guessId(raw) ?? '');
    if (request?.server === server) this.#fail(request, unreadable(this.#options.connection.command));
  }

  #receiveTooLong(server: Server, id: string | undefined, bytes: number): void {
    const { maxMessageBytes, connection } = this.#options;
    const message = `the MCP server "${connection.command}" sent a message of ${bytes} bytes; at most ${maxMessageBytes} are allowed`;
    const waiting = this.#requests.of(server);
    const request = id === undefined && waiting.length === 1 ? waiting[0] : this.#requests.get(id ?? '');
    if (request?.server === server) this.#fail(request, new Error(message));
    else this.#say(message);
  }

  /** Rejects whoever takes the answer, which for a tool call comes back here when its use of credentials has ended. */
  #fail(request: OpenRequest, error: Error): void {
    if (!this.#requests.has(request)) return;
    const { settle, server, isCancelled } = request;
    const isOwn = this.#own.isOwn(request.id);
    if (server !== undefined && !isCancelled) this.#keeper.answered(server);
    request.server = undefined;
    request.settle = undefined;
    request.abort(error);
    if (settle === undefined || isOwn) this.#requests.close(request);
    if (settle !== undefined) settle.reject(error);
    else if (!isCancelled) this.#options.fail(request.id, error);
  }

  #say(message: string): void {
    this.#options.onStderr(Buffer.from(`claviger: ${message}\n`));
  }
}
