/**
 * What it costs to load each store, in a process of its own, beside the bare process and the root entry: nobody should pay for
 * a store before its first use.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROUNDS = Number(process.env.BENCH_START_ROUNDS ?? 7);
const root = new URL('../../', import.meta.url);
const { exports: entries } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const stores = Object.keys(entries).filter((entry) => entry.startsWith('./stores/'));

/** The fastest of some starts, in milliseconds. */
function start(code) {
  const times = Array.from({ length: ROUNDS }, () => {
    const before = performance.now();
    const { status } = spawnSync(process.execPath, ['-e', code], { cwd: fileURLToPath(root), stdio: 'ignore' });
    if (status !== 0) throw new Error(`it failed: ${code}`);
    return performance.now() - before;
  });
  return Math.min(...times);
}

const bare = start('0');
const rows = [['node -e 0', bare]];
for (const entry of ['.', ...stores]) {
  const name = `claviger${entry.slice(1)}`;
  rows.push([name, start(`import(${JSON.stringify(name)})`)]);
}
for (const [name, ms] of rows) {
  console.log(`${name.padEnd(40)} ${ms.toFixed(0).padStart(5)} ms  + ${(ms - bare).toFixed(0)}`);
}
