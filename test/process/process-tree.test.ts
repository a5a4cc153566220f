import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { spawnTree } from '../../src/process/process-tree.js';
import type { ProcessTree, SpawnTreeOptions } from '../../src/process/process-tree.js';
import { hostPrograms } from './host-program.js';
import type { HostPrograms } from './host-program.js';
import { living, uniqueSeconds, until } from './living.js';
import { within } from '../support/within.js';

const linux = process.platform === 'linux';
const env = { PATH: process.env['PATH'] ?? '' };
const node = process.execPath;

/** Runs a shell script as a tree; its `$T` is a time to sleep by which each process can be found again. */
function shellTree(script: string, options: Partial<SpawnTreeOptions> = {}): { tree: ProcessTree; token: string } {
  const token = uniqueSeconds();
  const tree = spawnTree({ command: 'sh', args: ['-c', script], ...options, env: { ...env, T: token } });
  onTestFinished(() => tree.close());
  return { tree, token };
}

const stubborn = `sh -c 'trap "" TERM INT HUP; exec sleep $T'`;

describe.runIf(linux)('closing a tree leaves none of its processes', () => {
  it.each([
    ['a single child', 'exec sleep $T', 1],
    ['a shell that waits, as npx does (M21)', 'sleep $T & wait', 1],
    ['shells three deep', `sh -c 'sh -c "sleep $T & wait" & wait' & wait`, 1],
    ['a grandchild in a session of its own', 'setsid sleep $T & wait', 1],
    ['grandchildren that split off groups', 'set -m; sleep $T & sleep $T & wait', 2],
    [
      'an orphan that forked twice and closed its pipes',
      '(setsid sh -c "setsid sleep $T &" <&- >&- 2>&- &); sleep $T',
      2,
    ],
    ['an orphan of a root that has ended', '(setsid sleep $T <&- >&- 2>&- &)', 1],
    ['children that ignore SIGTERM and the end of input', `${stubborn} & ${stubborn} & ${stubborn}`, 3],
    ['orphans that ignore it and hold the pipes open (E11)', `(setsid ${stubborn} &)`, 1],
    ['fifty children', 'i=0; while [ $i -lt 50 ]; do sleep $T & i=$((i+1)); done; wait', 50],
    ['a child that is stopped', `sh -c 'sleep $T & kill -STOP $$; wait' & wait`, 1],
    ['a program that forks as fast as it can', 'f() { while :; do (setsid sleep $T &); done; }; f & f', 20],
  ])('%s', async (_, script, count) => {
    const { tree, token } = shellTree(script);
    await until(() => living(token).length >= count);
    const start = performance.now();
    await tree.close();
    const tookMs = performance.now() - start;
    expect(living(token)).toEqual([]);
    expect(tookMs).toBeLessThan(script.includes('while :') ? 2000 : 1000);
    expect(tree.child.stdout?.destroyed).toBe(true);
    await tree.exited;
  });

  it('without a group of its own', async () => {
    const { tree, token } = shellTree('(setsid sleep $T &); sleep $T & wait', { detached: false });
    await until(() => living(token).length === 2);
    await tree.close();
    expect(living(token)).toEqual([]);
  });

  it('and touches no other tree', async () => {
    const [one, other] = [shellTree('sleep $T & (setsid sleep $T &) ; wait'), shellTree('sleep $T & wait')];
    await until(() => living(one.token).length === 2 && living(other.token).length === 1);
    await one.tree.close();
    expect(living(one.token)).toEqual([]);
    expect(living(other.token)).toHaveLength(1);
  });

  it('when the signal is aborted', async () => {
    const abort = new AbortController();
    const { tree, token } = shellTree(`${stubborn} & wait`, { signal: abort.signal });
    await until(() => living(token).length === 1);
    abort.abort();
    await tree.exited;
    await tree.close();
    expect(living(token)).toEqual([]);
    expect(() => shellTree('exec sleep $T', { signal: abort.signal })).toThrow(abort.signal.reason as Error);
  });

  it('when it is closed twice, or before it has started', async () => {
    const { tree, token } = shellTree('sleep $T & wait');
    await Promise.all([tree.close(), tree.close()]);
    expect(living(token)).toEqual([]);
  });
});

describe('closing', () => {
  it('lets a child end by itself at the end of its input, and reads its last words', async () => {
    const { tree } = shellTree('cat; echo last words');
    const output = outputOf(tree);
    await tree.started;
    await tree.close();
    expect(await output).toBe('last words\n');
    expect(await tree.exited).toEqual({ exitCode: 0, signal: null });
  });

  it('lets a child that ignores the end of input clean up on SIGTERM', async () => {
    const { tree } = shellTree(`trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done`);
    await once(tree.child.stdout ?? process, 'data');
    const output = outputOf(tree);
    await tree.close();
    expect(await output).toBe('bye\n');
    expect(await tree.exited).toEqual({ exitCode: 3, signal: null });
  });

  it('loses nothing of what a slow reader has yet to read', async () => {
    const { tree } = shellTree('head -c 100000 /dev/zero; sleep $T');
    let received = 0;
    const closed = new EventEmitter();
    const reading = (async () => {
      for await (const chunk of tree.child.stdout ?? []) {
        received += (chunk as Buffer).length;
        if (received === (chunk as Buffer).length) await once(closed, 'now');
      }
    })();
    await until(() => received > 0);
    await tree.close();
    closed.emit('now');
    await reading;
    expect(received).toBe(100_000);
  });

  it('returns though nobody reads the output', { retry: 2 }, async () => {
    const { tree } = shellTree('yes & yes >&2');
    await once(tree.child.stdout ?? process, 'readable');
    const start = performance.now();
    await tree.close();
    expect(performance.now() - start).toBeLessThan(within(1000));
  });
});

describe('a child', () => {
  it('gets the environment that was given and nothing else', async () => {
    const script = 'process.stdout.write(JSON.stringify(process.env))';
    const tree = spawnTree({ command: node, args: ['-e', script], env: { 'A-b.c': 'x y', EMPTY: '' } });
    expect(JSON.parse(await outputOf(tree))).toEqual({ 'A-b.c': 'x y', EMPTY: '' });
  });

  it('gets its arguments as they are', async () => {
    const args = [
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '--',
      '$HOME',
      'a b',
      '"',
      '',
      '*',
      '--locks=1',
    ];
    const tree = spawnTree({ command: 'node', args, env });
    expect(JSON.parse(await outputOf(tree))).toEqual(args.slice(3));
  });

  it('runs in the directory that was given', async () => {
    const tree = spawnTree({ command: 'pwd', env, cwd: '/usr' });
    expect(await outputOf(tree)).toBe('/usr\n');
  });

  it('is looked up in the PATH of its own environment', async () => {
    const tree = spawnTree({ command: 'sh', env: { PATH: '/nowhere' } });
    await expect(tree.exited).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('that can not be started rejects with its code, and without the arguments and variables', async () => {
    const canary = randomUUID();
    const directory = mkdtempSync(join(tmpdir(), 'claviger-test-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'data'), 'x', { mode: 0o644 });
    const variables = { ...env, SECRET: canary };
    for (const [options, code] of [
      [{ command: 'no-such-command' }, 'ENOENT'],
      [{ command: './data', cwd: directory }, 'EACCES'],
      [{ command: 'true', cwd: join(directory, 'none') }, 'ENOENT'],
    ] as const) {
      const tree = spawnTree({ ...options, args: [canary], env: variables });
      for (const promise of [tree.started, tree.exited]) {
        const error: unknown = await promise.then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ code });
        expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(canary);
      }
      tree.kill('SIGTERM');
      await tree.close();
    }
    const tooBig = { ...variables, BIG: canary.repeat(100_000) };
    const refusal = (): ProcessTree => spawnTree({ command: 'true', env: tooBig });
    expect(refusal).toThrow(expect.objectContaining({ code: 'E2BIG' }));
    expect(refusal).not.toThrow(canary);
  });

  it('that ends while we write to it does not bring us down', async () => {
    const tree = spawnTree({ command: 'true', env });
    tree.child.stdin?.write('x'.repeat(1e6));
    expect(await tree.exited).toEqual({ exitCode: 0, signal: null });
    await tree.close();
  });
});

describe.runIf(linux)('a signal', () => {
  it('reaches every process of the tree', async () => {
    const { tree, token } = shellTree('(setsid sleep $T &); sleep $T & setsid sleep $T & wait; wait');
    await until(() => living(token).length === 3);
    tree.kill('SIGINT');
    tree.kill('SIGHUP');
    await until(() => living(token).length === 0);
  });

  it('to a tree that is over reaches nobody', async () => {
    const tree = spawnTree({ command: 'true', env });
    await tree.exited;
    tree.kill('SIGKILL');
    await tree.close();
  });
});

describe.runIf(linux)('when our own process ends', () => {
  let programs: HostPrograms;
  beforeAll(() => {
    programs = hostPrograms('process');
  });
  afterAll(() => {
    programs.remove();
  });

  /** A program that starts a tree of `count` sleeping processes and then runs `then`. */
  async function startHost(script: string, count: number, options: object, then = ''): Promise<Host> {
    const token = uniqueSeconds();
    const spawnOptions = JSON.stringify({ command: 'sh', args: ['-c', script], env: { ...env, T: token }, ...options });
    const program = programs.start(
      (from) => `import { spawnTree } from '${from}/process/process-tree.js';
        const tree = spawnTree(${spawnOptions});
        await tree.started;
        process.stdin.once('data', async () => { ${then} });`,
      { ...env, HOST_SECRET: 'canary-of-the-host' },
    );
    onTestFinished(() => void program.kill('SIGKILL'));
    await until(() => living(token).length === count);
    return {
      program,
      token,
      watchdogs: () => living(`claviger-watchdog\0`).filter((pid) => parentOf(pid) === program.pid),
    };
  }

  const tree = `(setsid sleep $T <&- >&- 2>&- &); ${stubborn} & setsid sleep $T & wait`;

  it('by SIGKILL, the watchdog ends the tree and removes what must not stay', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'claviger-test-'));
    writeFileSync(join(directory, 'key'), 'x');
    const { program, token, watchdogs } = await startHost(tree, 3, { watch: { remove: [directory] } });
    await until(() => watchdogs().length === 1);
    const [watchdog] = watchdogs();
    expect(readFileSync(`/proc/${String(watchdog)}/environ`, 'utf8')).not.toContain('canary');
    program.kill('SIGKILL');
    await until(() => living(token).length === 0);
    await until(() => !existsSync(directory) && !existsSync(`/proc/${String(watchdog)}`));
  });

  it('by SIGKILL, after a signal that ends most processes, the watchdog is still there', async () => {
    const { program, token, watchdogs } = await startHost(tree, 3, { watch: true });
    await until(() => watchdogs().some(ignoresSigterm));
    for (const pid of watchdogs()) for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.kill(pid, signal);
    program.kill('SIGKILL');
    await until(() => living(token).length === 0);
  });

  it('by itself, the tree is killed', async () => {
    const { program, token } = await startHost(tree, 3, {}, 'process.exit(0)');
    program.stdin.write('go');
    await once(program, 'exit');
    await until(() => living(token).length === 0);
  });

  it('the watchdog leaves with the tree, without a word, and does not keep us alive', async () => {
    const { program, watchdogs } = await startHost(
      'exec sleep $T',
      1,
      { watch: true },
      'process.stdin.destroy(); await tree.close()',
    );
    await until(() => watchdogs().length === 1);
    const pids = watchdogs();
    program.stdin.write('go');
    expect(await Promise.all([once(program, 'exit'), text(program.stdout), text(program.stderr)])).toEqual([
      [0, null],
      '',
      '',
    ]);
    await until(() => pids.every((pid) => !existsSync(`/proc/${pid}`)));
  });
});

interface Host {
  readonly program: ChildProcessWithoutNullStreams;
  readonly token: string;
  readonly watchdogs: () => number[];
}

/** None of a process that has just gone. */
function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function ignoresSigterm(pid: number): boolean {
  const ignored = /^SigIgn:\s*(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${ignored}`) & (1n << 14n)) !== 0n;
}

/** What a child wrote, whole. */
function outputOf(tree: ProcessTree): Promise<string> {
  if (tree.child.stdout === null) throw new Error('no pipe');
  return text(tree.child.stdout);
}
