import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manifest, root } from '../support/built.js';
import { CliHome } from '../support/cli.js';
import { runHere } from '../support/in-process.js';
import { staticallyReached } from '../support/module-graph.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const verbs = [
  'init',
  'add',
  'set',
  'ls',
  'show',
  'rm',
  'revoke',
  'fetch',
  'run',
  'mcp run',
  'access apply',
  'access issue',
  'access approve',
  'access revoke',
  'access ls',
  'access show',
  'access verify',
  'access token',
  'audit',
  'trust',
  'scan',
  'providers',
  'config path',
  'config schema',
  'completion',
  'reveal',
  'doctor',
];

describe('help', () => {
  it('tells the version, and loads nothing but the file system for it', async () => {
    for (const flag of ['--version', '-V', '-v']) {
      expect(await home.run([flag])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
    }
    expect([...staticallyReached(new URL('dist/cli/main.js', root)).keys()]).toEqual(
      ['fs'].map((name) => `node:${name}`),
    );
  });

  it('says what this is and the three things to do first, and has every command in it', async () => {
    const { code, stdout, stderr } = await home.run(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const line of ['claviger init', 'claviger add github', 'claviger fetch /user --as github']) {
      expect(stdout).toContain(line);
    }
    for (const verb of verbs) expect(stdout).toMatch(new RegExp(`^  ${verb}  +[a-z].*$`, 'm'));
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  it.each(verbs)('of "%s" teaches by example, the same in all three ways of asking', async (verb) => {
    const words = verb.split(' ');
    const here = (args: readonly string[]) => runHere(args, { env: home.env, cwd: home.work });
    const first = await here([...words, '--help']);
    const second = await here([...words, '-h', 'whatever', '--else']);
    const third = await here(['help', ...words]);
    expect(first).toEqual(second);
    expect(first).toEqual(third);
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(new RegExp(`^Usage: claviger ${verb}`));
    expect(first.stdout).toMatch(/\nExamples:\n {2}.*claviger /);
  });

  it('is plain text that fits a terminal, wherever it can be broken', async () => {
    for (const verb of verbs) {
      const { stdout } = await runHere([...verb.split(' '), '--help'], { env: home.env, cwd: home.work });
      expect(stdout).not.toMatch(/[^\n\x20-\x7e…]/);
      // What is to be copied stays on one line.
      const text = stdout.split('\n').filter((line) => !/^ {2}.*\bclaviger /.test(line));
      expect(Math.max(...text.map(({ length }) => length))).toBeLessThanOrEqual(80);
    }
  });

  it('does not take what follows -- for itself', async () => {
    const { code, stdout } = await home.run(['run', '--', 'sh', '--help']);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });
});

describe('a command line that is not right', () => {
  it.each([
    [['lst'], /unknown command "lst" \(did you mean "ls"\?\)/],
    [['mcp'], /claviger mcp run/],
    [['mcp', 'rnu'], /unknown command "mcp rnu" \(did you mean "mcp run"\?\)/],
    [['config'], /claviger config path/],
    [['ls', '--jsn'], /unknown option --jsn \(did you mean "--json"\?\)/],
    [['ls', 'x'], /too many arguments/],
    [['show'], /too few arguments/],
    [['set', 'x', '--expires'], /--expires needs a value/],
    [['set', 'x', '--expires', '--username', 'u'], /--expires needs a value/],
    [['ls', '--json=1'], /--json takes no value/],
    [['--verbose', 'ls'], /unknown option/],
    [['ls', '--config'], /--config needs a value/],
  ])('%j ends with 2 and says why', async (args, message) => {
    const { code, stdout, stderr } = await home.run(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^claviger: [^A-Z].*[^.]\n$/);
  });

  it('is told in JSON where JSON was asked for', async () => {
    const { code, stdout, stderr } = await home.run(['show', '--json']);
    expect(code).toBe(2);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ schema: 1, error: { code: 'ERR_USAGE', message: expect.any(String) } });
  });
});

it('options for all commands stand before the command or after it', async () => {
  const file = home.write(home.path('other.json'), { providers: [{ name: 'one', baseUrl: 'https://one.test' }] });
  for (const args of [
    ['--config', file, 'ls', '--json'],
    ['--json', `--config=${file}`, 'ls'],
    ['ls', '--config', file, '--json'],
  ]) {
    const { stdout } = await home.run(args);
    expect(JSON.parse(stdout).credentials).toMatchObject([{ name: 'one', state: 'missing' }]);
  }
});
