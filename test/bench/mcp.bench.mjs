/**
 * What a launcher costs between an MCP client and its server: calls per second and MB/s against a plain byte pipe in its
 * place, as ratios in one run, with injection and redaction on.
 *
 * Target: at least 0.95 of the pipe, one call at a time and 64 at once, and for results of 1 MB.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 8);
const dist = new URL(process.env.BENCH_DIST ?? '../../dist/', import.meta.url);
const self = fileURLToPath(import.meta.url);
const key = 'sk-live-0123456789abcdef0123456789abcdef';

const roles = { server, pipe, launcher, main };
await roles[process.argv[2] ?? 'main']();

/** Answers as fast as it can: a small text, or one of so many bytes. */
function server() {
  const texts = new Map();
  const textOf = (bytes) => texts.get(bytes) ?? (texts.set(bytes, JSON.stringify('x'.repeat(bytes))), texts.get(bytes));
  eachLine(process.stdin, (line) => {
    const { id, method, params } = JSON.parse(line);
    if (method !== 'tools/call') return;
    const text = textOf(params.arguments.bytes);
    process.stdout.write(`{"result":{"content":[{"type":"text","text":${text}}]},"jsonrpc":"2.0","id":${id}}\n`);
  });
}

function pipe() {
  const child = spawn(process.execPath, [self, 'server'], { stdio: ['pipe', 'pipe', 'inherit'] });
  process.stdin.pipe(child.stdin);
  child.stdout.pipe(process.stdout);
}

async function launcher() {
  const { createRegistry } = await import(new URL('index.js', dist).href);
  const { createStdioLauncher } = await import(new URL('mcp/index.js', dist).href);
  const registry = createRegistry({
    providers: [{ name: 'api', environmentVariable: 'API_KEY', source: () => key }],
  });
  const connection = { command: process.execPath, args: [self, 'server'] };
  await createStdioLauncher({ inject: [{ auth: registry.auth('api') }], connection });
}

function eachLine(stream, onLine) {
  let parts = [];
  stream.on('data', (chunk) => {
    let from = 0;
    for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
      onLine(Buffer.concat([...parts, chunk.subarray(from, to)]));
      parts = [];
      from = to + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
  });
}

/** A client that keeps so many calls in flight, and counts how many are answered in a time. */
function client(role) {
  const child = spawn(process.execPath, [self, role], { stdio: ['pipe', 'pipe', 'inherit'] });
  let onAnswer = () => undefined;
  let id = 0;
  eachLine(child.stdout, () => onAnswer());
  return {
    close: () => child.kill(),
    run: (calls, inFlight, bytes) =>
      new Promise((resolve) => {
        const started = performance.now();
        let [sent, answered] = [0, 0];
        const send = () => {
          sent += 1;
          const params = { name: 'text', arguments: { bytes } };
          child.stdin.write(`${JSON.stringify({ method: 'tools/call', params, jsonrpc: '2.0', id: (id += 1) })}\n`);
        };
        onAnswer = () => {
          answered += 1;
          if (sent < calls) send();
          if (answered === calls) resolve(performance.now() - started);
        };
        while (sent < Math.min(inFlight, calls)) send();
      }),
  };
}

async function main() {
  const roles = ['server', 'pipe', 'launcher'];
  const clients = Object.fromEntries(roles.map((role) => [role, client(role)]));
  const cases = [
    ['small, one at a time', 1500, 1, 100],
    ['small, 64 in flight', 8000, 64, 100],
    ['1 MB results', 60, 4, 1_000_000],
  ];
  for (const role of roles)
    for (const [, calls, inFlight, bytes] of cases) await clients[role].run(calls, inFlight, bytes);
  for (const [name, calls, inFlight, bytes] of cases) {
    const best = Object.fromEntries(roles.map((role) => [role, Infinity]));
    const ratios = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const times = {};
      for (const role of round % 2 ? roles : [...roles].reverse())
        times[role] = await clients[role].run(calls, inFlight, bytes);
      for (const role of roles) best[role] = Math.min(best[role], times[role]);
      ratios.push(times.pipe / times.launcher);
    }
    const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)];
    const rates = roles.map((role) => `${role} ${Math.round(calls / (best[role] / 1000))}/s`).join('  ');
    console.log(
      `${name.padEnd(22)} launcher / pipe ${median.toFixed(2)} (best ${(best.pipe / best.launcher).toFixed(2)})   ${rates}`,
    );
  }
  for (const role of roles) clients[role].close();
}
