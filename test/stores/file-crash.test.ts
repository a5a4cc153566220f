import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/secret.js';
import { fileStore } from '../../src/stores/file.js';
import { hostPrograms } from '../process/host-program.js';
import type { HostPrograms } from '../process/host-program.js';
import { newDirectory } from './new-directory.js';
import { within } from '../support/within.js';

const masterKey = 'ab'.repeat(32);

let programs: HostPrograms;
beforeAll(() => (programs = hostPrograms('internal', 'stores', 'stores/file')));
afterAll(() => programs.remove());

/** A process of its own with a store at `path`; `body` may use store, Secret and say. */
function start(path: string, body: string) {
  const child = programs.start(
    (from) => `
      import { fileStore } from '${from}/stores/file.js';
      import { withFileLock } from '${from}/internal/file-lock.js';
      import { Secret } from '${from}/secret.js';
      const path = ${JSON.stringify(path)};
      const store = fileStore({ path, masterKey: '${masterKey}', env: {} });
      const say = (text) => process.stdout.write(text + '\\n');
      ${body}`,
    {},
  );
  child.stderr.pipe(process.stderr);
  return { child, exited: once(child, 'close'), lines: createInterface({ input: child.stdout }) };
}

const open = (path: string) => fileStore({ path, masterKey, env: {} });

describe('a file store under crashes and other processes', () => {
  test('killed in the middle of writing 40 times it holds the old state or the new, never less than was acknowledged (D13)', async () => {
    const path = join(await newDirectory(), 'secrets');
    let acknowledged = -1;
    for (let round = 0; round < 40; round++) {
      const { child, exited, lines } = start(
        path,
        `for (let count = ${acknowledged + 1}; ; count++) {
          await store.set('service', Secret.from('value-' + count));
          await store.set('entry-' + count % 7, Secret.from('x'.repeat(20_000)));
          say(String(count));
        }`,
      );
      lines.on('line', (line) => (acknowledged = Number(line)));
      await once(lines, 'line');
      await delay(Math.random() * 12); // any moment, that is the point
      child.kill('SIGKILL');
      await exited;

      const found = Number((await open(path).get('service'))?.secret.reveal().slice('value-'.length));
      expect([acknowledged, acknowledged + 1]).toContain(found);
      acknowledged = found;
    }
    await open(path).set('service', Secret.from('value-at-last'));
    expect((await readdir(join(path, '..'))).sort()).toEqual(['secrets', 'secrets.bak']);
  }, 60_000);

  test('four processes with fifty writes each lose none (D14)', async () => {
    const path = join(await newDirectory(), 'secrets');
    const children = ['a', 'b', 'c', 'd'].map((name) =>
      start(path, `for (let i = 0; i < 50; i++) await store.set('${name}-' + i, Secret.from('value-${name}-' + i));`),
    );
    expect(await Promise.all(children.map(({ exited }) => exited))).toEqual(Array(4).fill([0, null]));
    const store = open(path);
    expect(await store.list()).toHaveLength(200);
    for (const name of ['a-0', 'b-49', 'c-25', 'd-7']) {
      expect((await store.get(name))?.secret.reveal()).toBe(`value-${name}`);
    }
    expect((await readdir(join(path, '..'))).sort()).toEqual(['secrets', 'secrets.bak']);
  }, 60_000);

  test('a process that dies with the lock in its hand stops the next writer for less than a second (D15)', async () => {
    const path = join(await newDirectory(), 'secrets');
    await open(path).set('service', Secret.from('value-before'));
    const { child, exited, lines } = start(
      path,
      `await withFileLock(path + '.lock', () => { say('held'); return new Promise((done) => setTimeout(done, 1e6)); });`,
    );
    await once(lines, 'line');
    child.kill('SIGKILL');
    await exited;
    const began = performance.now();
    await open(path).set('service', Secret.from('value-after'));
    expect(performance.now() - began).toBeLessThan(within(1000));
    expect((await open(path).get('service'))?.secret.reveal()).toBe('value-after');
    expect((await readdir(join(path, '..'))).sort()).toEqual(['secrets', 'secrets.bak']);
  });
});
