import type { Environment } from '../process/child-environment.js';
import type { McpInjections } from './mcp-injections.js';
import type { Connection } from './server.js';
import type { ServerEnd } from './server-process.js';

/** What a relay is told by the launcher or the toolset that it works for. */
export interface RelayOptions {
  readonly connection: Connection;
  /** What the server inherits. */
  readonly environment: Environment;
  readonly injections: McpInjections;
  /** Whether a server whose credentials have changed is replaced. */
  readonly respawn: boolean;
  /** Whether calls are refused if no tool declares a parameter; default true. Else it is only said. */
  readonly needsParameters?: boolean;
  readonly maxMessageBytes: number;
  /** How long a server may take to take up the session of the one it replaces. */
  readonly handshakeTimeoutMs: number;
  /** A message for the client. */
  readonly deliver: (line: Buffer) => void;
  /** Instead of an answer to the request of that id (as JSON). */
  readonly fail: (id: string, error: Error) => void;
  /** What the server says beside the protocol, redacted. */
  readonly onStderr: (bytes: Uint8Array) => void;
  /** The server ended by itself. */
  readonly onEnd?: (end: ServerEnd) => void;
}
