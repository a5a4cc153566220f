import type { Consumer } from '../access/consumer.js';
import { appendPath } from '../destination/append-path.js';
import { ClavigerError } from '../errors.js';
import type { UpstreamOptions } from '../http/upstream.js';
import { createAuth } from '../registry/auth.js';
import { coreOf, type Auth, type Registry } from '../registry/registry-contract.js';
import { ForwardProxy } from './forward-proxy.js';
import { Grantee } from './grantee.js';
import { Listener } from './listener.js';
import { BrokerSession } from './session.js';

export interface BrokerOptions {
  registry: Registry;
  /** On 127.0.0.1; default a free one. */
  port?: number;
  /** Forward mode: what happens to hosts in no destination of a session. Default `'tunnel'`. */
  unlisted?: 'tunnel' | 'refuse';
  /** The connections to the upstreams, as `createAgent` takes them: `{ connect: { ca } }` for one. */
  upstream?: UpstreamOptions;
}

export interface SessionOptions {
  /** By name; each gets a placeholder. */
  providers: string[];
  /** Who uses the credentials. */
  consumer?: Consumer;
  /** After so long the session ends by itself; default never. */
  ttlMs?: number;
}

/** A service on loopback that adds credentials to the requests of processes that never hold them. */
export interface Broker extends AsyncDisposable {
  /**
   * Lets whoever gets its placeholders use these providers. Fetches no secret.
   *
   * @throws ClavigerError `ERR_PROVIDER_NOT_FOUND`, `ERR_BROKER_CLOSED`
   */
  openSession(options: SessionOptions): Promise<Session>;
  /** Ends all sessions and connections. */
  close(): Promise<void>;
}

/** What one process may use, until it is revoked. */
export interface Session {
  /** What the process holds instead of the key: random, of the form of the provider's keys. */
  placeholder(provider: string): string;
  /**
   * Reverse mode: what the process takes for the provider's base URL.
   *
   * @param path Below the origin of the provider's base URL; default the path of that.
   * @throws ClavigerError `ERR_CONFIG_INVALID` for a provider whose origin is not known
   */
  baseUrl(provider: string, path?: string): string;
  /**
   * Forward mode: variables for the process that send its requests through the broker and let it trust what answers there.
   * They replace those of the same names; a `NODE_OPTIONS` of your own is to be put in front of this one.
   */
  environment(): Record<string, string>;
  /** Every placeholder is worthless from now on; connections that used them are closed. */
  revoke(): Promise<void>;
}

/**
 * Starts a broker. A process gets a placeholder and either a base URL or the variables of a proxy; the broker puts the
 * credential in the placeholder's place, on requests to the provider's destinations only, and takes it out of the answers.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`
 *
 * @example
 * await using broker = await createBroker({ registry });
 * const session = await broker.openSession({ providers: ['github'] });
 * spawn('./script.sh', {
 *   env: { GITHUB_TOKEN: session.placeholder('github'), GITHUB_API_URL: session.baseUrl('github') },
 * });
 */
export async function createBroker({ registry, ...options }: BrokerOptions): Promise<Broker> {
  coreOf(registry);
  const broker = await OpenBroker.start(options);
  return {
    openSession: async ({ providers, consumer, ttlMs }) => {
      const whose = consumer === undefined ? {} : { consumer };
      const auths = providers.map((name) => createAuth(name, () => registry, whose));
      return broker.openSession(auths, ttlMs);
    },
    close: () => broker.close(),
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

/** A caller that is slower than this for a head, or for the next piece of a body, is let go. */
const SLOW_MS = 30_000;

/** A broker whose sessions are made of auths: for those that start processes with credentials of several registries. */
export class OpenBroker implements AsyncDisposable {
  readonly #listener: Listener;
  readonly #proxy: ForwardProxy;
  #closing: Promise<void> | undefined;

  private constructor(listener: Listener, proxy: ForwardProxy) {
    this.#listener = listener;
    this.#proxy = proxy;
    listener.proxy = proxy;
  }

  static async start({
    port = 0,
    unlisted = 'tunnel',
    upstream = {},
    slowMs = SLOW_MS,
  }: Omit<BrokerOptions, 'registry'> & { slowMs?: number }): Promise<OpenBroker> {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      throw new ClavigerError('ERR_CONFIG_INVALID', 'port must be a whole number from 0 to 65535');
    }
    if (!['tunnel', 'refuse'].includes(unlisted)) {
      throw new ClavigerError('ERR_CONFIG_INVALID', 'unlisted must be "tunnel" or "refuse"');
    }
    const listener = await Listener.start({ port, upstream, slowMs });
    return new OpenBroker(listener, new ForwardProxy(listener, { unlisted, lookup: upstream.connect?.lookup, slowMs }));
  }

  async openSession(auths: readonly Auth[], ttlMs?: number): Promise<OpenSession> {
    if (ttlMs !== undefined && !(ttlMs > 0)) {
      throw new ClavigerError('ERR_CONFIG_INVALID', 'ttlMs must be more than 0');
    }
    const grantees = await Promise.all(auths.map(async (auth) => new Grantee(auth, coreOf(await auth.registry()))));
    if (this.#closing !== undefined)
      throw new ClavigerError('ERR_BROKER_CLOSED', 'this broker is closed: start another');
    const { sessions } = this.#listener;
    const session = new BrokerSession(grantees, ttlMs, (ended) => sessions.remove(ended));
    sessions.add(session);
    return new OpenSession(session, this.#listener, this.#proxy);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    for (const session of this.#listener.sessions.all) session.end();
    this.#proxy.close();
    await this.#listener.close();
  }
}

export class OpenSession implements Session {
  readonly #session: BrokerSession;
  readonly #listener: Listener;
  readonly #proxy: ForwardProxy;

  constructor(session: BrokerSession, listener: Listener, proxy: ForwardProxy) {
    this.#session = session;
    this.#listener = listener;
    this.#proxy = proxy;
  }

  placeholder(provider: string): string {
    return this.#session.grantee(provider).placeholder;
  }

  baseUrl(provider: string, path?: string): string {
    return this.baseUrlOf(this.#session.grantee(provider), path);
  }

  /** By the place of its auth: one provider may be there for several accounts. */
  granteeAt(index: number): Grantee {
    const grantee = this.#session.grantees[index];
    if (grantee === undefined) throw new Error('unreachable: there is one for each auth');
    return grantee;
  }

  baseUrlOf(grantee: Grantee, path?: string): string {
    grantee.assertOrigin();
    const { origin } = this.#listener;
    if (path === undefined) return origin + grantee.basePath;
    if (path === '' || path === '/') return origin + path;
    return appendPath(origin, path);
  }

  environment(): Record<string, string> {
    if (this.#session.isLive) return this.#proxy.environmentOf(this.#session);
    throw new ClavigerError('ERR_BROKER_CLOSED', 'this session has ended: open another');
  }

  /** What must not outlive the process. */
  get directories(): readonly string[] {
    return this.#proxy.directories;
  }

  async revoke(): Promise<void> {
    this.#session.end();
  }
}
