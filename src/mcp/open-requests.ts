import type { Server } from './server.js';

/** A request that is not answered yet. */
export class OpenRequest {
  /** Who is to answer it; `undefined` until it has been sent. */
  server: Server | undefined;
  /** Takes the answer, which otherwise goes to the client. */
  settle: { resolve(line: Buffer): void; reject(error: Error): void } | undefined;
  /** Nobody waits any more; an answer that comes all the same is not passed on. */
  isCancelled = false;
  #abort: AbortController | undefined;

  constructor(
    /** As JSON. */
    readonly id: string,
    readonly method: string,
    /** For the memory of the session. */
    readonly line: Buffer | undefined,
  ) {}

  /** Ends the wait for a credential. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  abort(reason: Error): void {
    this.#abort?.abort(reason);
  }
}

/** The requests of one session that wait for their answers. */
export class OpenRequests {
  readonly #requests = new Map<string, OpenRequest>();
  #whenIdle: (() => void)[] = [];

  all(): OpenRequest[] {
    return [...this.#requests.values()];
  }

  /** Those that a server is to answer. */
  of(server: Server): OpenRequest[] {
    return this.all().filter((request) => request.server === server);
  }

  get(id: string): OpenRequest | undefined {
    return this.#requests.get(id);
  }

  has(request: OpenRequest): boolean {
    return this.#requests.get(request.id) === request;
  }

  open(id: string, method: string, line?: Buffer): OpenRequest {
    const request = new OpenRequest(id, method, line);
    this.#requests.set(id, request);
    return request;
  }

  sent(request: OpenRequest, server: Server): void {
    request.server = server;
    this.#requests.set(request.id, request);
  }

  close(request: OpenRequest): void {
    if (this.has(request)) this.#requests.delete(request.id);
    this.#lookIdle();
  }

  /** One that a server works on stays known, so that its answer is recognised; any other is forgotten. */
  cancel(request: OpenRequest): void {
    const reason = new Error('cancelled by the client');
    request.isCancelled = true;
    request.abort(reason);
    request.settle?.reject(reason);
    if (request.server === undefined) this.#requests.delete(request.id);
    this.#lookIdle();
  }

  /** When nobody waits for an answer. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  #isIdle(): boolean {
    return this.all().every(({ isCancelled }) => isCancelled);
  }

  #lookIdle(): void {
    if (this.#whenIdle.length === 0 || !this.#isIdle()) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
