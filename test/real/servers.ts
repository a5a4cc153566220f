import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { argument, env, file, parameter } from '../../src/index.js';
import type { Connection, Injection } from '../../src/mcp/index.js';
import { canary } from '../support/canary.js';
import type { ApiRequest } from './fake-api.js';
import { onDemand } from './on-demand.js';

const require = createRequire(import.meta.url);

/** A third-party MCP server, one way to give it a key, and a call that makes it use the key. */
export interface RealServer {
  readonly name: string;
  readonly into: NonNullable<Injection['into']>;
  connection(baseUrl: string): Connection;
  readonly tool: string;
  readonly args: Record<string, unknown>;
  /** What the API answers when all is well. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The key as it arrives at the API. */
  keyOf(request: ApiRequest): unknown;
  /** A key of the form that the server asks for; default a plain one. */
  readonly newKey?: () => string;
  /** Whether the server is known to write the key to stderr. */
  readonly logsKey: boolean;
}

/** Together they weigh more than all our own development dependencies. One does not run beside the zod of the others. */
const elastic = onDemand('mcp-server-elastic', { '@elastic/mcp-server-elasticsearch': '0.3.1' });
const others = onDemand('mcp-servers', {
  '@launchdarkly/mcp-server': '0.6.2',
  '@mapbox/mcp-server': '0.2.0',
  '@masonator/coolify-mcp': '3.5.0',
  '@modelcontextprotocol/server-gitlab': '2025.4.25',
  '@notionhq/notion-mcp-server': '2.5.2',
  'firecrawl-mcp': '3.22.2',
});

function entry(packageName: string, path: string): string {
  return join(dirname(require.resolve(`${packageName}/package.json`)), path);
}

/** One that was installed on demand, with its variables for a base URL. */
function onDemandServer(path: string, variables: (baseUrl: string) => Record<string, string>, args: string[] = []) {
  const script = join((path.startsWith('@elastic/') ? elastic : others) ?? '', 'node_modules', path);
  return (baseUrl: string): Connection => ({
    command: process.execPath,
    args: [script, ...args.map((each) => each.replace('{baseUrl}', baseUrl))],
    env: variables(baseUrl),
  });
}

const bearer = ({ headers }: ApiRequest): unknown => afterScheme('Bearer', headers.authorization);

function afterScheme(scheme: string, value: string | undefined): string | undefined {
  return value?.startsWith(`${scheme} `) === true
    ? value.slice(scheme.length + 1)
    : `not ${scheme}: ${value ?? 'none'}`;
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
    '/weather': operation('weather', [
      { name: 'city', in: 'query' },
      { name: 'api_key', in: 'query' },
    ]),
    '/hdr': operation('hdr', [{ name: 'X-API-Key', in: 'header' }]),
    '/plain': operation('plain', [{ name: 'city', in: 'query' }]),
  },
};

const openapi = (baseUrl: string): Connection => ({
  command: process.execPath,
  args: [entry('@ivotoby/openapi-mcp-server', 'bin/mcp-server.js')],
  env: { API_BASE_URL: baseUrl, TRANSPORT_TYPE: 'stdio', OPENAPI_SPEC_INLINE: JSON.stringify(specification) },
});

const bundled: RealServer[] = [
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

const coolify = onDemandServer('@masonator/coolify-mcp/dist/index.js', (url) => ({ COOLIFY_BASE_URL: url }));
const notion = onDemandServer('@notionhq/notion-mcp-server/bin/cli.mjs', (url) => ({ BASE_URL: url }));

const demanded: RealServer[] = [
  {
    name: '@modelcontextprotocol/server-gitlab, key in a variable',
    into: env('GITLAB_PERSONAL_ACCESS_TOKEN'),
    connection: onDemandServer('@modelcontextprotocol/server-gitlab/dist/index.js', (url) => ({
      GITLAB_API_URL: `${url}/api/v4`,
    })),
    tool: 'search_repositories',
    args: { search: 'x' },
    body: '[]',
    keyOf: bearer,
    logsKey: false,
  },
  {
    name: 'firecrawl-mcp, key in a variable',
    into: env('FIRECRAWL_API_KEY'),
    connection: onDemandServer('firecrawl-mcp/dist/index.js', (url) => ({ FIRECRAWL_API_URL: url })),
    tool: 'firecrawl_scrape',
    args: { url: 'https://example.com/' },
    body: '{"success":true,"data":{"markdown":"# hi","metadata":{"statusCode":200}}}',
    keyOf: bearer,
    logsKey: false,
  },
  {
    name: '@notionhq/notion-mcp-server, key in a variable',
    into: env('NOTION_TOKEN'),
    connection: notion,
    tool: 'API-get-self',
    args: {},
    body: '{"object":"user","id":"u1"}',
    keyOf: bearer,
    logsKey: false,
  },
  {
    name: '@notionhq/notion-mcp-server, key in JSON in a variable',
    into: env('OPENAPI_MCP_HEADERS', { template: '{"Authorization":"Bearer {}","Notion-Version":"2022-06-28"}' }),
    connection: notion,
    tool: 'API-get-self',
    args: {},
    body: '{"object":"user","id":"u1"}',
    keyOf: bearer,
    logsKey: false,
  },
  {
    name: '@elastic/mcp-server-elasticsearch, which prints other things and stays at the end of input',
    into: env('ES_API_KEY'),
    connection: onDemandServer('@elastic/mcp-server-elasticsearch/dist/index.js', (url) => ({ ES_URL: url })),
    tool: 'list_indices',
    args: { indexPattern: '*' },
    body: '[]',
    headers: { 'x-elastic-product': 'Elasticsearch' },
    keyOf: ({ headers }) => afterScheme('ApiKey', headers.authorization),
    logsKey: false,
  },
  {
    name: '@mapbox/mcp-server, key that goes into the query',
    into: env('MAPBOX_ACCESS_TOKEN'),
    connection: onDemandServer('@mapbox/mcp-server/dist/index.js', (url) => ({ MAPBOX_API_ENDPOINT: `${url}/` })),
    tool: 'ForwardGeocodeTool',
    args: { q: 'Paris' },
    body: '{"type":"FeatureCollection","features":[]}',
    keyOf: ({ url }) => url.searchParams.get('access_token'),
    newKey: () => `pk.${canary('')}.${canary('')}`,
    logsKey: false,
  },
  {
    name: '@launchdarkly/mcp-server, key in an argument',
    into: argument('--api-key={}'),
    connection: onDemandServer('@launchdarkly/mcp-server/bin/mcp-server.js', () => ({}), [
      'start',
      '--server-url',
      '{baseUrl}',
    ]),
    tool: 'list-feature-flags',
    args: { request: { projectKey: 'p' } },
    body: '{"items":[],"_links":{}}',
    keyOf: ({ headers }) => headers.authorization,
    logsKey: false,
  },
  {
    name: '@masonator/coolify-mcp, key in a variable',
    into: env('COOLIFY_ACCESS_TOKEN'),
    connection: coolify,
    tool: 'list_servers',
    args: {},
    body: '[]',
    keyOf: bearer,
    logsKey: false,
  },
  {
    name: '@masonator/coolify-mcp, key in a file',
    into: file('COOLIFY_ACCESS_TOKEN_FILE'),
    connection: coolify,
    tool: 'list_servers',
    args: {},
    body: '[]',
    keyOf: bearer,
    logsKey: false,
  },
];

export const realServers = [
  ...bundled.map((server) => ({ ...server, isMissing: false })),
  ...demanded.map((server) => ({ ...server, isMissing: others === undefined || elastic === undefined })),
];
