import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Agent } from 'undici';
import { dispatchOf, type Dispatch } from '../http/dispatch.js';
import { createUpstream, type UpstreamOptions } from '../http/upstream.js';
import type { RequestHead } from '../placement/apply-to-request.js';
import { exchange } from './exchange.js';
import { forwardTo, type ForwardTarget } from './forward-target.js';
import { assertNoBrowser, assertNoWebSocket, assertOneReading, assertOwnHost } from './head-rules.js';
import { malformed, Refusal, refusalOf, refuse, refuseSocket } from './refusal.js';
import { RequestBody } from './request-body.js';
import { SessionTable, type Match } from './session-table.js';

export interface ListenerOptions {
  readonly port: number;
  readonly upstream: UpstreamOptions;
  /** How long a caller may take for a head, and for each further piece of a body. */
  readonly slowMs: number;
}

/** Of a body, so much may wait for a slow reader: with Node's 16 KiB every piece of a large one would pause the upstream. */
const PIPE_BYTES = 128 * 1024;

/** What a connection may be used for beside reverse mode: it has shown the password of a session's proxy. */
export type Tunnels = WeakMap<Duplex, ForwardTarget>;

/** How the listener takes what only a proxy gets. */
export interface ProxyRequests {
  connect(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** A request with an absolute URL. */
  request(request: IncomingMessage, response: ServerResponse): ForwardTarget | undefined;
}

/** The HTTP server on loopback: judges heads, finds who asks, and hands the request on. */
export class Listener {
  readonly sessions = new SessionTable();
  readonly tunnels: Tunnels = new WeakMap();
  readonly server: Server;
  readonly #upstream: Agent;
  readonly #dispatch: Dispatch;
  readonly #slowMs: number;
  #port = 0;
  proxy: ProxyRequests | undefined;

  private constructor({ upstream, slowMs }: ListenerOptions) {
    this.#slowMs = slowMs;
    // How long an answer may take is the caller's to say: when it goes, so does its request.
    this.#upstream = createUpstream({ headersTimeout: 0, bodyTimeout: 0, ...upstream });
    this.#dispatch = dispatchOf(this.#upstream);
    const settings = {
      requestTimeout: 0,
      headersTimeout: slowMs,
      keepAliveTimeout: 60_000,
      connectionsCheckingInterval: Math.min(5000, slowMs),
      requireHostHeader: false, // looked at here, for an answer in JSON
      noDelay: true,
      highWaterMark: PIPE_BYTES,
    };
    this.server = createServer(settings, (request, response) => this.#receive(request, response, false));
    this.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
      this.#receive(request, response, true),
    );
    this.server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) =>
      refuse(response, new Refusal(417, 'ERR_DESTINATION_AMBIGUOUS', 'the request expects what is not known here')),
    );
    this.server.on('connect', (request: IncomingMessage, _socket: Duplex, head: Buffer) =>
      this.#connect(request, head),
    );
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => this.#broken(error, socket));
  }

  static async start(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    listener.server.listen(options.port, '127.0.0.1');
    await once(listener.server, 'listening');
    listener.#port = (listener.server.address() as AddressInfo).port;
    return listener;
  }

  get port(): number {
    return this.#port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get dispatch(): Dispatch {
    return this.#dispatch;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await Promise.all([closed, this.#upstream.destroy()]);
  }

  /** Writes down what was refused before anybody's credential was asked for. */
  audit(refusal: Refusal, method: string | undefined, provider = ''): void {
    const cores = new Set(this.sessions.all.flatMap(({ grantees }) => grantees.map(({ core }) => core)));
    for (const core of cores) {
      const event = { time: core.now(), type: 'refuse', provider, surface: 'broker', outcome: refusal.code } as const;
      core.audit?.({ ...event, ...(method === undefined ? {} : { method }), status: refusal.status });
    }
  }

  #receive(request: IncomingMessage, response: ServerResponse, isExpecting: boolean): void {
    try {
      this.#judge(request, response, isExpecting);
    } catch (error) {
      const refusal = refusalOf(error);
      this.audit(refusal, request.method);
      refuse(response, refusal);
    }
  }

  #judge(request: IncomingMessage, response: ServerResponse, isExpecting: boolean): void {
    assertOneReading(request);
    const target = this.#forwardTarget(request, response);
    if (target === 'served') return;
    assertNoBrowser(request);
    if (target === undefined) {
      if (!(request.url ?? '').startsWith('/')) throw malformed('the request target is not a path');
      assertOwnHost(request, this.#port);
    }
    assertNoWebSocket(request);
    const pairs = pairsOf(request.rawHeaders);
    const path = target?.path ?? request.url ?? '';
    const queryAt = path.indexOf('?');
    const head: RequestHead = { search: queryAt === -1 ? '' : path.slice(queryAt), headers: pairs };
    const match = this.#find(head, target);
    const { session, grantee } = match;
    session.attach(request.socket);
    if (target === undefined) grantee.assertOrigin();
    exchange({
      request,
      response,
      pairs,
      match,
      body: new RequestBody(request, response, this.#slowMs, isExpecting),
      origin: target?.origin ?? grantee.origin ?? '',
      target: path,
      brokerOrigin: target === undefined ? this.origin : undefined,
      dispatch: this.#dispatch,
    });
  }

  /** Where a proxy's request goes; undefined for one of reverse mode. */
  #forwardTarget(request: IncomingMessage, response: ServerResponse): ForwardTarget | 'served' | undefined {
    const tunnel = this.tunnels.get(request.socket);
    if (tunnel !== undefined) {
      if (!(request.url ?? '').startsWith('/')) throw malformed('the request target inside a tunnel is not a path');
      return forwardTo(tunnel, request.url ?? '');
    }
    if (this.proxy === undefined || !this.sessions.hasProxies || !/^https?:/i.test(request.url ?? '')) return undefined;
    return this.proxy.request(request, response) ?? 'served';
  }

  /** @throws Refusal 401, or 400 for two placeholders that both could be meant */
  #find(head: RequestHead, target: ForwardTarget | undefined): Match {
    const admits: Parameters<SessionTable['find']>[1] = (session, grantee) =>
      target === undefined || (session === target.session && grantee.isAt(target.authority));
    const matches = this.sessions.find(head, admits);
    const [match] = matches;
    if (match !== undefined && matches.length === 1) return match;
    if (match !== undefined) throw malformed('the request has placeholders of several providers');
    const challenge: Record<string, string> = this.sessions.expectsBasic(admits)
      ? { 'www-authenticate': 'Basic realm="claviger"' }
      : {};
    throw new Refusal(
      401,
      'ERR_BROKER_UNAUTHORIZED',
      'no placeholder of a live session stands in its place',
      challenge,
    );
  }

  #connect(request: IncomingMessage, head: Buffer): void {
    const { socket } = request;
    socket.on('error', () => socket.destroy());
    try {
      assertOneReading(request);
      if (this.tunnels.has(request.socket)) throw malformed('there is no tunnel inside a tunnel');
      if (this.proxy === undefined) throw new Refusal(403, 'ERR_DESTINATION_DENIED', 'no session uses the proxy');
      this.proxy.connect(request, socket, head);
    } catch (error) {
      this.refuseTunnel(socket, error, request.method);
    }
  }

  refuseTunnel(socket: Socket, error: unknown, method: string | undefined): void {
    const refusal = refusalOf(error);
    this.audit(refusal, method);
    const reason = refusal.status === 407 ? 'Proxy Authentication Required' : 'Refused';
    refuseSocket(socket, `${refusal.status} ${reason}`, refusal);
  }

  /** What llhttp did not understand, or what did not come in time. */
  #broken({ code }: NodeJS.ErrnoException, socket: Duplex): void {
    if (code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [line, refusal]: [string, Refusal] =
      code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', new Refusal(408, 'ERR_BROKER_UNAUTHORIZED', 'the request did not come in time')]
        : code === 'HPE_HEADER_OVERFLOW'
          ? [
              '431 Request Header Fields Too Large',
              new Refusal(431, 'ERR_DESTINATION_AMBIGUOUS', 'the head is too large'),
            ]
          : ['400 Bad Request', malformed('the request is not well-formed HTTP')];
    this.audit(refusal, undefined);
    refuseSocket(socket, line, refusal);
  }
}

function pairsOf(rawHeaders: readonly string[]): RequestHead['headers'] {
  const pairs: RequestHead['headers'] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return pairs;
}
