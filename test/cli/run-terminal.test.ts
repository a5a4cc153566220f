import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome, githubKey } from '../support/cli.js';
import { needs } from '../support/needs.js';

let home: CliHome;
let key: string;
beforeEach(() => {
  home = new CliHome();
  key = githubKey();
  const stores = { default: { kind: 'directory', path: home.path('keys') } };
  home.write(home.configFile, { stores, providers: [{ name: 'github', uses: 'github' }] });
  home.write(home.path('keys', 'github'), key);
});
afterEach(() => home[Symbol.dispose]());

/** A script for `sh`, whose last line tells the exit code of the one before. */
const shell = (...lines: string[]) => [...lines, 'echo "code $?"'].join('\n');
const script = (name: string, text: string) => home.write(home.path(`${name}.sh`), text);

describe.skipIf(process.platform !== 'linux' || !needs('script'))('run on a terminal', () => {
  it('leaves the terminal to the command, with its size, and redacts where there is none', async () => {
    script(
      'look',
      'for n in 0 1 2; do [ -t $n ] && echo "$n is a terminal"; done; stty size; echo "$GITHUB_TOKEN"; echo "$GITHUB_TOKEN" >&2',
    );
    const run = `claviger run --env github -- sh ${home.path('look.sh')}`;
    const { stdout } = await home.terminal(shell('stty rows 33 cols 77', run), []);
    for (const line of ['0 is a terminal', '1 is a terminal', '2 is a terminal', '33 77', key, 'code 0'])
      expect(stdout).toContain(line);

    const piped = await home.terminal(shell(`${run} > out; cat out`), []);
    expect(piped.stdout).toContain('2 is a terminal');
    expect(piped.stdout).not.toContain('1 is a terminal');
    expect(piped.stdout.match(/\[secret\]/g)).toHaveLength(1);

    const redacted = await home.terminal(shell(run.replace('run', 'run --redact')), []);
    expect(redacted.stdout).not.toContain('1 is a terminal');
    expect(redacted.stdout.match(/\[secret\]/g)).toHaveLength(2);
    expect(redacted.stdout).not.toContain(key);
  });

  it('lets Ctrl-C reach the command once, and tells its code', async () => {
    script(
      'wait',
      'trap "echo hit; n=$((n+1))" INT; echo ready; while [ "${n:-0}" -lt 1 ]; do sleep 0.1; done; sleep 0.5; exit $((40+n))',
    );
    const { stdout } = await home.terminal(
      shell('trap : INT', `claviger run --env github -- sh ${home.path('wait.sh')}`),
      [['ready', '\x03']],
    );
    expect(stdout.match(/hit/g)).toHaveLength(1);
    expect(stdout).toContain('code 41');
  });

  it('ends with 130 where Ctrl-C ends the command, also when its output goes into a pipe', async () => {
    const run = 'claviger run --env github -- sh -c "echo ready >&2; exec sleep 60"';
    const { stdout } = await home.terminal(shell('trap : INT', run), [['ready', '\x03']]);
    expect(stdout).toContain('code 130');
    const piped = await home.terminal(shell('trap : INT', `${run} > out`), [['ready', '\x03']]);
    expect(piped.stdout).toContain('code 130');
  });

  it('is stopped by Ctrl-Z together with the command, and goes on with it', async () => {
    script('count', 'echo ready; read line; echo "got $line"; exit 7');
    const lines = [
      'set -m',
      `claviger run --env github -- sh ${home.path('count.sh')}`,
      'echo "stopped with $?"',
      'fg',
    ];
    const { stdout } = await home.terminal(shell(...lines), [
      ['ready', '\x1a'],
      ['stopped with', 'word\n'],
    ]);
    expect(stdout).toMatch(/stopped with 1[45]\d/);
    expect(stdout).toContain('got word');
    expect(stdout).toContain('code 7');
  });

  it('lets the command ask at the terminal while its output goes elsewhere', async () => {
    script('ask', 'printf "name? " > /dev/tty; read name < /dev/tty; echo "hello $name $GITHUB_TOKEN"');
    const { stdout } = await home.terminal(
      shell(`claviger run --env github -- sh ${home.path('ask.sh')} > out; cat out`),
      [['name?', 'Ada\n']],
    );
    expect(stdout).toContain('hello Ada [secret]');
  });
});

describe('run --pristine', () => {
  it('gives the command its key, what every program needs, and nothing else', async () => {
    const env = { LANG: 'C.UTF-8', LC_TIME: 'C', TZ: 'UTC', TMPDIR: '/tmp', AWS_SECRET_ACCESS_KEY: 'x', OTHER: 'y' };
    const { code, stdout } = await home.run(['run', '--pristine', '--env', 'TOKEN=github', '--', 'env'], { env });
    expect(code).toBe(0);
    const names = stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.sort()).toEqual(['HOME', 'LANG', 'LC_TIME', 'PATH', 'TERM', 'TMPDIR', 'TOKEN', 'TZ']);
    expect(stdout).toContain('TOKEN=[secret]');
  });

  it('finds no command where PATH has none', async () => {
    expect((await home.run(['run', '--pristine', '--env', 'github', '--', 'no-such-command'])).code).toBe(127);
    expect((await home.run(['run', '--redact', '--no-redact', '--env', 'github', '--', 'true'])).code).toBe(2);
  });
});
