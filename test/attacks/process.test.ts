import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { json, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { applyToArguments } from '../../src/placement/apply-to-arguments.js';
import { applyToEnvironment } from '../../src/placement/apply-to-environment.js';
import { argument, env } from '../../src/placement/placement.js';
import { inheritedEnvironment, mergeEnvironment, safeEnvironment } from '../../src/process/child-environment.js';
import { exitCodeOf, spawnExitCode } from '../../src/process/exit-status.js';
import { pipeRedacted } from '../../src/process/output.js';
import { spawnTree } from '../../src/process/process-tree.js';
import type { ProcessTree, SpawnTreeOptions } from '../../src/process/process-tree.js';
import { createSecretFile } from '../../src/process/secret-file.js';
import { createRedactor } from '../../src/redaction/redactor.js';
import { Secret } from '../../src/secret.js';
import { hostPrograms } from '../process/host-program.js';
import type { HostPrograms } from '../process/host-program.js';
import { living, uniqueSeconds, until } from '../process/living.js';

const onLinux = process.platform === 'linux';
const node = process.execPath;

function tree(options: SpawnTreeOptions): ProcessTree {
  const started = spawnTree(options);
  onTestFinished(() => started.close());
  return started;
}

/** The environment that a child reports of itself. */
async function environmentOf(variables: Record<string, string>): Promise<unknown> {
  const { child } = tree({ command: node, args: ['-p', 'JSON.stringify(process.env)'], env: variables });
  if (child.stdout === null) throw new Error('no pipe');
  return json(child.stdout);
}

function canary(): Secret {
  return Secret.from(`canary-${randomUUID()}`);
}

describe('our own environment', () => {
  it('never holds a key, before, during or after a child has it (E1)', async () => {
    const secret = canary();
    const injected = Object.fromEntries([applyToEnvironment(env('API_KEY'), secret, 'weather')]);
    const sweep = (): void => {
      expect(JSON.stringify(process.env)).not.toContain(secret.reveal());
    };
    const running = environmentOf(mergeEnvironment([inheritedEnvironment(), injected]));
    sweep();
    expect(await running).toMatchObject({ API_KEY: secret.reveal() });
    sweep();
  });
});

describe.runIf(onLinux)('the command line as other users see it', () => {
  it('holds no key that goes by variable or file, from the first moment on (E2)', async () => {
    const secret = canary();
    await using file = await createSecretFile(secret, 'weather');
    const [name, value] = applyToEnvironment(env('API_KEY'), secret, 'weather');
    const variables = { ...safeEnvironment(), [name]: value, KEY_FILE: file.path };
    const child = tree({ command: 'sh', args: ['-c', 'cat "$KEY_FILE"; exec cat'], env: variables });
    const seen = new Set<string>();
    const look = (): void => void seen.add(readFileSync(`/proc/${String(child.pid)}/cmdline`, 'latin1'));
    look();
    const [first] = (await once(child.child.stdout ?? process, 'data')) as [Buffer];
    look();
    expect(first.toString()).toBe(secret.reveal());
    expect([...seen].join('\n')).toContain('cat');
    expect([...seen].join('\n')).not.toContain(secret.reveal());
    expect(living(secret.reveal())).toEqual([]);
  });

  it('holds one that is an argument, which is said once, by the name of the provider only (E2)', async () => {
    const secret = canary();
    const provider = `launchdarkly-${randomUUID()}`;
    const warning = once(process, 'warning') as Promise<[Error]>;
    expect(applyToArguments(['a'], argument('--api-key={}'), secret, provider)).toEqual([
      'a',
      `--api-key=${secret.reveal()}`,
    ]);
    const [{ message }] = await warning;
    expect(message).toContain(provider);
    expect(message).not.toContain(secret.reveal());
    const warnings: Error[] = [];
    const listener = (again: Error): void => void warnings.push(again);
    process.on('warning', listener);
    applyToArguments([], argument('{}'), secret, provider);
    await new Promise(setImmediate);
    process.off('warning', listener);
    expect(warnings.filter((each) => each.message.includes(provider))).toEqual([]);
  });
});

describe('the environment of a child', () => {
  it('is the safe variables, the declared ones and the injected one, and nothing else (E3)', async () => {
    const secret = canary();
    const declared = { LOG_LEVEL: 'debug', API_KEY: 'stale' };
    const injected = Object.fromEntries([applyToEnvironment(env('API_KEY'), secret, 'weather')]);
    const variables = mergeEnvironment([safeEnvironment(), declared, injected]);
    expect(await environmentOf(variables)).toEqual({
      ...safeEnvironment(),
      LOG_LEVEL: 'debug',
      API_KEY: secret.reveal(),
    });
  });

  it('holds nothing that unlocks a store or is ours (E4)', async () => {
    const ours = {
      CLAVIGER_PHRASE_FILE: '/phrase',
      CLAVIGER_MASTER_FILE: '/master',
      CLAVIGER_HOME: '/home',
      PATH: '/bin',
    };
    for (const variables of [inheritedEnvironment(ours), safeEnvironment(ours)]) {
      expect(await environmentOf(mergeEnvironment([variables]))).toEqual({ PATH: '/bin' });
    }
  });

  it.each(['', 'A=B', '=A', 'A\0', '\0'])('has no variable of an impossible name: %j (E5)', (name) => {
    const secret = canary();
    const apply = (): unknown => applyToEnvironment(env(name), secret, 'weather');
    expect(apply).toThrow(expect.objectContaining({ code: 'ERR_PLACEMENT_INVALID', provider: 'weather' }));
    expect(apply).not.toThrow(secret.reveal());
  });

  it('holds its own key only when two start at once with different ones (E6)', async () => {
    const secrets = Array.from({ length: 8 }, canary);
    const environments = secrets.map((secret) =>
      environmentOf(
        mergeEnvironment([safeEnvironment(), Object.fromEntries([applyToEnvironment(env('K'), secret, 'p')])]),
      ),
    );
    for (const [index, environment] of (await Promise.all(environments)).entries()) {
      expect(environment).toEqual({ ...safeEnvironment(), K: secrets[index]?.reveal() });
    }
  });
});

describe('output', () => {
  it('of 100 MB without a newline passes redacted, in bounded memory, to a slow reader (E7)', async () => {
    const secret = canary();
    const redactor = createRedactor();
    redactor.add(secret);
    const script = `const c = Buffer.alloc(65536, 'x'); let n = 1600;
      (function go() { while (n-- > 0) if (!process.stdout.write(c)) return process.stdout.once('drain', go);
        process.stdout.write(process.env.K); })()`;
    const { child } = tree({ command: node, args: ['-e', script], env: { K: secret.reveal() } });
    let bytes = 0;
    let end = '';
    let peak = 0;
    const before = process.memoryUsage.rss();
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        end = (end + chunk.subarray(-20).toString()).slice(-20);
        if (bytes % 16 === 0) peak = Math.max(peak, process.memoryUsage.rss());
        setImmediate(done);
      },
    });
    if (child.stdout === null) throw new Error('no pipe');
    await pipeRedacted(child.stdout, redactor.scanner(), sink);
    expect(bytes).toBe(1600 * 65536 + '[secret]'.length);
    expect(end.endsWith('x[secret]')).toBe(true);
    expect(peak - before).toBeLessThan(64 * 2 ** 20);
  });
});

describe('how a child ended', () => {
  it.each([
    ['exit 7', 7],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['kill -INT $$', 130],
  ])('is told as a shell tells it: %s is %i (E9)', async (script, code) => {
    const { exited } = tree({ command: 'sh', args: ['-c', script], env: safeEnvironment() });
    expect(exitCodeOf(await exited)).toBe(code);
  });

  it('is 127 for a command that is not there and 126 for one that can not be run (E9)', async () => {
    for (const [command, code] of [
      ['no-such-command', 127],
      ['/etc', 126],
      ['/etc/passwd', 126],
    ] as const) {
      const failure: unknown = await tree({ command, env: safeEnvironment() }).exited.catch((error: unknown) => error);
      expect(spawnExitCode(failure)).toBe(code);
    }
  });
});

describe.runIf(onLinux)('a signal to us', () => {
  let programs: HostPrograms;
  beforeAll(() => {
    programs = hostPrograms('internal', 'placement', 'process');
  });
  afterAll(() => {
    programs.remove();
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'reaches the whole tree, and we tell how it ended: %s (E10)',
    async (signal) => {
      const token = uniqueSeconds();
      const options = {
        command: 'sh',
        args: ['-c', '(setsid sleep $T &); setsid sleep $T & exec sleep $T'],
        env: { ...safeEnvironment(), T: token },
        stdio: 'ignore',
      };
      const program = programs.start(
        (from) => `import { spawnTree } from '${from}/process/process-tree.js';
        import { forwardSignals } from '${from}/process/forward-signals.js';
        import { exitCodeOf } from '${from}/process/exit-status.js';
        const tree = spawnTree(${JSON.stringify(options)});
        const stop = forwardSignals(tree);
        const status = await tree.exited;
        stop();
        process.stdout.write(JSON.stringify({ ...status, code: exitCodeOf(status), left: process.listenerCount('${signal}') }));`,
        safeEnvironment(),
      );
      onTestFinished(() => void program.kill('SIGKILL'));
      const report = text(program.stdout);
      await until(() => living(token).length === 3);
      program.kill(signal);
      const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
      expect(JSON.parse(await report)).toEqual({ exitCode: null, signal, code: codes[signal], left: 0 });
      await until(() => living(token).length === 0);
    },
  );
});
