import { setTimeout as delay } from 'node:timers/promises';
import { findClavigerError } from '../errors.js';
import type { Server } from './server.js';

export interface ServerKeeperOptions {
  /** Starts a server with the credentials of this moment. */
  readonly start: () => Promise<Server>;
  /** Lets a new server take up the session. */
  readonly takeUp: (server: Server) => Promise<void>;
  /** A new server has taken the place of an old one, which now only finishes what it has begun. */
  readonly onReplaced: (old: Server, server: Server) => void;
  /** A new server did not come up; the old one goes on. */
  readonly onReplacementFailed: (error: unknown) => void;
  /** Whether a server whose credentials have changed is replaced. */
  readonly respawn: boolean;
  /** Whether calls of different people go over this session, so that a server with old credentials is the wrong one. */
  readonly isShared: boolean;
  /** Ends the wait for a next start. */
  readonly signal: AbortSignal;
}

/** After a replacement that did not come up. */
const retryMs = 5000;

/** A server that ends before this has crashed. The second one in a row is followed by a pause, which then doubles. */
const shortLifeMs = 5000;
const firstPauseMs = 250;
const longestPauseMs = 10_000;

/** Has the server of a session running: starts it when it is needed, and replaces it when its credentials have changed. */
export class ServerKeeper {
  readonly #options: ServerKeeperOptions;
  readonly #servers = new Set<Server>();
  #current: Server | undefined;
  #starting: Promise<Server> | undefined;
  #noRetryUntil = 0;
  #startedAt = 0;
  #crashes = 0;
  #noStartUntil = 0;

  constructor(options: ServerKeeperOptions) {
    this.#options = options;
  }

  get current(): Server | undefined {
    return this.#current;
  }

  /** The current one and those that finish what they have begun. */
  get all(): readonly Server[] {
    return [...this.#servers];
  }

  get starting(): Promise<Server> | undefined {
    return this.#current === undefined ? this.#starting : undefined;
  }

  /** The server for a call at this moment; at once, when it runs and nothing has changed. */
  ready(): Server | Promise<Server> {
    const current = this.#current;
    if (current === undefined) {
      // whoever waits for one promise goes on in the order of asking: what a client sends keeps its order
      if (this.#starting === undefined || !this.#options.isShared) return this.#start();
      return this.#starting.then(
        () => this.ready(),
        () => this.ready(), // somebody else was refused, not yet who asks now
      );
    }
    const admitted = current.isAdmitted();
    if (admitted !== true)
      return admitted.then(() => (this.#current === current ? this.#fresh(current) : this.ready()));
    return this.#fresh(current);
  }

  #fresh(current: Server): Server | Promise<Server> {
    if (!this.#options.respawn) return current;
    const fresh = current.isFresh();
    return fresh === true ? current : this.#refreshed(current, fresh);
  }

  /** Credentials may have changed: a server that has the new ones is then up before it is asked for. */
  renew(): void {
    if (this.#current === undefined || this.#options.isShared) return;
    void Promise.resolve(this.ready()).catch(() => undefined); // the next call tells
  }

  /** It has ended; the next call starts another. */
  ended(server: Server): void {
    if (this.#servers.delete(server) && !server.isRetired) this.#count();
    if (this.#current === server) this.#current = undefined;
  }

  /** A request was answered. A server that is replaced goes after its last one. */
  answered(server: Server): void {
    server.open -= 1;
    if (server.isRetired && server.open === 0) void server.close();
  }

  async close(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    await Promise.all(this.all.map((server) => server.close()));
  }

  #start(): Promise<Server> {
    this.#starting ??= this.#bringUp().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #bringUp(): Promise<Server> {
    const pauseMs = this.#current === undefined ? this.#noStartUntil - Date.now() : 0;
    if (pauseMs > 0) await delay(pauseMs, undefined, { signal: this.#options.signal });
    this.#startedAt = Date.now();
    const server = await this.#options.start();
    this.#servers.add(server);
    try {
      await this.#options.takeUp(server);
    } catch (error) {
      await server.close();
      throw error;
    }
    const old = this.#current;
    this.#current = server;
    if (old === undefined) return server;
    old.isRetired = true;
    this.#options.onReplaced(old, server);
    if (old.open === 0) void old.close();
    return server;
  }

  /** Starts of a server that crashes again and again get rarer. */
  #count(): void {
    const now = Date.now();
    this.#crashes = now - this.#startedAt < shortLifeMs ? this.#crashes + 1 : 0;
    if (this.#crashes >= 2)
      this.#noStartUntil = now + Math.min(firstPauseMs * 2 ** (this.#crashes - 2), longestPauseMs);
  }

  async #refreshed(current: Server, fresh: false | Promise<boolean>): Promise<Server> {
    if (await fresh) return this.#current === current ? current : this.ready();
    const { isShared, onReplacementFailed } = this.#options;
    if (this.#current !== current) return this.ready();
    if (Date.now() < this.#noRetryUntil && !isShared) return current;
    try {
      await this.#start();
    } catch (error) {
      if (isShared || isGone(error) || this.#current !== current) throw error;
      if (Date.now() >= this.#noRetryUntil) onReplacementFailed(error);
      this.#noRetryUntil = Date.now() + retryMs;
      return current;
    }
    return this.ready();
  }
}

/** There is no credential any more, so that the one of the old server can't be good either. */
function isGone(error: unknown): boolean {
  return findClavigerError(error)?.code.startsWith('ERR_CREDENTIAL_') === true;
}
