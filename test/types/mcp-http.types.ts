import { Agent, ProxyAgent } from 'undici';
import { Agent as Agent8 } from 'undici8';
import type { Auth, Registry } from '../../src/index.js';
import {
  createHttpLauncher,
  createHttpToolset,
  type HttpLauncherOptions,
  type HttpToolset,
  type HttpToolsetOptions,
  type StdioLauncher,
  type Toolset,
} from '../../src/mcp/index.js';

declare const auth: Auth;
declare const registry: Registry;
const url = 'https://mcp.example.com/mcp';

const least: HttpToolsetOptions = { auth, url };
const toolset: HttpToolset = createHttpToolset(least);
const like: Toolset = toolset;
void like.close();
void createHttpToolset({
  auth,
  url,
  timeoutMs: 5000,
  headers: { 'x-tenant': 'seven' },
  dispatcher: new Agent(),
  clientInfo: { name: 'agent', version: '1' },
  toolNamePrefix: 'w_',
  toolFilter: ['echo'],
});
void createHttpToolset({ auth, url, dispatcher: new ProxyAgent('https://proxy.example.com') });
void createHttpToolset({ auth, url, dispatcher: new Agent8(), toolFilter: ({ name }) => name !== 'delete' });
void toolset.callTool(
  'echo',
  { q: 1 },
  { signal: AbortSignal.timeout(1), timeoutMs: 5, onProgress: ({ progress }) => progress },
);
void toolset.listTools({ timeoutMs: 5 }).then(([tool]) => tool?.inputSchema);
void toolset[Symbol.asyncDispose]();
// @ts-expect-error nobody to send
createHttpToolset({ url });
// @ts-expect-error nowhere to go
createHttpToolset({ auth });
// @ts-expect-error a URL is a text, in the one reading that it has
createHttpToolset({ auth, url: new URL(url) });
// @ts-expect-error its provider says where the key goes
createHttpToolset({ auth, url, into: { in: 'env', name: 'X' } });
// @ts-expect-error no child to start
createHttpToolset({ auth, url, connection: { command: 'node' } });
// @ts-expect-error not a dispatcher
createHttpToolset({ auth, url, dispatcher: {} });

const launched: HttpLauncherOptions = { auth, url, headers: { 'x-tenant': 'seven' }, maxMessageBytes: 1 };
void createHttpLauncher(launched).then((launcher: StdioLauncher) => launcher.exited);
void createHttpLauncher({ registry, url, consumer: () => undefined });
// @ts-expect-error it needs an auth or a registry
void createHttpLauncher({ url });
