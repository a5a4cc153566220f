/** A request of the stateless protocol that is answered only when the server goes; until then it brings notifications. */
export const listenMethod = 'subscriptions/listen';

const acknowledgedMethod = 'notifications/subscriptions/acknowledged';

/**
 * The listening requests that a new server took over from an old one: under the ids that the client knows, and without its
 * hearing a second time that it listens.
 */
export class Listening {
  readonly #unacknowledged = new Set<string>();

  /** What tells the old server that it is no longer listened to. */
  takeOver(id: string): Buffer {
    this.#unacknowledged.add(id);
    return Buffer.from(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`);
  }

  /** Whether a notification is for us alone. */
  isOurs(method: string, line: Buffer): boolean {
    if (method !== acknowledgedMethod || this.#unacknowledged.size === 0) return false;
    const id = subscriptionId(line);
    return id !== undefined && this.#unacknowledged.delete(id);
  }
}

/** The id of the listening request that a notification belongs to, as JSON. */
function subscriptionId(line: Buffer): string | undefined {
  const { params } = JSON.parse(line.toString()) as { params?: { _meta?: Record<string, unknown> } };
  const id = params?._meta?.['io.modelcontextprotocol/subscriptionId'];
  return id === undefined ? undefined : JSON.stringify(id);
}
