import { readFile } from 'node:fs/promises';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { argument, createRegistry, env, file, header, parameter } from '../../src/index.js';
import { runProcess, type Injection, type RunProcessOptions } from '../../src/process/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { down } from '../support/counting-source.js';
import { rejects } from '../support/rejects.js';
import { living, uniqueSeconds } from './living.js';

const key = canary();
const registry = createRegistry({
  providers: [
    { name: 'p', source: () => key, environmentVariable: 'P_KEY' },
    { name: 'q', source: () => `${key}-q` },
    { name: 'down', source: down, environmentVariable: 'X' },
    { name: 'missing', source: () => undefined, environmentVariable: 'X' },
    { name: 'reference', source: () => '${P_KEY_OF_YOURS}', environmentVariable: 'X' },
  ],
});
const p = registry.auth('p');

/** Runs JavaScript in a child and gives what it printed, redacted. */
async function run(script: string, inject: Injection[], options: Partial<RunProcessOptions> = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const collected = Promise.all([text(stdout), text(stderr)]);
  const status = await runProcess({
    command: process.execPath,
    args: ['-e', script, '--'],
    inject,
    stdout,
    stderr,
    ...options,
  }).finally(() => {
    stdout.end();
    stderr.end();
  });
  const [out, err] = await collected;
  return { ...status, out, err };
}

describe('a child process', () => {
  test('gets its credential in the variable that the provider names', async () => {
    const { out, exitCode } = await run('console.log(process.env.P_KEY.length)', [{ auth: p }]);
    expect([out, exitCode]).toEqual([`${key.length}\n`, 0]);
  });

  test('gets several at once, in a template, a file and an argument', async () => {
    const script = `
      const { statSync, readFileSync } = require('node:fs');
      const path = process.env.Q_FILE;
      console.log([process.env.HEADERS.slice(0, 10), readFileSync(path, 'utf8').length, (statSync(path).mode & 0o777).toString(8), process.argv.at(-1).slice(0, 6)].join(' '));
      console.log('at ' + path);`;
    const { out } = await run(script, [
      { auth: p, into: env('HEADERS', { template: 'X-API-Key:{}' }) },
      { auth: registry.auth('q'), into: file('Q_FILE') },
      { auth: p, into: argument('--key={}') },
    ]);
    const [first, second] = out.split('\n');
    expect(first).toBe(`X-API-Key: ${key.length + 2} 600 --key=`);
    await expect(readFile(second?.slice(3) ?? '')).rejects.toThrow('ENOENT');
  });

  test('does not show the credential in its command line, and prints nothing of it (E2)', async () => {
    const script = `
      console.log(process.env.P_KEY, encodeURIComponent(process.env.P_KEY), Buffer.from('x' + process.env.P_KEY).toString('base64'));
      console.error(JSON.stringify(process.env));
      console.log('cmdline ' + Buffer.from(require('node:fs').readFileSync('/proc/self/cmdline')).toString('hex'));`;
    const { out, err } = await run(script, [{ auth: p }]);
    expect(out).toContain('[secret]');
    expectNoLeak({ out, err, cmdline: Buffer.from(/cmdline (\w+)/.exec(out)?.[1] ?? '', 'hex') }, key);
  });

  test('leaves our own environment alone, before, during and after (E1)', async () => {
    const running = run('setTimeout(() => {}, 50)', [{ auth: p }]);
    expectNoLeak(process.env, key);
    await running;
    expectNoLeak(process.env, key);
  });

  test('inherits our environment, but none of our own variables (E4)', async () => {
    process.env['CLAVIGER_PHRASE_FILE'] = '/somewhere';
    process.env['OF_THE_USER'] = 'yes';
    const { out } = await run(
      `console.log(process.env.OF_THE_USER, Object.keys(process.env).filter((name) => name.startsWith('CLAVIGER_')))`,
      [{ auth: p }],
    );
    delete process.env['CLAVIGER_PHRASE_FILE'];
    delete process.env['OF_THE_USER'];
    expect(out).toBe('yes []\n');
  });

  test('inherits nothing but the safe variables when told so (E3)', async () => {
    const { out } = await run('console.log(Object.keys(process.env).sort().join())', [{ auth: p }], {
      inheritEnv: false,
      env: { DECLARED: '1' },
    });
    const allowed = ['DECLARED', 'HOME', 'LOGNAME', 'PATH', 'P_KEY', 'SHELL', 'TERM', 'USER'];
    expect(
      out
        .trim()
        .split(',')
        .filter((name) => !allowed.includes(name)),
    ).toEqual([]);
    expect(out).toContain('P_KEY');
  });

  test('gets the injected value where a variable of that name was there already', async () => {
    const { out } = await run('console.log(process.env.P_KEY.length)', [{ auth: p }], { env: { P_KEY: 'mine' } });
    expect(out).toBe(`${key.length}\n`);
  });

  test('beside another one sees only its own credential (E6)', async () => {
    const script = 'console.log(process.env.P_KEY.length)';
    const [first, second] = await Promise.all([
      run(script, [{ auth: p }]),
      run(script, [{ auth: registry.auth('q'), into: env('P_KEY') }]),
    ]);
    expect([first.out, second.out]).toEqual([`${key.length}\n`, `${key.length + 2}\n`]);
  });
});

describe('the end of a child', () => {
  test('is told with its own exit code', async () => {
    expect(await run('process.exit(7)', [{ auth: p }])).toMatchObject({ exitCode: 7, signal: null });
  });

  test('by a signal is told with the signal (E9)', async () => {
    expect(await run('process.kill(process.pid, "SIGKILL")', [])).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('comes at once when the caller aborts', async () => {
    const controller = new AbortController();
    const running = run('console.log("up"); setInterval(() => {}, 1000)', [{ auth: p }], { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    expect(await running).toMatchObject({ exitCode: null });
  });

  test('takes what it left running with it', async () => {
    const seconds = uniqueSeconds();
    const script = `
      require('node:child_process').spawn('sleep', ['${seconds}'], { detached: true, stdio: 'inherit' });
      setTimeout(() => process.exit(0), 50);`;
    await run(script, [{ auth: p }]);
    expect(living(`sleep\0${seconds}`)).toEqual([]);
  });
});

describe('a child is not started', () => {
  const started = (inject: Injection[]) => run('console.log("started")', inject);

  test.each([
    ['the store is down (E8)', { auth: registry.auth('down') }, 'ERR_STORE_UNAVAILABLE'],
    ['there is no credential (E8)', { auth: registry.auth('missing') }, 'ERR_CREDENTIAL_NOT_FOUND'],
    ['the provider is not defined', { auth: registry.auth('nobody') }, 'ERR_PROVIDER_NOT_FOUND'],
    ['nobody says which variable', { auth: registry.auth('q') }, 'ERR_PLACEMENT_INVALID'],
    ['the value is an unfilled reference (M6)', { auth: registry.auth('reference') }, 'ERR_PLACEMENT_INVALID'],
    ['the name of the variable has "=" in it (E5)', { auth: p, into: env('A=B') }, 'ERR_PLACEMENT_INVALID'],
    ['the name of the variable is empty (E5)', { auth: p, into: env('') }, 'ERR_PLACEMENT_INVALID'],
    ['it is to get a parameter', { auth: p, into: parameter('key') }, 'ERR_PLACEMENT_INVALID'],
    ['it is to get a header', { auth: p, into: header('X') as never }, 'ERR_PLACEMENT_INVALID'],
    ['it is to use a broker that is not there', { auth: p, via: 'reverse' as never }, 'ERR_CONFIG_INVALID'],
  ] as const)('when %s', async (_, injection, code) => {
    const error = await rejects(started([injection]), code);
    expectNoLeak(error, key);
  });

  test('when it can not be found, which the error tells without its arguments', async () => {
    const running = run('', [{ auth: p, into: argument('--key={}') }], { command: 'no-such-command-here' });
    const error = await running.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ENOENT' });
    expectNoLeak(error, key);
  });

  test('names "via" where somebody wants a header in a process', async () => {
    const error = await rejects(started([{ auth: p, into: header('X') as never }]), 'ERR_PLACEMENT_INVALID');
    expect(error.message).toContain('via');
  });
});

test('output that can not be written is an error of the run, and of nothing else', async () => {
  const full = new Writable({
    write: (_chunk, _encoding, done) => {
      done(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
    },
  });
  const script = 'console.log("x"); setTimeout(() => {}, 200)';
  await expect(run(script, [{ auth: p }], { stdout: full })).rejects.toMatchObject({ code: 'ENOSPC' });
});

test('a variable may be called __proto__', async () => {
  const { out } = await run(
    'console.log("__proto__" in process.env && Object.keys(process.env).includes("__proto__"))',
    [{ auth: p, into: env('__proto__') }],
  );
  expect(out).toBe('true\n');
});
