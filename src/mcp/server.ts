import type { Credential } from '../credential.js';
import { findClavigerError } from '../errors.js';
import { mergeEnvironment, type Environment } from '../process/child-environment.js';
import { isBrokered, type Injection } from '../process/injection.js';
import { prepareInjections, type PreparedInjections } from '../process/prepare-injections.js';
import type { Redactor } from '../redaction/redactor.js';
import { admitAgain } from '../registry/admit-again.js';
import { coreOf, type RegistryCore } from '../registry/registry-contract.js';
import { ServerProcess, type ServerEnd } from './server-process.js';

/** How to start a server; the official SDK's `StdioServerParameters` has the same members. */
export interface Connection {
  /** A path, or a name in the child's PATH; never read by a shell. */
  command: string;
  args?: string[];
  /** Further variables of the child; injected ones win. */
  env?: Record<string, string>;
  cwd?: string;
}

export interface ServerOptions {
  readonly connection: Connection;
  /** What the child inherits. */
  readonly environment: Environment;
  readonly injections: readonly Injection[];
  readonly redactors: readonly Redactor[];
  readonly maxMessageBytes: number;
  readonly signal: AbortSignal;
  readonly onLine: (server: Server, line: Buffer) => void;
  readonly onTooLong: (server: Server, beginning: Buffer, bytes: number, ending: Buffer) => void;
  readonly onStderr: (bytes: Uint8Array) => void;
}

/** One run of an MCP server with the credentials that it was started with. */
export class Server {
  readonly process: ServerProcess;
  /** Requests that it has not answered yet. */
  open = 0;
  /** Whether it ever answered a request. */
  hasAnswered = false;
  /** Another one has taken its place: it only finishes what it has begun. */
  isRetired = false;
  /** Set once it has ended. */
  hasEnded: ServerEnd | undefined;
  readonly #prepared: PreparedInjections;
  readonly #injections: readonly Injection[];
  readonly #credentials: (Credential | undefined)[];
  /** For whom the placeholders of this server stand. */
  readonly #pins: readonly (string | undefined)[];
  /** The store is being asked for newer credentials. */
  #suspicion: Promise<void> | undefined;

  /**
   * @throws ClavigerError `ERR_CREDENTIAL_*`, `ERR_STORE_*`, `ERR_PLACEMENT_INVALID` …: then nothing was started.
   */
  static async start(options: ServerOptions): Promise<Server> {
    const { connection, injections, signal } = options;
    const environment = mergeEnvironment([options.environment, connection.env ?? {}]);
    const pins = injections.map(pinOf);
    const args = connection.args ?? [];
    const prepared = await prepareInjections(injections, { args, surface: 'mcp', signal, environment });
    try {
      signal.throwIfAborted();
      return new Server(options, prepared, pins);
    } catch (error) {
      await prepared[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: ServerOptions, prepared: PreparedInjections, pins: readonly (string | undefined)[]) {
    this.#pins = pins;
    const { connection, environment, injections } = options;
    this.#prepared = prepared;
    this.#injections = injections;
    this.#credentials = [...prepared.credentials];
    this.process = new ServerProcess({
      command: connection.command,
      args: prepared.args,
      env: mergeEnvironment([environment, connection.env ?? {}, prepared.environment]),
      cwd: connection.cwd,
      watch: { remove: prepared.directories },
      redactors: options.redactors,
      maxMessageBytes: options.maxMessageBytes,
      onLine: (line) => options.onLine(this, line),
      onTooLong: (beginning, bytes, ending) => options.onTooLong(this, beginning, bytes, ending),
      onStderr: (bytes) => options.onStderr(bytes),
    });
    void this.process.ended.then(() => this.close()); // what the child left running, and its files
  }

  /**
   * Whether the server still has the credentials that a call at this moment must go with. Files are brought up to date on
   * the way. A store that can't say leaves things as they are; a credential that is gone rejects.
   */
  isFresh(): boolean | Promise<boolean> {
    if (this.#suspicion !== undefined) return this.#suspicion.then(() => this.isFresh());
    let pending: Promise<boolean>[] | undefined;
    for (const index of this.#injections.keys()) {
      const fresh = this.#isInjectionFresh(index);
      if (fresh === false) return false;
      if (fresh !== true) (pending ??= []).push(fresh);
    }
    return pending === undefined ? true : Promise.all(pending).then((all) => all.every(Boolean));
  }

  /** An upstream refused one of the credentials: whoever asks whether they are fresh waits until the store was asked. */
  suspect(): void {
    this.#suspicion ??= Promise.allSettled([...this.#injections.keys()].map((index) => this.#refresh(index))).then(
      () => {
        this.#suspicion = undefined;
      },
    );
  }

  /** Whether access rules still let this consumer use what the server was started with; rejects where they don't. */
  isAdmitted(): true | Promise<void> {
    const pending: Promise<unknown>[] = [];
    for (const { auth } of this.#injections) {
      const registry = auth.registry();
      const admitted =
        registry instanceof Promise
          ? registry.then((loaded) => admitAgain(auth, coreOf(loaded), 'mcp'))
          : admitAgain(auth, coreOf(registry), 'mcp');
      if (admitted !== undefined) pending.push(admitted);
    }
    return pending.length === 0 ? true : Promise.all(pending).then(() => undefined);
  }

  async close(graceMs?: number): Promise<void> {
    await this.process.close(graceMs);
    await this.#prepared[Symbol.asyncDispose]();
  }

  /** A newer one is found in the cache from here on. Somebody else's is not ours to judge. */
  async #refresh(index: number): Promise<void> {
    const { auth } = this.#injections[index] as Injection;
    const known = this.#credentials[index];
    if (known === undefined || typeof auth.account === 'function') return;
    const core = coreOf(await auth.registry());
    await core.slot(core.find(auth.providerName), auth.account).refresh(known, core.now());
  }

  #isInjectionFresh(index: number): boolean | Promise<boolean> {
    const injection = this.#injections[index];
    // A placeholder never goes stale; it may be somebody else's.
    if (injection !== undefined && isBrokered(injection)) return pinOf(injection) === this.#pins[index];
    const registry = this.#injections[index]?.auth.registry();
    if (registry === undefined) return true;
    return registry instanceof Promise
      ? registry.then((loaded) => this.#compare(index, coreOf(loaded)))
      : this.#compare(index, coreOf(registry));
  }

  #compare(index: number, core: RegistryCore): boolean | Promise<boolean> {
    const { auth } = this.#injections[index] as Injection;
    const account = typeof auth.account === 'function' ? auth.account() : auth.account;
    const slot = core.slot(core.find(auth.providerName), account);
    const held = slot.peek();
    if (held !== undefined) return this.#judge(index, held.credential);
    return slot.get().then(
      ({ credential }) => this.#judge(index, credential),
      (error: unknown) => {
        const expiry = this.#credentials[index]?.expiresAt?.getTime() ?? Infinity;
        // somebody else's key is not good enough because his own can't be had
        if (isPassing(error) && expiry > core.now() && typeof auth.account !== 'function') return true;
        throw error;
      },
    );
  }

  #judge(index: number, found: Credential): boolean | Promise<boolean> {
    const known = this.#credentials[index];
    if (found === known) return true;
    const isSame = known?.secret.equals(found.secret) === true;
    const entry = this.#prepared.files.find(({ injection }) => injection === this.#injections[index]);
    if (!isSame && entry === undefined) return false;
    this.#credentials[index] = found;
    if (isSame || entry === undefined) return true;
    return entry.file.rewrite(found.secret).then(() => true);
  }
}

/** Whom the placeholder of an injection stands for at this moment. */
function pinOf(injection: Injection): string | undefined {
  if (!isBrokered(injection)) return undefined;
  const { account, consumer } = injection.auth;
  return JSON.stringify([
    typeof account === 'function' ? account() : account,
    typeof consumer === 'function' ? consumer() : consumer,
  ]);
}

/** A store that is down or locked says nothing about the credential that a server has. */
function isPassing(error: unknown): boolean {
  return findClavigerError(error)?.code.startsWith('ERR_STORE_') === true;
}
