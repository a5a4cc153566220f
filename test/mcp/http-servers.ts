import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  StreamableHTTPServerTransport,
  type EventStore,
  type StreamableHTTPServerTransportOptions,
} from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CreateMessageResultSchema, ElicitResultSchema, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  createRegistry,
  header,
  memoryStore,
  Secret,
  type Placement,
  type ProviderDefinition,
  type Registry,
  type RegistryOptions,
  type Store,
} from '../../src/index.js';
import { createHttpToolset, type HttpToolset, type HttpToolsetOptions } from '../../src/mcp/index.js';
import { canary } from '../support/canary.js';

/** A request as the server got it. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The method of the message in it, or its kind. */
  readonly message: string | undefined;
  readonly body: string;
}

export interface McpOverHttp {
  readonly origin: string;
  readonly url: string;
  readonly seen: Seen[];
  /** What was sent, one word each: `initialize`, `GET`, `DELETE`, … */
  words(): string[];
  /** Forgets all sessions, as after a restart. */
  forget(): void;
  /** Breaks what is open. */
  breakConnections(): void;
  readonly cancelled: string[];
  /** What was broken off before it was answered to the end. */
  readonly aborted: string[];
  /** Lets each `slow` call go on. */
  readonly waiting: (() => void)[];
  /** How many sessions there are. */
  sessions(): number;
  /** How many connections are open. */
  connections(): number;
}

export interface ServerSettings {
  /** No sessions: each request meets a server of its own. */
  stateless?: boolean;
  transport?: Partial<StreamableHTTPServerTransportOptions>;
  /** Answers in the place of the server when it returns true. */
  before?: (request: IncomingMessage, response: ServerResponse, seen: Seen) => boolean | undefined;
  /** Waits before the server sees a request. */
  hold?: (seen: Seen) => Promise<void> | undefined;
}

const text = (value: unknown) => ({ content: [{ type: 'text' as const, text: String(value) }] });

/** A server of the SDK whose tools give away the headers and the URL that they were called with. */
function mcpServer(host: Pick<McpOverHttp, 'cancelled' | 'waiting'>): McpServer {
  const server = new McpServer(
    { name: 'http', version: '1' },
    { capabilities: { logging: {}, tools: { listChanged: true } } },
  );
  const keyOf = (info: { headers: Record<string, unknown> } | undefined) => String(info?.headers['x-api-key']);
  server.registerTool('echo', { inputSchema: { q: z.string().optional() } }, ({ q }) => text(q ?? 'nothing'));
  server.registerTool('whoami', { inputSchema: {} }, (_args, { requestInfo }) => ({
    ...text(JSON.stringify(requestInfo?.headers)),
    structuredContent: { key: keyOf(requestInfo), nested: [keyOf(requestInfo)] },
  }));
  server.registerTool('blob', { inputSchema: {} }, (_args, { requestInfo }) => ({
    content: [
      { type: 'image', mimeType: 'image/png', data: Buffer.from(`<${keyOf(requestInfo)}>`).toString('base64') },
    ],
  }));
  server.registerTool('fails', { inputSchema: {} }, (_args, { requestInfo }) => {
    throw new Error(`no luck with ${keyOf(requestInfo)}`);
  });
  server.registerTool('talks', { inputSchema: {} }, async (_args, { requestInfo, sendNotification, _meta }) => {
    const key = keyOf(requestInfo);
    await sendNotification({ method: 'notifications/message', params: { level: 'info', data: `log ${key}` } });
    const { progressToken } = _meta ?? {};
    for (const progress of progressToken === undefined ? [] : [1, 2])
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken: progressToken ?? 0, progress, message: `step with ${key}` },
      });
    return text('said');
  });
  server.registerTool('hang', { inputSchema: {} }, async (_args, { signal }) => {
    if (!signal.aborted) await once(signal, 'abort');
    host.cancelled.push('hang');
    return text('too late');
  });
  server.registerTool('slow', { inputSchema: {} }, async (_args, { sendNotification, _meta }) => {
    const { progressToken = 0 } = _meta ?? {};
    await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    await new Promise<void>((resolve) => host.waiting.push(resolve));
    return text('at last');
  });
  server.registerTool('resumed', { inputSchema: {} }, async (_args, { closeSSEStream, requestInfo }) => {
    closeSSEStream?.();
    return text(`after the break with ${keyOf(requestInfo)}`);
  });
  server.registerTool('sample', { inputSchema: {} }, async (_args, { requestInfo, sendRequest }) => {
    const content = { type: 'text' as const, text: `about ${keyOf(requestInfo)}` };
    const params = { messages: [{ role: 'user' as const, content }], maxTokens: 10 };
    const answer = await sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema);
    return text('text' in answer.content ? answer.content.text : 'no text');
  });
  server.registerTool('elicit', { inputSchema: {} }, async (_args, { requestInfo, sendRequest }) => {
    const requestedSchema = { type: 'object' as const, properties: { city: { type: 'string' as const } } };
    const params = { message: `about ${keyOf(requestInfo)}`, requestedSchema };
    const answer = await sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema);
    return text(answer.content?.['city']);
  });
  server.registerTool('announce', { inputSchema: {} }, () => {
    server.registerTool(`late-${randomUUID()}`, {}, () => text('late'));
    return text('announced');
  });
  return server;
}

/** Events in memory, so that a stream can be taken up again. */
export function eventStore(): EventStore {
  const events: { id: string; stream: string; message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}_${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async replayEventsAfter(last, { send }) {
      const start = events.findIndex(({ id }) => id === last);
      const stream = events[start]?.stream ?? '';
      for (const { id, stream: of, message } of events.slice(start + 1))
        if (of === stream && 'jsonrpc' in message) await send(id, message);
      return stream;
    },
  };
}

/** A real MCP server on loopback that writes down every request. */
export async function mcpOverHttp(settings: ServerSettings = {}): Promise<McpOverHttp> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const host = {
    seen: [] as Seen[],
    cancelled: [] as string[],
    aborted: [] as string[],
    waiting: [] as (() => void)[],
  };
  const sockets = new Set<Socket>();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const seen = await receive(request);
    host.seen.push(seen);
    response.on('close', () => response.writableFinished || host.aborted.push(seen.message ?? seen.method));
    if (settings.before?.(request, response, seen) === true) return;
    await settings.hold?.(seen);
    const session = request.headers['mcp-session-id'];
    const known = typeof session === 'string' ? sessions.get(session) : undefined;
    if (session !== undefined && known === undefined) {
      response.writeHead(404).end('session not found');
      return;
    }
    const transport = known ?? (await begin());
    await transport.handleRequest(request, response, seen.body === '' ? undefined : JSON.parse(seen.body));
  };
  const begin = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      ...(settings.stateless === true ? {} : { sessionIdGenerator: randomUUID }),
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
      ...settings.transport,
    });
    await mcpServer(host).connect(transport);
    return transport;
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(
      (error: unknown) => response.headersSent || response.writeHead(500).end(String(error)),
    );
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    ...host,
    origin,
    url: `${origin}/mcp`,
    words: () => host.seen.map(({ method, message }) => (method === 'POST' ? (message ?? 'answer') : method)),
    forget: () => sessions.clear(),
    sessions: () => sessions.size,
    connections: () => sockets.size,
    breakConnections: () => server.closeAllConnections(),
  };
}

async function receive(request: IncomingMessage): Promise<Seen> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
  const { method = '', url = '', headers } = request;
  const message = body === '' ? undefined : (JSON.parse(body) as { method?: string }).method;
  return { method, url, headers, message, body };
}

interface RigOptions {
  placement?: Placement;
  key?: string;
  destinations?: string[];
  /** The rest of its provider, and of its registry. */
  definition?: Partial<ProviderDefinition>;
  more?: Partial<RegistryOptions>;
}

interface HttpToolsetRig {
  tools: HttpToolset;
  key: string;
  registry: Registry;
  /** How often the store was asked. */
  reads: () => number;
  rotate: (key: string) => Promise<void>;
}

/** A toolset for a server, whose provider may send its key there. */
export function httpToolset(
  server: { origin: string; url: string },
  options: Partial<HttpToolsetOptions> & RigOptions = {},
): HttpToolsetRig {
  const {
    placement = header('X-API-Key'),
    key = canary(),
    destinations = [`${server.origin}/mcp`],
    definition = {},
    more = {},
    ...rest
  } = options;
  const { providers = [], ...registryOptions } = more;
  const store = memoryStore({ weather: key });
  let reads = 0;
  const counted: Store = {
    ...store,
    get: (...args) => {
      reads += 1;
      return store.get(...args);
    },
  };
  const registry = createRegistry({
    stores: { default: counted },
    ...registryOptions,
    providers: [{ name: 'weather', placement, destinations, ...definition }, ...providers],
  });
  const tools = createHttpToolset({ auth: registry.auth('weather'), url: server.url, ...rest });
  onTestFinished(async () => {
    await tools.close();
    await registry.close();
  });
  return {
    tools,
    key,
    registry,
    reads: () => reads,
    rotate: async (next) => void (await store.set?.('weather', Secret.from(next))),
  };
}
