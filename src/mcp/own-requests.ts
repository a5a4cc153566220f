import { randomUUID } from 'node:crypto';
import { toolPages, type ToolPage } from './tool-pages.js';

/** Sends a request that its client knows nothing of, and waits for the answer. */
export type Send<S> = (server: S, id: string, method: string, line: Buffer) => Promise<Buffer>;

/** Requests that we make beside those of the client, under ids that nobody else uses. */
export class OwnRequests<S> {
  readonly #prefix = `claviger-${randomUUID()}`;
  readonly #send: Send<S>;
  #count = 0;

  constructor(send: Send<S>) {
    this.#send = send;
  }

  isOwn(id: string): boolean {
    return id.includes(this.#prefix);
  }

  /** `write` gives the request with an id, which is JSON. */
  ask(server: S, method: string, write: (id: string) => Buffer): Promise<Buffer> {
    const id = JSON.stringify(`${this.#prefix}-${(this.#count += 1)}`);
    return this.#send(server, id, method, write(id));
  }

  /** Asks for all tools, with what belongs into each request of the client's era; false if the server does not tell. */
  async listTools(server: S, era: object): Promise<boolean> {
    const pages = toolPages(async (page) => {
      const params = { ...page, ...era };
      const answer = await this.ask(server, 'tools/list', (id) =>
        Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"tools/list","params":${JSON.stringify(params)}}`),
      );
      return (JSON.parse(answer.toString()) as { result?: ToolPage }).result ?? refused;
    });
    for await (const page of pages) if (page === refused) return false;
    return true;
  }
}

const refused: ToolPage = {};
