/**
 * Other packages that hand a credential to a function: installed when they are measured, never dependencies of ours. Each
 * runs in a process of its own, beside its own floor, since one `AsyncLocalStorage.run` slows every promise of its process.
 */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { measureAsync } from './measure.mjs';

const key = 'sk-live-0123456789abcdef0123456789abcdef';
const args = { id: 123, query: 'status' };
const result = { status: 200, body: 'short' };

const peers = {
  'bedrock-agentcore': {
    version: '0.4.4',
    name: 'bedrock-agentcore, withApiKey',
    does: 'one signed HTTP request a call, here to loopback; no cache, no redaction',
    open: agentCore,
  },
  '@auth0/ai': {
    version: '5.1.1',
    name: '@auth0/ai, TokenVaultAuthorizerBase.protect',
    does: 'AsyncLocalStorage and a store in memory each call; the tool fetches its token itself; no redaction',
    open: auth0,
  },
};

/** Nanoseconds a call of each peer, or why there are none. */
export async function measurePeers() {
  const rows = [];
  for (const [id, { name, does, version }] of Object.entries(peers)) {
    const failure = install(id, version);
    rows.push({ name, does, ...(failure === undefined ? await inProcess(id) : { skipped: failure }) });
  }
  return rows;
}

/** Where a peer is installed, apart from our dependencies and from the other peers. */
function folderOf(id) {
  return new URL(`../../node_modules/.cache/bench-peers/${id.replace('/', '-')}/`, import.meta.url);
}

function install(id, version) {
  const folder = folderOf(id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('package.json', folder), JSON.stringify({ private: true, dependencies: { [id]: version } }));
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd: fileURLToPath(folder), encoding: 'utf8', timeout: 300_000 };
  const { status, stderr } = spawnSync('npm', ['install', ...flags], options);
  return status === 0 ? undefined : `npm can't install it: ${stderr?.trim().split('\n')[0] || 'it took too long'}`;
}

async function inProcess(id) {
  const child = fork(fileURLToPath(import.meta.url), ['peer', id], { stdio: 'inherit' });
  const ended = once(child, 'exit').then(() => [{ skipped: 'its process ended' }]);
  const [row] = await Promise.race([once(child, 'message'), ended]);
  return row;
}

/** In the child: first what is written by hand, while the peer is not loaded. */
async function measurePeer(id) {
  const byHand = async (input) => (input.apiKey === key ? result : undefined);
  const [copyNs] = await measureAsync(() => byHand(Object.assign({}, args, { apiKey: key })));
  const { call, close } = await peers[id].open(folderOf(id));
  if ((await call()) !== result) throw new Error('the function got no key');
  const [ns] = await measureAsync(call);
  close();
  return { ns, copyNs };
}

/** AWS's SDK takes the endpoint and what it signs with from the environment. */
async function agentCore(folder) {
  const service = fork(fileURLToPath(import.meta.url), ['service']);
  const [port] = await once(service, 'message');
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'example',
    AWS_SECRET_ACCESS_KEY: 'example',
  });
  const entry = new URL('entry.mjs', folder);
  writeFileSync(entry, "export * from 'bedrock-agentcore/identity';");
  const { withApiKey } = await import(entry.href);
  const wrap = withApiKey({ providerName: 'api', workloadIdentityToken: 'token' });
  const call = wrap(async (_input, apiKey) => (apiKey === key ? result : undefined));
  return { call: () => call(args), close: () => service.kill() };
}

/** Answers as the service's GetResourceApiKey does. */
function serve() {
  const body = JSON.stringify({ apiKey: key });
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

/** A token that is given directly and then kept in its store: nothing calls the network. */
function auth0(folder) {
  const require = createRequire(folder);
  const { TokenVaultAuthorizerBase, getAccessTokenFromTokenVault } = require('@auth0/ai/TokenVault');
  const { MemoryStore } = require('@auth0/ai/stores');
  const authorizer = new TokenVaultAuthorizerBase(
    { domain: 'example.com', clientId: 'example', clientSecret: 'example' },
    {
      connection: 'api',
      scopes: ['read'],
      store: new MemoryStore(),
      accessToken: async () => ({ access_token: key, scope: 'read', expires_in: 3600 }),
    },
  );
  const context = () => ({ threadID: '1', toolCallID: '1', toolName: 'tool' });
  const call = authorizer.protect(context, async () => (getAccessTokenFromTokenVault() === key ? result : undefined));
  return { call: () => call(args), close: () => undefined };
}

const [role, id] = process.send === undefined ? [] : process.argv.slice(2);
if (role === 'service') serve();
if (role === 'peer') {
  const message = await measurePeer(id).catch((error) => ({ skipped: `it does not run: ${error.message}` }));
  process.send(message, () => process.exit());
}
