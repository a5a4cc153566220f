/**
 * How long the command line and the root entry take to start: medians of processes that take turns. Run after
 * `npm run build`; the folder of another build can be named as argument.
 *
 * Targets: over `node -e 0`, `claviger --version` 15 ms and `claviger ls` 50; over an empty file, `import 'claviger'` 40.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 20);
const dist = resolve(process.argv[2] ?? fileURLToPath(new URL('../../dist/', import.meta.url)));
const cli = join(dist, 'cli/main.js');
const home = mkdtempSync(join(tmpdir(), 'claviger-bench-'));
const env = {
  PATH: process.env.PATH,
  HOME: home,
  XDG_CONFIG_HOME: join(home, 'config'),
  CLAVIGER_HOME: join(home, 'state'),
};

try {
  prepare();
  await compareStarts();
  await weighLauncher();
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** A store with a few keys, and a config file. */
function prepare() {
  mkdirSync(env.XDG_CONFIG_HOME);
  writeFileSync(file('empty'), '');
  writeFileSync(file('import'), `import ${JSON.stringify(pathToFileURL(join(dist, 'index.js')).href)};`);
  run([cli, 'init']);
  for (const name of ['orders', 'users', 'weather']) {
    run(
      [cli, 'add', name, '--base-url', `https://${name}.example.com`, '--bearer'],
      `sk-live-${name}-0123456789abcdef`,
    );
  }
}

async function compareStarts() {
  const rows = {
    'node -e 0': { args: ['-e', '0'] },
    'claviger --version': { args: [cli, '--version'], over: 'node -e 0', target: 15 },
    'claviger ls': { args: [cli, 'ls'], over: 'node -e 0', target: 50 },
    'claviger --help': { args: [cli, '--help'], over: 'node -e 0' },
    'an empty file': { args: [file('empty')] },
    "import 'claviger'": { args: [file('import')], over: 'an empty file', target: 40 },
  };
  const times = Object.fromEntries(Object.keys(rows).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, { args }] of Object.entries(rows)) times[name].push(run(args));
  }
  for (const [name, { over, target }] of Object.entries(rows)) {
    const difference =
      over === undefined ? '' : `+${(median(times[name]) - median(times[over])).toFixed(1)} over ${over}`;
    const wanted = target === undefined ? '' : ` (target ${target})`;
    console.log(`${name.padEnd(20)}${median(times[name]).toFixed(1).padStart(8)} ms   ${difference}${wanted}`);
  }
}

/** Milliseconds from start to end of a process. */
function run(args, input = '') {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: home, env, input });
  const time = performance.now() - start;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return time;
}

/** The memory of a launcher whose server says nothing, beside that of the server, an empty process. */
async function weighLauncher() {
  if (process.platform !== 'linux') return;
  const server = [process.execPath, '-e', 'console.error(process.pid); process.stdin.resume()'];
  const args = [cli, 'mcp', 'run', '--env', 'USERS=users', '--', ...server];
  const launcher = spawn(process.execPath, args, { cwd: home, env, stdio: ['pipe', 'ignore', 'pipe'] });
  const [line] = await once(launcher.stderr, 'data');
  const [own, idle] = [launcher.pid, Number(line)].map(residentMb);
  console.log(`claviger mcp run    ${own.toFixed(1).padStart(8)} MB   ${idle.toFixed(1)} MB in an idle node`);
  launcher.stdin.end();
  await once(launcher, 'exit');
}

function residentMb(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

function file(name) {
  return join(home, `${name}.mjs`);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
