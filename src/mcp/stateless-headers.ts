import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Outgoing } from './stand-ins.js';

/** In the stateless protocol each request says of which version it is (MCP 2026-07-28, `_meta`). */
const versionMember = 'io.modelcontextprotocol/protocolVersion';

/** Which parameter of a request is told in `Mcp-Name`, by the method. */
const named = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

type Parameters = Readonly<Record<string, unknown>>;
/** An argument, by the names on the way to it, and the header that repeats it. */
interface Mirrored {
  readonly path: readonly string[];
  readonly header: string;
}

/** The version that a message says it is of; undefined for one of the protocol with sessions. */
export function statelessVersion(message: JSONRPCMessage): string | undefined {
  const version = metaOf(message)?.[versionMember];
  return typeof version === 'string' ? version : undefined;
}

/**
 * The headers that repeat what stands in a request of the stateless protocol, for those on the way who look at no bodies: its
 * version, its method, what it names, and the arguments that the tool's schema marks with `x-mcp-header`. Over stdio a client
 * need not know of them.
 */
export class StatelessHeaders {
  /** What has been listed so far. */
  readonly #tools = new Map<string, readonly Mirrored[]>();

  /** Takes a look at the answer to a request. */
  learn(request: JSONRPCMessage, answer: JSONRPCMessage): void {
    if (!('method' in request) || request.method !== 'tools/list' || !('result' in answer)) return;
    const { tools } = answer.result as { tools?: unknown };
    for (const tool of Array.isArray(tools) ? tools : []) {
      const { name, inputSchema } = (tool ?? {}) as { name?: unknown; inputSchema?: unknown };
      if (typeof name === 'string') this.#tools.set(name, [...mirroredIn(inputSchema)]);
    }
  }

  /** What is sent for a message in the place of what the SDK makes of its stand-in. */
  request({ message, text }: Outgoing, given: RequestInit['headers']): RequestInit {
    const headers = new Headers(given);
    for (const [name, value] of Object.entries(this.#of(message))) headers.set(name, value);
    return { body: text, headers };
  }

  #of(message: JSONRPCMessage): Record<string, string> {
    const version = statelessVersion(message);
    if (version === undefined || !('method' in message) || !('id' in message)) return {};
    const { method, params = {} } = message;
    const name = (params as Parameters)[named.get(method) ?? ''];
    return {
      'mcp-protocol-version': version,
      'mcp-method': headerValue(method),
      ...(typeof name === 'string' ? { 'mcp-name': headerValue(name) } : {}),
      ...(method === 'tools/call' && typeof name === 'string' ? this.#ofArguments(name, params as Parameters) : {}),
    };
  }

  #ofArguments(tool: string, { arguments: args }: Parameters): Record<string, string> {
    const values = (this.#tools.get(tool) ?? []).map(
      ({ path, header }) => [header, textOf(valueAt(args, path))] as const,
    );
    return Object.fromEntries(
      values.flatMap(([header, text]) => (text === undefined ? [] : [[`mcp-param-${header}`, headerValue(text)]])),
    );
  }
}

function metaOf(message: JSONRPCMessage): Parameters | undefined {
  return 'method' in message ? (message.params?._meta as Parameters | undefined) : undefined;
}

/** Below `properties` only, at any depth: anywhere else the mark is none. */
function* mirroredIn(schema: unknown, path: readonly string[] = []): Generator<Mirrored> {
  const { properties } = (schema ?? {}) as { properties?: unknown };
  if (typeof properties !== 'object' || properties === null) return;
  for (const [name, property] of Object.entries(properties)) {
    const header = (property as Parameters | null)?.['x-mcp-header'];
    const here = [...path, name];
    if (typeof header === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(header)) yield { path: here, header };
    yield* mirroredIn(property, here);
  }
}

function valueAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  const isObject = typeof value === 'object' && value !== null;
  return isObject && Object.hasOwn(value, name) ? valueAt((value as Parameters)[name], rest) : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'boolean' || Number.isSafeInteger(value) || isFraction(value) ? String(value) : undefined;
}

function isFraction(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && !Number.isInteger(value);
}

/** As it is where a header can hold that, otherwise in base64 between marks. */
function headerValue(text: string): string {
  const isPlain = /^[!-~](?:[\t -~]*[!-~])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`;
}
