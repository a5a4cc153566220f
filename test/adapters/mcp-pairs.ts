import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult, JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import { createRegistry, memoryStore, type AuditEvent } from '../../src/index.js';
import { canary } from '../support/canary.js';

export function newServer(): McpServer {
  return new McpServer({ name: 'own', version: '1' }, { capabilities: { logging: {} } });
}

/** A client of a server in this process, and all that the server ever sent it. */
export async function connect(server: McpServer, authInfo?: { token: string; clientId: string; scopes: string[] }) {
  const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: {}, sampling: {} } });
  const [near, far] = InMemoryTransport.createLinkedPair();
  const sent: JSONRPCMessage[] = [];
  const send = far.send.bind(far);
  far.send = (message, options) => {
    sent.push(structuredClone(message));
    return send(message, options);
  };
  if (authInfo !== undefined) {
    const sendNear = near.send.bind(near);
    near.send = (message, options) => sendNear(message, { ...options, authInfo });
  }
  await server.connect(far);
  await client.connect(near);
  onTestFinished(() => client.close());
  const call = (name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> =>
    client.callTool({ name, arguments: args }) as Promise<CallToolResult>;
  return { client, sent, call };
}

/** A registry with one provider, `users`, and what was done with it. */
export function users() {
  const key = canary();
  const events: AuditEvent[] = [];
  const store = memoryStore({ users: key });
  const registry = createRegistry({
    providers: [{ name: 'users' }],
    stores: { default: store },
    audit: (event) => void events.push(event),
  });
  onTestFinished(() => registry.close());
  return { key, store, registry, auth: registry.auth('users'), events };
}

export function text(value: string): CallToolResult {
  return { content: [{ type: 'text', text: value }] };
}
