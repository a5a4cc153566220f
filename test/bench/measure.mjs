const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 300);
const WARM_UP_MS = 200;
const ROUND_MS = 1;

/**
 * The fastest of many short rounds, in nanoseconds a call: what else runs on the machine disturbs some, but not all. All runs
 * take turns, so that a slow moment meets all alike.
 */
export function measure(...runs) {
  const calls = runs.map((run) => {
    let count = 0;
    for (const start = performance.now(); performance.now() - start < WARM_UP_MS; count++) run();
    return callsOf(count);
  });
  const best = runs.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, run] of runs.entries()) {
      const start = performance.now();
      for (let call = 0; call < calls[index]; call++) run();
      best[index] = Math.min(best[index], ((performance.now() - start) * 1e6) / calls[index]);
    }
  }
  return best;
}

/** The same for functions that give promises: each call is awaited before the next. */
export async function measureAsync(...runs) {
  const calls = [];
  for (const run of runs) {
    let count = 0;
    for (const start = performance.now(); performance.now() - start < WARM_UP_MS; count++) await run();
    calls.push(callsOf(count));
  }
  const best = runs.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, run] of runs.entries()) {
      const start = performance.now();
      for (let call = 0; call < calls[index]; call++) await run();
      best[index] = Math.min(best[index], ((performance.now() - start) * 1e6) / calls[index]);
    }
  }
  return best;
}

function callsOf(count) {
  return Math.max(1, Math.round((count * ROUND_MS) / WARM_UP_MS));
}
