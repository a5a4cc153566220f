import { listenMethod } from './listening.js';
import { withId } from './message-line.js';

/** What a client has told its server that a new server must hear too, under ids of our own. */
export class SessionMemory {
  #initialize: Buffer | undefined;
  #initialized: Buffer | undefined;
  #level: Buffer | undefined;
  readonly #subscriptions = new Map<string, Buffer>();

  /** A request of the client that its server has granted. */
  granted(method: string, line: Buffer): void {
    if (method === 'initialize') this.#initialize = line;
    else if (method === 'logging/setLevel') this.#level = line;
    else if (method === 'resources/subscribe') this.#subscriptions.set(uriOf(line), line);
    else if (method === 'resources/unsubscribe') this.#subscriptions.delete(uriOf(line));
  }

  notified(method: string, line: Buffer): void {
    if (method === 'notifications/initialized') this.#initialized = line;
  }

  /** Whether a request has to be kept until its answer is there. */
  concerns(method: string): boolean {
    return remembered.has(method);
  }

  /** Brings a new server to where the old one was. `ask` gives a request an id and waits for its answer. */
  async replay(
    ask: (method: string, write: (id: string) => Buffer) => Promise<unknown>,
    tell: (line: Buffer) => void | Promise<void>,
  ): Promise<void> {
    const initialize = this.#initialize;
    if (initialize === undefined) return;
    await ask('initialize', (id) => withId(initialize, id));
    await tell(this.#initialized ?? Buffer.from('{"jsonrpc":"2.0","method":"notifications/initialized"}'));
    const rest = [this.#level, ...this.#subscriptions.values()].filter((line) => line !== undefined);
    await Promise.all(rest.map((line) => ask('replay', (id) => withId(line, id)).catch(() => undefined)));
  }
}

const remembered = new Set([
  'initialize',
  'logging/setLevel',
  'resources/subscribe',
  'resources/unsubscribe',
  listenMethod,
]);

function uriOf(line: Buffer): string {
  const { params } = JSON.parse(line.toString()) as { params?: { uri?: unknown } };
  return JSON.stringify(params?.uri);
}
