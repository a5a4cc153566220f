import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { env, parameter } from '../../src/index.js';
import type { Connection, Injection } from '../../src/mcp/index.js';
import type { ApiRequest } from './fake-api.js';

const require = createRequire(import.meta.url);

/** A third-party MCP server, one way to give it a key, and a call that makes it use the key. */
export interface RealServer {
  readonly name: string;
  readonly into: Injection['into'];
  connection(baseUrl: string): Connection;
  readonly tool: string;
  readonly args: Record<string, unknown>;
  /** What the API answers when all is well. */
  readonly body: string;
  /** The key as it arrives at the API. */
  keyOf(request: ApiRequest): unknown;
  /** Whether the server is known to write the key to stderr. */
  readonly logsKey: boolean;
}

function entry(packageName: string, file: string): string {
  return join(dirname(require.resolve(`${packageName}/package.json`)), file);
}

const text = { type: 'string' };
const operation = (operationId: string, parameters: object[]) => ({
  get: {
    operationId,
    parameters: parameters.map((each) => ({ required: true, schema: text, ...each })),
    responses: { 200: { description: 'ok' } },
  },
});
const specification = {
  openapi: '3.0.0',
  info: { title: 'weather', version: '1' },
  paths: {
    '/weather': operation('weather', [{ name: 'city', in: 'query' }, { name: 'api_key', in: 'query' }]),
    '/hdr': operation('hdr', [{ name: 'X-API-Key', in: 'header' }]),
    '/plain': operation('plain', [{ name: 'city', in: 'query' }]),
  },
};

const openapi = (baseUrl: string): Connection => ({
  command: process.execPath,
  args: [entry('@ivotoby/openapi-mcp-server', 'bin/mcp-server.js')],
  env: { API_BASE_URL: baseUrl, TRANSPORT_TYPE: 'stdio', OPENAPI_SPEC_INLINE: JSON.stringify(specification) },
});

export const realServers: RealServer[] = [
  {
    name: '@ivotoby/openapi-mcp-server, key in a larger value of a variable',
    into: env('API_HEADERS', { template: 'X-API-Key:{}' }),
    connection: openapi,
    tool: 'plain',
    args: { city: 'Paris' },
    body: '{"sky":"blue"}',
    keyOf: ({ headers }) => headers['x-api-key'],
    logsKey: false,
  },
  {
    name: '@ivotoby/openapi-mcp-server, key in a parameter that goes into the query',
    into: parameter('api_key'),
    connection: openapi,
    tool: 'weather',
    args: { city: 'Paris', api_key: 'made up by the model' },
    body: '{"sky":"blue"}',
    keyOf: ({ url }) => url.searchParams.get('api_key'),
    logsKey: true,
  },
  {
    name: '@ivotoby/openapi-mcp-server, key in a parameter that goes into a header',
    into: parameter('X-API-Key'),
    connection: openapi,
    tool: 'hdr',
    args: {},
    body: '{"sky":"blue"}',
    keyOf: ({ headers }) => headers['x-api-key'],
    logsKey: true,
  },
];
