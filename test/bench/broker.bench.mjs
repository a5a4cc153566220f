// What the broker costs: between a client and an https upstream on loopback, beside direct requests; and before a plain
// upstream, beside nginx with `proxy_set_header`, driven by wrk. Every number of a table is of one run.
import { execFileSync, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, ProxyAgent, request } from 'undici';
import { createRegistry, header } from 'claviger';
import { createBroker } from 'claviger/broker';

const self = fileURLToPath(import.meta.url);
const payload = 'x'.repeat(1024);
const large = Buffer.alloc(1024 * 1024, 'y');
const LARGE_PIECES = 100;

const roles = { upstream, broker };
const [, , role, ...rest] = process.argv;
if (role !== undefined && process.send !== undefined) await roles[role](...rest);
else await measure();

/** In a child: answers with 1 KiB, or at /large with 100 MB. */
async function upstream(scheme, cert, key) {
  const listener = (incoming, response) => {
    incoming.resume();
    if (incoming.url !== '/large') return response.writeHead(200, { 'content-length': payload.length }).end(payload);
    response.writeHead(200, { 'content-length': LARGE_PIECES * large.length });
    let left = LARGE_PIECES;
    const more = () => {
      while (left-- > 0) if (!response.write(large)) return response.once('drain', more);
      response.end();
    };
    more();
  };
  let connections = 0;
  const server = scheme === 'https' ? https.createServer({ cert, key }, listener) : http.createServer(listener);
  server.on(scheme === 'https' ? 'secureConnection' : 'connection', () => connections++);
  process.on('message', () => process.send({ connections }));
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
}

/** In a child, so that client and broker don't share a thread. */
async function broker(origin, ca) {
  const registry = createRegistry({
    providers: [
      { name: 'api', source: () => 'sk-live-0123456789abcdefghij', baseUrl: origin, placement: header('x-api-key') },
    ],
  });
  const made = await createBroker({ registry, upstream: ca ? { connect: { ca } } : {} });
  const session = await made.openSession({ providers: ['api'] });
  process.on('message', () => process.send({ rss: process.memoryUsage().rss }));
  process.send({
    url: session.baseUrl('api'),
    placeholder: session.placeholder('api'),
    environment: session.environment(),
  });
}

async function start(...args) {
  const child = fork(self, args);
  const [message] = await once(child, 'message');
  return { child, ...message };
}

async function ask(child) {
  child.send('');
  const [message] = await once(child, 'message');
  return message;
}

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-bench-'));
  try {
    await overTls(folder);
    await beforePlainUpstream(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function overTls(folder) {
  if (!has('openssl')) return console.log('openssl is not here: the TLS table is left out');
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...ec, '-keyout', keyFile, '-out', certFile, ...subject], {
    stdio: 'ignore',
  });
  const [cert, key] = [certFile, keyFile].map((file) => execFileSync('cat', [file], { encoding: 'utf8' }));
  const api = await start('upstream', 'https', cert, key);
  const origin = `https://localhost:${api.port}`;
  const made = await start('broker', origin, cert);
  const ca = execFileSync('cat', [made.environment.NODE_EXTRA_CA_CERTS], { encoding: 'utf8' });
  const headers = { 'x-api-key': made.placeholder };
  const ways = {
    direct: { url: origin, dispatcher: new Agent({ connect: { ca: cert } }) },
    reverse: { url: made.url, dispatcher: new Agent() },
    forward: {
      url: origin,
      dispatcher: new ProxyAgent({ uri: made.environment.HTTPS_PROXY, requestTls: { ca } }),
    },
  };
  const rows = {};
  for (let round = 0; round < 3; round++) {
    for (const [name, { url, dispatcher }] of Object.entries(ways)) {
      const row = (rows[name] ??= { p50: [], rate: [] });
      row.p50.push(await latency(url, { dispatcher, headers }, 1500));
      row.rate.push(await rate(url, { dispatcher, headers }, 32, 4000));
    }
  }
  const before = (await ask(api.child)).connections;
  await latency(made.url, { dispatcher: ways.reverse.dispatcher, headers }, 200);
  const opened = (await ask(api.child)).connections - before;
  console.log('\nhttps upstream on loopback, 1 KiB, undici client (medians of 3)');
  for (const [name, { p50, rate: rates }] of Object.entries(rows)) {
    const [direct] = [rows.direct];
    const added = median(p50) - median(direct.p50);
    const ratio = median(rates) / median(direct.rate);
    console.log(
      `  ${name.padEnd(8)} p50 ${median(p50).toFixed(3)} ms (+${added.toFixed(3)})  ${Math.round(median(rates))} requests/s at 32 (${ratio.toFixed(2)} of direct)`,
    );
  }
  console.log(`  connections opened by 200 warm requests: ${opened}`);
  for (const { child } of [api, made]) child.kill();
}

async function latency(url, options, count) {
  const times = [];
  for (let index = 0; index < count; index++) {
    const begin = performance.now();
    const { body } = await request(url, options);
    await body.dump();
    if (index >= count / 5) times.push(performance.now() - begin);
  }
  return median(times);
}

async function rate(url, options, concurrency, count) {
  let left = count;
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (left-- > 0) await (await request(url, options)).body.dump();
    }),
  );
  return (count / (performance.now() - begin)) * 1000;
}

async function beforePlainUpstream(folder) {
  for (const program of ['nginx', 'wrk']) {
    if (!has(program)) return console.log(`${program} is not here: the table beside nginx is left out`);
  }
  const api = await start('upstream', 'http');
  const made = await start('broker', `http://127.0.0.1:${api.port}`, '');
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
    events { worker_connections 1024; }
    http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
      uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
      upstream api { server 127.0.0.1:${api.port}; keepalive 128; }
      server { listen 127.0.0.1:${port}; location / { proxy_pass http://api; proxy_http_version 1.1; proxy_max_temp_file_size 0;
        proxy_set_header Connection ""; proxy_set_header x-api-key sk-live-0123456789abcdefghij; } } }`,
  );
  const nginx = spawn('nginx', ['-c', config, '-p', folder], { stdio: 'ignore' });
  await reachable(`http://127.0.0.1:${port}/`);
  const targets = { direct: `http://127.0.0.1:${api.port}`, nginx: `http://127.0.0.1:${port}`, reverse: made.url };
  const rows = Object.fromEntries(Object.keys(targets).map((name) => [name, { rate: [], speed: [] }]));
  for (let round = 0; round < 3; round++) {
    for (const [name, url] of Object.entries(targets)) {
      rows[name].rate.push(wrk(`${url}/`, made.placeholder));
      rows[name].speed.push(await download(`${url}/large`, made.placeholder));
    }
  }
  console.log('\nplain upstream on loopback (medians of 3): wrk with 64 connections, and 100 MB');
  for (const [name, { rate: rates, speed }] of Object.entries(rows)) {
    const ratios = [median(rates) / median(rows.nginx.rate), median(speed) / median(rows.nginx.speed)];
    console.log(
      `  ${name.padEnd(8)} ${Math.round(median(rates))} requests/s (${ratios[0].toFixed(2)} of nginx)  ${Math.round(median(speed))} MB/s (${ratios[1].toFixed(2)})`,
    );
  }
  console.log(`  RSS of the broker's process afterwards: ${Math.round((await ask(made.child)).rss / 1e6)} MB`);
  nginx.kill();
  for (const { child } of [api, made]) child.kill();
}

function wrk(url, placeholder) {
  const args = ['-t1', '-c64', '-d3s', '-H', `x-api-key: ${placeholder}`, url];
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

async function download(url, placeholder) {
  const begin = performance.now();
  const { body } = await request(url, { headers: { 'x-api-key': placeholder } });
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes / 1000 / (performance.now() - begin);
}

async function freePort() {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function reachable(url) {
  for (let tries = 0; tries < 100; tries++) {
    const answered = await request(url).then(
      ({ body }) => body.dump(),
      () => false,
    );
    if (answered !== false) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${url} does not answer`);
}

function has(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
