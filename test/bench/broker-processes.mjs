/** What stands before, behind and beside the broker in its benchmarks: each in a process of its own. */
import { execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';

export const key = 'sk-live-0123456789abcdefghij';
export const KIB = 1024;
export const LARGE = 100 * KIB * KIB;

const self = fileURLToPath(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'claviger-bench-'));
const running = [];

/** Starts one of the roles below in a child. */
export async function start(role, ...args) {
  const child = fork(self, [role, ...args]);
  running.push(child);
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${role} ended`)));
  const [message] = await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return { child, ...message };
}

export async function ask(child) {
  child.send('');
  const [message] = await once(child, 'message');
  return message;
}

export function stopAll() {
  for (const child of running.splice(0)) child.kill();
  rmSync(folder, { recursive: true, force: true });
}

export function has(...programs) {
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  if (missing.length > 0) console.log(`  left out, as ${missing.join(' and ')} is not here`);
  return missing.length === 0;
}

/** Files and texts of a certificate for localhost. */
export function certificate() {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', ...curve, ...files, ...subject], { stdio: 'ignore' });
  return { keyFile, certFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}

/** nginx with one worker that sets the header; over TLS on both sides if it is given a certificate. */
export async function startNginx(upstreamPort, tls) {
  const port = await freePort();
  const scheme = tls === undefined ? 'http' : 'https';
  const listen =
    tls === undefined
      ? `listen 127.0.0.1:${port};`
      : `listen 127.0.0.1:${port} ssl; ssl_certificate ${tls.certFile}; ssl_certificate_key ${tls.keyFile};
        proxy_ssl_trusted_certificate ${tls.certFile}; proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_server_name on;`;
  const config = join(folder, `nginx-${port}.conf`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (each) => `${each}_temp_path ${folder}/t;`,
  );
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${folder}/nginx-${port}.pid; error_log ${folder}/error.log;
    events { worker_connections 1024; }
    http { access_log off; ${temporary.join(' ')} client_max_body_size 0; keepalive_requests 1000000;
      upstream api { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 1000000; }
      server { ${listen} location / { proxy_pass ${scheme}://api; proxy_http_version 1.1; proxy_max_temp_file_size 0;
        proxy_request_buffering off; proxy_set_header Connection ""; proxy_set_header x-api-key ${key}; } } }`,
  );
  running.push(spawn('nginx', ['-c', config, '-p', folder], { stdio: 'ignore' }));
  const url = `${tls === undefined ? 'http://127.0.0.1' : 'https://localhost'}:${port}`;
  await reachable(url, tls?.cert);
  return { url };
}

/** An upstream: 1 KiB at `/`, 100 MB at `/large`, and what is sent to it goes nowhere. Tells how many connections it had. */
function upstream(scheme, cert, certKey) {
  const small = 'x'.repeat(KIB);
  const piece = Buffer.alloc(KIB * KIB, 'y');
  const listener = (incoming, response) => {
    incoming.resume();
    if (incoming.method === 'PUT') return incoming.on('end', () => response.end());
    if (incoming.url !== '/large') return response.writeHead(200, { 'content-length': KIB }).end(small);
    response.writeHead(200, { 'content-length': LARGE });
    let left = LARGE / piece.length;
    const more = () => {
      while (left-- > 0) if (!response.write(piece)) return response.once('drain', more);
      response.end();
    };
    more();
  };
  let connections = 0;
  const server =
    scheme === 'https' ? https.createServer({ cert, key: certKey }, listener) : http.createServer(listener);
  server.on(scheme === 'https' ? 'secureConnection' : 'connection', () => connections++);
  process.on('message', () => process.send({ connections }));
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

async function broker(origin, ca, allowH2) {
  const { createRegistry, header } = await import('claviger');
  const { createBroker } = await import('claviger/broker');
  const registry = createRegistry({
    providers: [{ name: 'api', source: () => key, baseUrl: origin, placement: header('x-api-key') }],
  });
  const connection = ca ? { connect: { ca } } : {};
  const made = await createBroker({ registry, upstream: { ...connection, ...(allowH2 ? { allowH2: true } : {}) } });
  const session = await made.openSession({ providers: ['api'] });
  const [url, placeholder] = [session.baseUrl('api'), session.placeholder('api')];
  process.on('message', () => {
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    process.send({ peak: Number(peak) * KIB });
  });
  process.send({ url, placeholder, environment: session.environment() });
}

/** What one writes in ten lines: node:http, piped into undici and back. Sets the header and does nothing else. */
function piped(origin) {
  const dispatcher = new Agent();
  const server = http.createServer(async (incoming, response) => {
    const { host: _host, connection: _connection, ...rest } = incoming.headers;
    const headers = { ...rest, 'x-api-key': key };
    const { method, url } = incoming;
    const body = method === 'GET' ? null : incoming;
    const answer = await request(origin + url, { dispatcher, method, headers, body });
    const { connection: _ours, 'keep-alive': _theirs, ...fields } = answer.headers;
    response.writeHead(answer.statusCode, fields);
    answer.body.pipe(response);
  });
  server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
}

const MITM = { name: 'http-mitm-proxy', version: '1.1.0' };
const mitmFolder = fileURLToPath(new URL('../../node_modules/.cache/bench-peers/http-mitm-proxy/', import.meta.url));

/** Installs the peer, apart from our dependencies; tells why it can't. */
export function installMitm() {
  mkdirSync(mitmFolder, { recursive: true });
  const dependencies = { [MITM.name]: MITM.version };
  writeFileSync(join(mitmFolder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const flags = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['install', ...flags], { cwd: mitmFolder, stdio: 'ignore', timeout: 300_000 });
  if (status !== 0) console.log(`  without ${MITM.name}, which npm can't install`);
  return status === 0;
}

/** http-mitm-proxy, which sets the header too, with connections to the upstream that are kept. */
function mitm(ca) {
  const { Proxy } = createRequire(join(mitmFolder, 'package.json'))(MITM.name);
  const proxy = new Proxy();
  proxy.onError((_context, error) => console.error(error?.message));
  proxy.onRequest((context, callback) => {
    context.proxyToServerRequestOptions.headers['x-api-key'] = key;
    callback();
  });
  const httpsAgent = new https.Agent({ keepAlive: true, ca });
  const options = { host: '127.0.0.1', port: 0, sslCaDir: join(folder, 'mitm'), httpsAgent };
  proxy.listen(options, () => process.send({ proxy: `http://127.0.0.1:${proxy.httpPort}` }));
}

async function freePort() {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function reachable(url, ca) {
  const dispatcher = new Agent(ca === undefined ? {} : { connect: { ca } });
  for (let tries = 0; tries < 100; tries++) {
    const answered = await request(url, { dispatcher }).then(
      ({ body }) => body.dump(),
      () => false,
    );
    if (answered !== false) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${url} does not answer`);
}

if (process.send !== undefined && process.argv[1] === self) {
  const [, , role, ...args] = process.argv;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.on('SIGTERM', () => process.exit());
  await { upstream, broker, piped, mitm }[role](...args);
}
