import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { basic, header, type ProviderDefinition } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { openBroker } from '../broker/brokers.js';
import { secureUpstream } from '../broker/secure-upstream.js';
import { needs, needsLibrary } from '../support/needs.js';
import { rig, serve } from '../support/serve.js';

const require = createRequire(import.meta.url);

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a client with these variables and nothing of ours but the PATH. */
function run(command: string, args: string[], env: Record<string, string>): Promise<Ran> {
  const home = mkdtempSync(join(tmpdir(), 'claviger-client-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const child = spawn(command, args, { env: { PATH: process.env['PATH'] ?? '', HOME: home, ...env }, cwd: home });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

/** A script in a file of its own, as it would be written by anybody. */
function script(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-script-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const undici = JSON.stringify(require.resolve('undici'));
const axios = JSON.stringify(require.resolve('axios'));

const nodeScripts = {
  fetch: `fetch(process.env.URL, { headers: { authorization: 'Bearer ' + process.env.API_KEY } })
    .then((r) => r.text()).then(console.log);`,
  https: `const { URL: url } = process.env;
    require(url.startsWith('https') ? 'https' : 'http').get(url, { headers: { authorization: 'Bearer ' + process.env.API_KEY } }, (r) => r.pipe(process.stdout));`,
  undici: `require(${undici}).request(process.env.URL, { headers: { authorization: 'Bearer ' + process.env.API_KEY } })
    .then((r) => r.body.text()).then(console.log);`,
  axios: `require(${axios}).get(process.env.URL, { headers: { authorization: 'Bearer ' + process.env.API_KEY } })
    .then((r) => console.log(JSON.stringify(r.data)));`,
};

const python = `import os, urllib.request
request = urllib.request.Request(os.environ['URL'], headers={'Authorization': 'Bearer ' + os.environ['API_KEY']})
print(urllib.request.urlopen(request).read().decode())`;
const pythonGet = `import os, requests
print(requests.get(os.environ['URL'], headers={'Authorization': 'Bearer ' + os.environ['API_KEY']}).text)`;

type Client = [name: string, missing: boolean, command: () => [string, string[]]];

const clients: Client[] = [
  ['curl', !needs('curl'), () => ['sh', ['-c', 'curl -sS -H "Authorization: Bearer $API_KEY" "$URL"']]],
  ['Python’s urllib', !needs('python3'), () => ['python3', [script('client.py', python)]]],
  ...Object.entries(nodeScripts).map(([name, text]): Client => [
    `Node’s ${name}`,
    false,
    () => [process.execPath, [script('client.cjs', text)]],
  ]),
];

// Debian's own Python: its packages are for no other.
for (const library of ['requests', 'httpx']) {
  const isHere = needsLibrary(`python3-${library}`, '/usr/bin/python3', '-c', `import ${library}`);
  const text = pythonGet.replaceAll('requests', library);
  clients.push([`Python’s ${library}`, !isHere, () => ['/usr/bin/python3', [script('client.py', text)]]]);
}

describe.each(clients)('%s', (_name, missing, command) => {
  it.skipIf(missing)('reaches a hard-coded https host through the proxy, with a placeholder only', async () => {
    const api = await secureUpstream();
    const { registry, key } = rig({ baseUrl: `${api.origin}/v1` });
    const { session } = await openBroker(registry, { upstream: api.upstream });
    const placeholder = session.placeholder('api');
    const env = { ...session.environment(), URL: `${api.origin}/v1/x`, API_KEY: placeholder };
    const { output } = await run(...command(), env);
    expect(output).toContain(`"seen":"Bearer ${placeholder}"`);
    expect(api.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expectNoLeak([output, env], key);
  });

  it.skipIf(missing)('reaches a base URL, with a placeholder only', async () => {
    const server = await serve(({ headers }, response) =>
      response.end(JSON.stringify({ seen: headers.authorization })),
    );
    const { registry, key } = rig({ baseUrl: server.origin });
    const { session } = await openBroker(registry);
    const placeholder = session.placeholder('api');
    const { output } = await run(...command(), { URL: session.baseUrl('api', '/x'), API_KEY: placeholder });
    expect(output).toContain(`"seen":"Bearer ${placeholder}"`);
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expectNoLeak(output, key);
  });

  it.skipIf(missing)('fails where it is led past the proxy: the host is not the one that was meant (B15)', async () => {
    const api = await secureUpstream();
    const { registry } = rig({ baseUrl: `${api.origin}/v1` });
    const { session } = await openBroker(registry, { upstream: api.upstream });
    const { code } = await run(...command(), { URL: `${api.origin}/v1/x`, API_KEY: session.placeholder('api') });
    expect(code).not.toBe(0);
    expect(api.received).toEqual([]);
  });
});

describe.skipIf(!needs('git'))('git', () => {
  const definition: Omit<ProviderDefinition, 'name'> = { placement: basic() };
  const quiet = { GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' };

  it('answers the challenge with the placeholder, and the key arrives: by base URL', async () => {
    const server = await serve(({ headers }, response) => {
      if (headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' });
      response.end();
    });
    const { registry, key } = rig({ baseUrl: server.origin, ...definition });
    const { session } = await openBroker(registry);
    const url = new URL(session.baseUrl('api', '/repo.git'));
    Object.assign(url, { username: 'me', password: session.placeholder('api') });
    const { output } = await run('git', ['ls-remote', url.href], quiet);
    expect(server.received[0]?.headers.authorization).toBe(`Basic ${btoa(`me:${key}`)}`);
    expectNoLeak(output, key);
  });

  it('answers the challenge with the placeholder, and the key arrives: by proxy', async () => {
    const api = await secureUpstream();
    const { registry, key } = rig({ baseUrl: api.origin, ...definition });
    const { session } = await openBroker(registry, { upstream: api.upstream });
    const url = new URL(`${api.origin}/repo.git`);
    Object.assign(url, { username: 'me', password: session.placeholder('api') });
    const { output } = await run('git', ['ls-remote', url.href], { ...session.environment(), ...quiet });
    expect(api.received[0]?.headers.authorization).toBe(`Basic ${btoa(`me:${key}`)}`);
    expectNoLeak(output, key);
  });
});

describe.skipIf(!needs('gh'))('a client written in Go, GitHub’s gh', () => {
  it('reaches a host that it knows over https only, through the proxy, with a placeholder only', async () => {
    const api = await secureUpstream();
    const { registry, key } = rig({
      baseUrl: `${api.origin}/api/v3`,
      placement: header('Authorization', { prefix: 'token ' }),
    });
    const { session } = await openBroker(registry, { upstream: api.upstream });
    const placeholder = session.placeholder('api');
    const env = {
      ...session.environment(),
      GH_HOST: new URL(api.origin).host,
      GH_ENTERPRISE_TOKEN: placeholder,
      GH_PROMPT_DISABLED: '1',
    };
    const { code, output } = await run('gh', ['api', 'user'], env);
    expect([code, output]).toEqual([0, expect.stringContaining(`"seen":"token ${placeholder}"`)]);
    expect(api.received[0]).toMatchObject({ url: '/api/v3/user', headers: { authorization: `token ${key}` } });
    expectNoLeak([output, env], key);
  });

  it('trusts nothing that answers in the host’s name without the broker’s certificate', async () => {
    const api = await secureUpstream();
    const { registry } = rig({ baseUrl: api.origin });
    const { session } = await openBroker(registry, { upstream: api.upstream });
    const { SSL_CERT_FILE: _trusted, ...environment } = session.environment();
    const env = { ...environment, GH_HOST: new URL(api.origin).host, GH_ENTERPRISE_TOKEN: session.placeholder('api') };
    const { code, output } = await run('gh', ['api', 'user'], env);
    expect([code, output]).toEqual([1, expect.stringMatching(/certificate/)]);
    expect(api.received).toEqual([]);
  });
});
