import { randomBytes } from 'node:crypto';
import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { addressKind } from '../destination/address.js';
import { authorityOf, type Authority } from '../destination/authority.js';
import { ClavigerError } from '../errors.js';
import { CertificateAuthority } from './certificates.js';
import { ChildFiles } from './child-files.js';
import { forwardEnvironment } from './forward-environment.js';
import type { ForwardTarget } from './forward-target.js';
import { digestOf } from './grantee.js';
import type { Listener, ProxyRequests } from './listener.js';
import { malformed, Refusal, refusalOf, refuse, upstreamFailure } from './refusal.js';
import type { BrokerSession } from './session.js';
import { passOn } from './untouched.js';

export interface ForwardOptions {
  readonly unlisted: 'tunnel' | 'refuse';
  readonly lookup: LookupFunction | undefined;
  /** How long a handshake or a connection may take. */
  readonly slowMs: number;
}

/** Forward mode: a proxy that reads what goes to the destinations of a session, and nothing else. */
export class ForwardProxy implements ProxyRequests {
  readonly #listener: Listener;
  readonly #options: ForwardOptions;
  readonly #passwords = new WeakMap<BrokerSession, string>();
  #authority: CertificateAuthority | undefined;
  #files: ChildFiles | undefined;

  constructor(listener: Listener, options: ForwardOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  environmentOf(session: BrokerSession): Record<string, string> {
    this.#authority ??= new CertificateAuthority();
    this.#files ??= new ChildFiles(this.#authority.pem);
    let password = this.#passwords.get(session);
    if (password === undefined) {
      password = randomBytes(32).toString('base64url');
      this.#passwords.set(session, password);
      session.proxyDigest = digestOf(password);
      this.#listener.sessions.addProxy(session.proxyDigest, session);
    }
    const proxy = `http://claviger:${password}@127.0.0.1:${this.#listener.port}`;
    return forwardEnvironment(session, proxy, this.#files);
  }

  /** What must not outlive the process. */
  get directories(): readonly string[] {
    return this.#files === undefined ? [] : [this.#files.directory];
  }

  close(): void {
    this.#files?.remove();
  }

  /** @throws Refusal, ClavigerError */
  connect(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const session = this.#sessionOf(request);
    const { url = '' } = request;
    if (!/:\d+$/.test(url)) throw malformed('the target of a tunnel is a host and a port');
    session.attach(socket);
    const [secure, plain] = [authorityOf(`https://${url}`), authorityOf(`http://${url}`)];
    if (isListed(session, secure)) this.#terminate(session, secure, socket, head);
    else if (isListed(session, plain)) this.#open(targetOf(session, plain), socket, head);
    else
      this.#tunnel(secure, socket, head).catch((error: unknown) =>
        this.#listener.refuseTunnel(socket, error, 'CONNECT'),
      );
  }

  /** @throws Refusal, ClavigerError */
  request(request: IncomingMessage, response: ServerResponse): ForwardTarget | undefined {
    const session = this.#sessionOf(request);
    const [, origin = '', rest = ''] = /^(https?:\/\/[^/?#\\]*)(.*)$/is.exec(request.url ?? '') ?? [];
    const authority = authorityOf(origin);
    const path = rest.startsWith('/') ? rest : `/${rest}`;
    session.attach(request.socket);
    const target = { ...targetOf(session, authority), path };
    if (isListed(session, authority)) return target;
    if (request.headers.host !== authority.host) throw malformed('the Host header names another host than the target');
    this.#assertTunnelled(authority);
    this.#addressFor(authority).then(
      (address) => passOn(request, response, target, address, this.#options.slowMs),
      (error: unknown) => {
        const refusal = refusalOf(error);
        this.#listener.audit(refusal, request.method);
        refuse(response, refusal);
      },
    );
    return undefined;
  }

  /** RFC 9110 §11.7. */
  #sessionOf({ headers }: IncomingMessage): BrokerSession {
    const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(headers['proxy-authorization'] ?? '')?.[1] ?? '';
    const decoded = Buffer.from(encoded, 'base64').toString();
    const session = this.#listener.sessions.byProxyPassword(decoded.slice(decoded.indexOf(':') + 1));
    if (session?.isLive === true) return session;
    throw new Refusal(407, 'ERR_BROKER_UNAUTHORIZED', 'the proxy serves live sessions only', {
      'proxy-authenticate': 'Basic realm="claviger"',
    });
  }

  /** Stands in for the host: what the child sends it is then judged like any other request. */
  #terminate(session: BrokerSession, authority: Authority, socket: Socket, head: Buffer): void {
    const ca = this.#authority;
    if (ca === undefined) throw new Error('unreachable: whoever has a password has the certificate');
    const { hostname } = authority;
    const secureContext = ca.contextFor(hostname);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, callback) => {
        if (name.toLowerCase() === hostname) callback(null, secureContext);
        else callback(new Error('the server name is not that of the tunnel'));
      },
    });
    session.attach(secure);
    const timer = setTimeout(() => secure.destroy(), this.#options.slowMs);
    secure.on('error', () => secure.destroy());
    secure.once('close', () => clearTimeout(timer));
    secure.once('secure', () => {
      clearTimeout(timer);
      this.#serve(targetOf(session, authority), secure);
    });
  }

  /** Plain http to loopback, in a tunnel all the same. */
  #open(target: ForwardTarget, socket: Socket, head: Buffer): void {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) socket.unshift(head);
    this.#serve(target, socket);
  }

  #serve(target: ForwardTarget, socket: Socket): void {
    this.#listener.tunnels.set(socket, target);
    this.#listener.server.emit('connection', socket);
  }

  /** Bytes both ways, unread. */
  async #tunnel(authority: Authority, socket: Socket, head: Buffer): Promise<void> {
    this.#assertTunnelled(authority);
    const host = await this.#addressFor(authority);
    const upstream = connect({ host, port: authority.port, timeout: this.#options.slowMs });
    socket.once('close', () => upstream.destroy());
    upstream.once('timeout', () => upstream.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
    upstream.once('close', () => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      upstream.once('connect', resolve);
      upstream.on('error', (error) => reject(upstreamFailure(authority.host, error)));
    });
    upstream.setTimeout(0);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  }

  #assertTunnelled({ host }: Authority): void {
    if (this.#options.unlisted === 'tunnel') return;
    throw new ClavigerError('ERR_DESTINATION_DENIED', `${host} is in no destination of this session`, { host });
  }

  /** A host that nobody listed is reached at public addresses only, and at the one that was looked at. */
  async #addressFor({ hostname, host }: Authority): Promise<string> {
    const literal = hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(literal) === 0 ? await this.#resolve(hostname, host) : [literal];
    const found = addresses.find((address) => addressKind(address) === 'public');
    if (found !== undefined && hostname !== 'localhost') return found;
    const message = `${host} is in no destination of this session, and is or resolves to an address of this machine or network`;
    throw new ClavigerError('ERR_DESTINATION_DENIED', message, { host });
  }

  #resolve(hostname: string, host: string): Promise<string[]> {
    const lookup = this.#options.lookup ?? systemLookup;
    return new Promise((resolve, reject) => {
      lookup(hostname, { all: true }, (error, found) => {
        if (error !== null) reject(upstreamFailure(host, error));
        else
          resolve(
            [found].flat().map((each: string | LookupAddress) => (typeof each === 'string' ? each : each.address)),
          );
      });
    });
  }
}

function isListed(session: BrokerSession, authority: Authority): boolean {
  return session.grantees.some((grantee) => grantee.isAt(authority));
}

function targetOf(session: BrokerSession, authority: Authority): ForwardTarget {
  return { session, authority, origin: authority.origin, path: '/' };
}
