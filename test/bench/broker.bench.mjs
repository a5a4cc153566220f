// What the broker costs. Every number of a table is of one run, in which all rows take turns, and is the best of its rounds:
// what else runs on the machine disturbs some rounds, but not all. Driver, broker and upstream share its processors.
import { spawnSync } from 'node:child_process';
import { Agent, ProxyAgent, request } from 'undici';
import { ask, certificate, has, installMitm, LARGE, start, startNginx, stopAll } from './broker-processes.mjs';

const ROUNDS = Number(process.env.BENCH_BROKER_ROUNDS ?? 4);

/** All of them, or those that are named: `node test/bench/broker.bench.mjs largeBodies`. */
const parts = { fromNode, terminated, beforePlainUpstream, largeBodies };
const wanted = process.argv.slice(2);

try {
  for (const [name, measure] of Object.entries(parts)) {
    if (wanted.length === 0 || wanted.includes(name)) await measure();
  }
} finally {
  stopAll();
}

/** Node's clients, by both modes, beside requests that go to the upstream themselves. */
async function fromNode() {
  if (!has('openssl')) return;
  const { cert, key: certificateKey } = certificate();
  const api = await start('upstream', 'https', cert, certificateKey);
  const origin = `https://localhost:${api.port}`;
  const made = await start('broker', origin, cert);
  const ca = caOf(made);
  const clients = {
    'undici request': async (url, options) => (await request(url, options)).body.dump(),
    fetch: async (url, options) => (await fetch(url, options)).arrayBuffer(),
  };
  const headers = { 'x-api-key': made.placeholder };
  for (const [client, call] of Object.entries(clients)) {
    const proxy = { uri: made.environment.HTTPS_PROXY, requestTls: { ca } };
    const ways = {
      direct: { url: origin, dispatcher: new Agent({ connect: { ca: cert } }) },
      reverse: { url: made.url, dispatcher: new Agent() },
      forward: { url: origin, dispatcher: new ProxyAgent(proxy) },
    };
    const rows = {};
    await inTurns(ways, async (name, { url, dispatcher }) => {
      const once = () => call(url, { dispatcher, headers });
      (rows[name] ??= []).push({ p50: await latency(once, 500), rate: await rate(once, 32, 2000) });
    });
    const direct = best(rows.direct);
    table(`https upstream on loopback, 1 KiB, ${client}: p50 of one at a time, and requests a second at 32`);
    for (const [name, rounds] of Object.entries(rows)) {
      const { p50, rate: perSecond } = best(rounds);
      const added = `${p50.toFixed(3)} ms (+${(p50 - direct.p50).toFixed(3)})`;
      row(name, added, `${Math.round(perSecond)} (${(perSecond / direct.rate).toFixed(2)} of direct)`);
    }
    const before = (await ask(api.child)).connections;
    await latency(() => call(made.url, { dispatcher: ways.reverse.dispatcher, headers }), 200);
    row('connections opened by 200 warm requests', (await ask(api.child)).connections - before);
    for (const { dispatcher } of Object.values(ways)) await dispatcher.close();
  }
}

/** A proxy that ends TLS and begins it again. hey, written in Go, is driven: wrk, ab and h2load ask for no tunnel. */
async function terminated() {
  table('https upstream, 1 KiB, TLS on both sides, driven by hey with 32 connections: requests a second');
  if (!has('openssl', 'nginx', 'hey')) return;
  const tls = certificate();
  const api = await start('upstream', 'https', tls.cert, tls.key);
  const origin = `https://localhost:${api.port}`;
  const made = await start('broker', origin, tls.cert);
  const ways = {
    direct: { url: origin },
    nginx: await startNginx(api.port, tls),
    ...(installMitm() ? { 'http-mitm-proxy': { url: origin, ...(await start('mitm', tls.cert)) } } : {}),
    'broker, forward': { url: origin, proxy: made.environment.HTTPS_PROXY },
  };
  const drive = ({ url, proxy }, ...amount) => {
    const through = proxy === undefined ? [] : ['-x', proxy];
    return hey(...amount, '-disable-compression', '-H', `x-api-key: ${made.placeholder}`, ...through, `${url}/`);
  };
  for (const [name, way] of Object.entries(ways)) {
    try {
      drive(way, '-n', '1', '-c', '1');
    } catch (error) {
      console.log(`  without ${name}: ${error.message.split('\n')[0]}`);
      delete ways[name];
    }
  }
  const rows = {};
  await inTurns(ways, (name, way) => void (rows[name] ??= []).push({ rate: drive(way, '-z', '2s', '-c', '32') }));
  ratios(rows, 'nginx', 'http-mitm-proxy');
}

async function beforePlainUpstream() {
  table('plain upstream, 1 KiB, driven by wrk with 64 connections: requests a second');
  if (!has('nginx', 'wrk')) return;
  const api = await start('upstream', 'http');
  const origin = `http://127.0.0.1:${api.port}`;
  const made = await start('broker', origin, '');
  const ways = {
    direct: { url: origin },
    nginx: await startNginx(api.port),
    'node:http and undici, piped': await start('piped', origin),
    'broker, reverse': made,
  };
  const rows = {};
  await inTurns(ways, (name, { url }) => {
    (rows[name] ??= []).push({ rate: wrk('-t1', '-c64', '-d2s', '-H', `x-api-key: ${made.placeholder}`, `${url}/`) });
  });
  ratios(rows, 'nginx', 'node:http and undici, piped');
}

async function largeBodies() {
  table('plain upstream, bodies of 100 MB, one at a time, undici client: MB a second down, and up');
  if (!has('nginx')) return;
  const api = await start('upstream', 'http');
  const origin = `http://127.0.0.1:${api.port}`;
  const made = await start('broker', origin, '');
  const ways = { direct: { url: origin }, nginx: await startNginx(api.port), 'broker, reverse': made };
  const rows = {};
  await inTurns(ways, async (name, { url }) => {
    const headers = { 'x-api-key': made.placeholder };
    (rows[name] ??= []).push({ down: await download(`${url}/large`, headers), up: await upload(`${url}/`, headers) });
  });
  const nginx = best(rows.nginx);
  for (const [name, rounds] of Object.entries(rows)) {
    const { down, up } = best(rounds);
    const shown = (speed, beside) => `${Math.round(speed)} (${(speed / beside).toFixed(2)} of nginx)`;
    row(name, shown(down, nginx.down), shown(up, nginx.up));
  }
  row('largest RSS of the broker', `${Math.round((await ask(made.child)).peak / 1e6)} MB`);
}

/** One round of each, then the next of each; the first is for warming up. */
async function inTurns(ways, measure) {
  for (const [name, way] of Object.entries(ways)) await measure(name, way);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) await measure(name, way);
  }
}

async function latency(call, count) {
  const times = [];
  for (let index = 0; index < count; index++) {
    const begin = performance.now();
    await call();
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[count >> 1];
}

async function rate(call, concurrency, count) {
  let left = count;
  const begin = performance.now();
  const caller = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return (count / (performance.now() - begin)) * 1000;
}

function hey(...args) {
  const { stdout } = spawnSync('hey', args, { encoding: 'utf8' });
  const statuses = [...stdout.matchAll(/^\s+\[(\d+)\]\s+\d+ responses/gm)].map(([, status]) => status);
  if (statuses.join() !== '200') throw new Error(`not only 200 from ${args.at(-1)}:\n${stdout}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

function wrk(...args) {
  const { stdout } = spawnSync('wrk', args, { encoding: 'utf8' });
  if (/Non-2xx/.test(stdout)) throw new Error(`not only 200 from ${args.at(-1)}:\n${stdout}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}

async function download(url, headers) {
  const begin = performance.now();
  const { body } = await request(url, { headers });
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  if (bytes !== LARGE) throw new Error(`${bytes} bytes from ${url}`);
  return bytes / 1000 / (performance.now() - begin);
}

async function upload(url, headers) {
  const piece = Buffer.alloc(1024 * 1024, 'z');
  const pieces = Array.from({ length: LARGE / piece.length }, () => piece);
  const begin = performance.now();
  const { statusCode, body } = await request(url, {
    method: 'PUT',
    headers: { ...headers, 'content-length': LARGE },
    body: pieces.values(),
  });
  await body.dump();
  if (statusCode !== 200) throw new Error(`${statusCode} from ${url}`);
  return LARGE / 1000 / (performance.now() - begin);
}

/** What a client of forward mode trusts. */
function caOf({ environment }) {
  return spawnSync('cat', [environment.NODE_EXTRA_CA_CERTS], { encoding: 'utf8' }).stdout;
}

/** The best of each number: the shortest of times, the highest of all else. */
function best(rounds) {
  const names = Object.keys(rounds[0]);
  return Object.fromEntries(
    names.map((name) => {
      const values = rounds.map((round) => round[name]);
      return [name, name === 'p50' ? Math.min(...values) : Math.max(...values)];
    }),
  );
}

function ratios(rows, ...beside) {
  const bests = Object.fromEntries(Object.entries(rows).map(([name, rounds]) => [name, best(rounds).rate]));
  for (const [name, perSecond] of Object.entries(bests)) {
    const compared = beside.filter((other) => bests[other] !== undefined && other !== name);
    row(
      name,
      Math.round(perSecond),
      ...compared.map((other) => `${(perSecond / bests[other]).toFixed(2)} of ${other}`),
    );
  }
}

function table(title) {
  console.log(`\n${title}`);
}

function row(name, ...cells) {
  console.log(`  ${name.padEnd(28)} ${cells.map((cell) => String(cell).padEnd(26)).join(' ')}`);
}
