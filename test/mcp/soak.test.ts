import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createRegistry } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { until } from '../process/living.js';
import { canary } from '../support/canary.js';
import { testClock } from '../support/clock.js';
import { countingSource } from '../support/counting-source.js';
import { rawConnection, textOf, toolset } from './toolsets.js';

const calls = 10_000;
const callers = 5;
const rotations = 20;

/** Our children that live, and theirs. */
function descendants(): number {
  if (process.platform !== 'linux') return 0;
  const parents = new Map<number, number>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (state !== 'Z') parents.set(Number(pid), Number(parent));
    } catch {
      // gone meanwhile
    }
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === process.pid || isOurs(parent));
  };
  return [...parents.keys()].filter(isOurs).length;
}

it(`${calls} calls by ${callers} callers over ${rotations} rotations: none fails, and nothing grows`, async () => {
  const now = testClock();
  const keys = [canary()];
  const source = countingSource(keys[0]);
  const registry = createRegistry({ providers: [{ name: 'weather', environmentVariable: 'API_KEY', source }], now });
  const tools = toolset({ auth: registry.auth('weather'), connection: rawConnection() });
  const answers: string[] = [];
  const servers = new Set<string>();
  let made = 0;
  const call = async (): Promise<void> => {
    while (made < calls) {
      made += 1;
      if (made % (calls / rotations) === 0) {
        source.answer = canary();
        keys.push(source.answer);
        now.advance(300_000);
      }
      const name = made % 50 === 0 ? 'pid' : 'environment';
      const text = textOf(await tools.callTool(name));
      if (name === 'pid') servers.add(text);
      else if (made % 100 === 1) answers.push(text);
    }
  };
  for (let warm = 0; warm < 200; warm += 1) await tools.callTool('environment');
  const before = { children: descendants(), resources: process.getActiveResourcesInfo().length, heap: heapMb() };
  await Promise.all(Array.from({ length: callers }, call)); // the first failure would reject
  expect(keys).toHaveLength(rotations + 1);
  expect(servers.size).toBeGreaterThanOrEqual(rotations);
  await until(() => descendants() <= before.children, 10_000);
  await until(() => process.getActiveResourcesInfo().length <= before.resources + 2, 10_000);
  expect(heapMb() - before.heap).toBeLessThan(8);
  for (const key of keys) expectNoLeak(answers, key);
}, 240_000);

/** What is held once the garbage is gone. */
function heapMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
