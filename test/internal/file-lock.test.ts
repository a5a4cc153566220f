import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withFileLock } from '../../src/internal/file-lock.js';
import { isAlive, ownIdentity } from '../../src/internal/process-identity.js';
import type { ProcessIdentity } from '../../src/internal/process-identity.js';
import { hostPrograms } from '../process/host-program.js';
import type { HostPrograms } from '../process/host-program.js';
import { until } from '../process/living.js';
import { newDirectory } from '../stores/new-directory.js';

let programs: HostPrograms;
beforeAll(() => (programs = hostPrograms('internal')));
afterAll(() => programs.remove());

function start(path: string, body: string) {
  const child = programs.start(
    (from) => `
      import { readFileSync, writeFileSync } from 'node:fs';
      import { withFileLock } from '${from}/internal/file-lock.js';
      const path = ${JSON.stringify(path)};
      const counter = path + '-counter';
      const say = (text) => process.stdout.write(text + '\\n');
      ${body}`,
    {},
  );
  child.stderr.pipe(process.stderr);
  return { child, exited: once(child, 'close'), lines: createInterface({ input: child.stdout }) };
}

const lockPath = async () => join(await newDirectory(), 'lock');

/** A lock of a process that is not. */
function record(changes: Partial<ProcessIdentity>, token = '0123456789abcdef'): string {
  const { pid, start, realm } = { ...ownIdentity(), ...changes };
  return [token, pid, start, realm].join('-');
}

describe('withFileLock', () => {
  test('lets one at a time in, in the order they came, and leaves nothing behind', async () => {
    const path = await lockPath();
    const order: string[] = [];
    await Promise.all(
      [0, 1, 2, 3].map((index) =>
        withFileLock(path, async () => {
          order.push(`in ${index}`);
          await stat(path);
          order.push(`out ${index}`);
        }),
      ),
    );
    expect(order).toEqual(['in 0', 'out 0', 'in 1', 'out 1', 'in 2', 'out 2', 'in 3', 'out 3']);
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  test('gives the result or the error of the work, and goes on after an error', async () => {
    const path = await lockPath();
    const failure = new Error('no');
    const failed = withFileLock(path, () => Promise.reject(failure));
    const after = withFileLock(path, async () => 'result');
    await expect(failed).rejects.toBe(failure);
    expect(await after).toBe('result');
  });

  test('waits for a living holder and gives up with a code', async () => {
    const path = await lockPath();
    const { child, exited, lines } = start(
      path,
      `await withFileLock(path, () => { say('held'); return new Promise((done) => setTimeout(done, 1e6)); });`,
    );
    await once(lines, 'line');
    const content = await readFile(path, 'utf8');
    const waiting = withFileLock(path, async () => 'never', { timeoutMs: 100 });
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    const reason = new Error('enough');
    const controller = new AbortController();
    const aborted = withFileLock(path, async () => 'never', { signal: controller.signal });
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    expect(await readFile(path, 'utf8')).toBe(content);
    child.kill('SIGKILL');
    await exited;
    expect(await withFileLock(path, async () => 'mine')).toBe('mine');
  });

  test('takes over from a number that another process has got since', async () => {
    const path = await lockPath();
    await writeFile(path, record({ start: '1' }));
    expect(await withFileLock(path, async () => 'mine', { timeoutMs: 500 })).toBe('mine');
  });

  test.each([
    ['of another machine or container', () => record({ realm: 'e'.repeat(16) })],
    ['that is not readable', () => 'half a rec'],
  ])('takes a lock %s for dead when it is old, and not before', async (_, content) => {
    const path = await lockPath();
    await writeFile(path, content());
    const waiting = withFileLock(path, async () => 'mine', { timeoutMs: 100 });
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await utimes(path, new Date(), new Date(Date.now() - 31_000));
    expect(await withFileLock(path, async () => 'mine', { timeoutMs: 500 })).toBe('mine');
  });

  test('tells a holder whose lock was taken over', async () => {
    const path = await lockPath();
    const lost = withFileLock(path, async (lock) => {
      await lock.assertHeld();
      await writeFile(path, record({}));
      await lock.assertHeld();
    });
    await expect(lost).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    expect(await readFile(path, 'utf8')).toContain('0123456789abcdef');
  });

  test('sweeps what others left who died while they waited or took over', async () => {
    const path = await lockPath();
    const living = `lock.${record({})}.candidate`;
    await writeFile(join(path, '..', living), '');
    await writeFile(`${path}.${record({ start: '1' })}.candidate`, '');
    await writeFile(`${path}.steal-aa.${record({ start: '1' })}.candidate`, '');
    await writeFile(`${path}.steal-fedcba9876543210`, record({ start: '1' }));
    await withFileLock(path, async () => undefined);
    expect(await readdir(join(path, '..'))).toEqual([living]);
  });

  test('keeps processes apart while holders keep dying and many take over at once', async () => {
    const path = await lockPath();
    await writeFile(`${path}-counter`, '0');
    const workers = [0, 1, 2].map(() =>
      start(
        path,
        `for (let i = 0; i < 150; i++) {
          await withFileLock(path, async () => {
            const count = Number(readFileSync(counter, 'utf8'));
            await new Promise(setImmediate);
            writeFileSync(counter, String(count + 1));
          });
        }`,
      ),
    );
    let working = true;
    const done = Promise.all(workers.map(({ exited }) => exited)).finally(() => (working = false));
    let killed = 0;
    while (working) {
      await start(path, `await withFileLock(path, async () => process.kill(process.pid, 'SIGKILL'));`).exited;
      killed++;
    }
    expect(await done).toEqual(Array(3).fill([0, null]));
    expect(killed).toBeGreaterThan(1);
    expect(await readFile(`${path}-counter`, 'utf8')).toBe('450');
  }, 30_000);
});

describe.runIf(process.platform === 'linux')('isAlive', () => {
  test('is true for this process and unknown in another realm', () => {
    expect(isAlive(ownIdentity())).toBe(true);
    expect(isAlive({ ...ownIdentity(), start: '1' })).toBe(false);
    expect(isAlive({ ...ownIdentity(), realm: 'elsewhere' })).toBeUndefined();
  });

  test('is false for a process that is dead but whose parent has not asked yet', async () => {
    const parent = programs.start(
      () => `
        import { spawn } from 'node:child_process';
        const child = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 60'], { stdio: ['ignore', 'inherit', 'ignore'] });
        process.on('SIGTERM', () => { child.kill(); process.exit(); });`,
      { PATH: process.env['PATH'] ?? '' },
    );
    const exited = once(parent, 'exit');
    const [pid] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const fields = () => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    await until(() => fields()[0] === 'Z');
    expect(isAlive({ ...ownIdentity(), pid: Number(pid), start: fields()[19] ?? '' })).toBe(false);
    parent.kill('SIGTERM');
    await exited;
  });
});
