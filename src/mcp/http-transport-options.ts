import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Redactor } from '../redaction/redactor.js';

/** Who takes what a server says as it wrote it, in place of `onmessage`. */
export interface LineReceiver {
  onLine(line: Buffer, message: JSONRPCMessage): void;
  /** Instead of an answer to the request of that id (as JSON). */
  onFailure(id: string, error: Error): void;
  /** While it is slow: until it takes more. */
  readonly backlog: () => Promise<void> | undefined;
}

export interface HttpTransportOptions {
  readonly url: URL;
  /** Adds the credential; what it gives is not redacted yet. */
  readonly fetch: FetchLike;
  readonly headers: Record<string, string>;
  readonly redactor: Redactor;
  /** Lets go of the connections. */
  readonly release: () => Promise<void>;
  readonly receiver?: LineReceiver;
}
