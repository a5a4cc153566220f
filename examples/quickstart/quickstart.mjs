// Claviger's main job on real input: a key that was stored once reaches a function, an HTTP call and an MCP tool,
// and nobody else. Exits non-zero if any of that is not so.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { env, loadRegistry, parameter, withCredential } from 'claviger';
import { createFetch } from 'claviger/http';
import { createStdioToolset } from 'claviger/mcp';
import { say, sweep, title } from './report.mjs';
import { startStranger, startUsersApi } from './users-api.mjs';

const require = createRequire(import.meta.url);
const key = `uk_${randomBytes(24).toString('hex')}`;
const home = mkdtempSync(join(tmpdir(), 'claviger-quickstart-'));
Object.assign(process.env, { CLAVIGER_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config') });

const stranger = await startStranger();
const api = await startUsersApi(key, stranger.url);
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

title('1. Store the key, through the command line (the key comes from standard input)');
const claviger = join(dirname(require.resolve('claviger/package.json')), 'dist/cli/main.js');
cli(['init']);
cli(['add', 'users-api', '--header', 'X-Api-Key', '--base-url', api.url], key);
cli(['add', 'users-api-query', '--query', 'api_key', '--base-url', api.url], key);
cli(['ls']);

const registry = await loadRegistry();
const auth = registry.auth('users-api');

title('2. A function: the key goes into a parameter that its caller never sees');
const getUser = withCredential(
  async ({ id, apiKey }) => (await fetch(`${api.url}/users/${id}`, { headers: { 'x-api-key': apiKey } })).json(),
  { auth, into: 'apiKey' },
);
const user = await getUser({ id: 123 });
say('getUser({ id: 123 }) gave', user);
assert.deepEqual(user, { id: 123, name: 'Ada Lovelace', seen: '[secret]' });

title('3. HTTP: the key goes into a header or the query, at its destinations only');
const byHeader = await (await createFetch({ auth })('/users/123')).json();
say('with a header', byHeader);
const byQuery = await (await createFetch({ auth: registry.auth('users-api-query') })('/users/123')).json();
say('with a query parameter', byQuery);
assert.deepEqual([byHeader, byQuery], [user, user]);
assert.deepEqual(api.served, { header: 2, query: 1, refused: 0 });
const moved = await (await createFetch({ auth })('/moved')).json();
say('redirected to another origin, without the key', moved);
assert.equal(stranger.received.length, 1);
const refusal = await createFetch({ auth })(`${stranger.url}/users/123`).catch(({ code, message }) => ({
  code,
  message,
}));
say('asked for another origin', refusal);
assert.equal(refusal.code, 'ERR_DESTINATION_DENIED');
assert.equal(stranger.received.length, 1);

title('4. MCP: a third-party server gets the key in its environment …');
const connection = openApiServer(api.url);
const stderr = [];
const onStderr = (line) => stderr.push(line); // this server logs the arguments of each call there
const byEnvironment = createStdioToolset({
  auth,
  into: env('API_HEADERS', { template: 'X-Api-Key:{}' }),
  connection,
  onStderr,
});
await showTool(byEnvironment, 'get-user');
const environments = sweep.processes(key);
const account = (await byEnvironment.listTools()).find(({ name }) => name === 'get-account');
say('another tool of it wants a key from the model', Object.keys(account.inputSchema.properties));
assert.deepEqual(Object.keys(account.inputSchema.properties), ['id', 'api_key']);

title('5. … or in a parameter of its tool, which the model never sees');
const byParameter = createStdioToolset({ auth, into: parameter('api_key'), connection, onStderr });
await showTool(byParameter, 'get-account');
assert.deepEqual(api.served, { header: 3, query: 2, refused: 0 });

title('6. Where is the key now?');
if (process.platform === 'linux') {
  assert.deepEqual(environments, { own: [], commandLines: [], others: ['environ of the MCP server'] });
}
say('processes', 'in the environment of the one MCP server that was given it there, in no command line');
await byEnvironment.close();
await byParameter.close();
assert.deepEqual(sweep.processes(key), { own: [], commandLines: [], others: [] });
sweep.files(home, key);
sweep.texts(
  {
    printed: say.everything(),
    stderr,
    stranger: stranger.received,
    results: { user, byHeader, byQuery, moved, refusal },
  },
  key,
);
say('elsewhere', 'nowhere: not printed, not returned, not on disk, not sent to the stranger, in any encoding');
await registry.close();
api.close();
stranger.close();

/** Runs the command line as a person would. */
function cli(args, input) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [claviger, ...args], { input, encoding: 'utf8' });
  say(`$ claviger ${args.join(' ')}`, `${stdout}${stderr}`.trim());
  assert.equal(status, 0, `claviger ${args[0]} ended with ${status}`);
}

/** Shows what a model sees of a tool, calls it and shows the result. */
async function showTool(toolset, name) {
  const tool = (await toolset.listTools()).find((one) => one.name === name);
  say('the model sees', tool.inputSchema);
  assert.equal(
    JSON.stringify(tool.inputSchema).includes('api_key'),
    toolset === byEnvironment && name.endsWith('query'),
  );
  const result = await toolset.callTool(name, { id: 123, api_key: 'made up by the model' });
  say('the result', result.content);
  assert.match(JSON.stringify(result), /Ada Lovelace/);
  sweep.texts({ tool, result }, key);
}

/** An MCP server from npm that makes tools of an OpenAPI description. */
function openApiServer(baseUrl) {
  const parameterOf = (name, where) => ({ name, in: where, required: true, schema: { type: 'string' } });
  const get = (operationId, ...parameters) => ({
    get: {
      operationId,
      parameters: [parameterOf('id', 'path'), ...parameters],
      responses: { 200: { description: 'a user' } },
    },
  });
  const description = {
    openapi: '3.0.0',
    info: { title: 'users', version: '1' },
    paths: {
      '/users/{id}': get('get-user'),
      '/accounts/{id}': get('get-account', parameterOf('api_key', 'query')),
    },
  };
  return {
    command: process.execPath,
    args: [join(dirname(require.resolve('@ivotoby/openapi-mcp-server/package.json')), 'bin/mcp-server.js')],
    env: { API_BASE_URL: baseUrl, TRANSPORT_TYPE: 'stdio', OPENAPI_SPEC_INLINE: JSON.stringify(description) },
  };
}
