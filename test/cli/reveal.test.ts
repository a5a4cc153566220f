import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectAgent } from '../../src/cli/agent-detection.js';
import { Secret } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { builtCli } from '../support/built.js';
import { CliHome, githubKey } from '../support/cli.js';
import { needs } from '../support/needs.js';
import { Tmux } from '../support/tmux.js';

let home: CliHome;
let key: string;
beforeEach(() => {
  home = new CliHome();
  key = githubKey();
});
afterEach(() => home[Symbol.dispose]());

const auditFile = () => home.path('config', 'claviger', 'audit.jsonl');
const events = () =>
  readFileSync(auditFile(), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

async function stored(): Promise<void> {
  home.write(home.configFile, { providers: [{ name: 'github', uses: 'github' }], audit: { file: 'audit.jsonl' } });
  await home.run(['set', 'github'], { input: key });
}

/** A shell on a terminal emulator, which starts it apart from what runs the tests. */
function shell(settings = ''): Tmux {
  home.write(home.path('rc'), `PS1='READY> '\nclaviger() { "${process.execPath}" "${builtCli}" "$@"; }\n`);
  return new Tmux(home.directory, { ...home.env, ENV: home.path('rc') }, 'sh -i', settings);
}

async function shownOn(tmux: Tmux): Promise<void> {
  await tmux.until('READY>');
  tmux.type('echo before; claviger reveal github; echo code $?\n');
  await tmux.until('Type its name to go on:');
  tmux.type('github\n');
  await tmux.until('Press any key.');
  expect(tmux.screen()).toContain(key);
}

function expectGone(tmux: Tmux): void {
  const everything = tmux.everything();
  expectNoLeak(everything, Secret.from(key));
  for (let at = 0; at + 8 <= key.length; at++) expect(everything).not.toContain(key.slice(at, at + 8));
}

describe.skipIf(process.platform !== 'linux' || !needs('tmux'))('reveal on a terminal', () => {
  it('shows the key on a screen of its own, that leaves nothing behind after a key press', async () => {
    await stored();
    using tmux = shell();
    await shownOn(tmux);
    tmux.press('x');
    await tmux.until('code 0');
    expectGone(tmux);
    expect(tmux.screen()).toContain('before');
    // The key that was pressed is no command.
    tmux.type('echo done\n');
    await tmux.until('\ndone');
    expect(events()).toMatchObject([
      { type: 'use', provider: 'github', surface: 'cli', tool: 'reveal', outcome: 'ok' },
    ]);
    expectNoLeak(readFileSync(auditFile(), 'utf8'), Secret.from(key));
  });

  it('leaves nothing behind either where the terminal has no second screen', async () => {
    await stored();
    using tmux = shell('set -g alternate-screen off\n');
    await shownOn(tmux);
    tmux.press('x');
    await tmux.until('code 0');
    expectGone(tmux);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ])('is gone too after %s', async (signal, code) => {
    await stored();
    using tmux = shell();
    await shownOn(tmux);
    process.kill(tmux.runningProcess(), signal);
    await tmux.until(`code ${code}`);
    expectGone(tmux);
  });

  it('shows nothing to who does not type the name, and nothing of what is not there', async () => {
    await stored();
    using tmux = shell();
    await tmux.until('READY>');
    tmux.type('claviger reveal github; echo code $?\n');
    await tmux.until('Type its name to go on:');
    tmux.type('yes\n');
    await tmux.until('code 1');
    expectNoLeak(tmux.everything(), Secret.from(key));
    tmux.type('clear; claviger reveal githbu; echo code $?\n');
    expect(await tmux.until('code 3')).toContain('did you mean "github"?');
  });

  it('shows nothing that could not be written down', async () => {
    home.write(home.configFile, { providers: [{ name: 'github', uses: 'github' }], audit: { file: '/dev/full' } });
    await home.run(['set', 'github'], { input: key });
    using tmux = shell();
    await tmux.until('READY>');
    tmux.type('claviger reveal github; echo code $?\n');
    await tmux.until('Type its name to go on:');
    tmux.type('github\n');
    await tmux.until('code 1');
    expectNoLeak(tmux.everything(), Secret.from(key));
  });
});

describe('reveal refuses', () => {
  it('to show anything in a pipe, a file, or JSON', async () => {
    await stored();
    for (const args of [
      ['reveal', 'github'],
      ['reveal', 'github', '--json'],
    ]) {
      const { code, stdout, stderr } = await home.run(args, { input: 'github\n', env: { CI: '' } });
      expect([2, 6]).toContain(code); // 6 where an agent runs these tests
      expectNoLeak(stdout + stderr, Secret.from(key));
    }
  });

  it('an agent with 6, and writes that down', async () => {
    await stored();
    const { code, stdout, stderr } = await home.run(['reveal', 'github'], { env: { CLAUDECODE: '1' } });
    expect(code).toBe(6);
    expect(stderr).toContain('CLAUDECODE');
    expectNoLeak(stdout + stderr, Secret.from(key));
    expect(existsSync(auditFile())).toBe(true);
    expect(events()).toMatchObject([{ type: 'refuse', provider: 'github', tool: 'reveal' }]);
  });
});

describe('an agent is known', () => {
  it.each([
    'AI_AGENT',
    'AGENT',
    'CLAUDECODE',
    'CLAUDE_CODE',
    'CURSOR_AGENT',
    'GEMINI_CLI',
    'CODEX_SANDBOX',
    'CODEX_THREAD_ID',
    'OPENCODE',
    'COPILOT_CLI',
    'AUGMENT_AGENT',
    'CI',
    'GITHUB_ACTIONS',
  ])('by %s', (name) => {
    expect(detectAgent({ [name]: '1' }, [])).toContain(name);
    expect(detectAgent({ [name]: '' }, [])).toBeUndefined();
    expect(detectAgent({ [name]: 'false' }, [])).toBeUndefined();
  });

  it.each([
    ['its name', { name: 'claude', args: ['claude', '--resume'] }, 'claude'],
    ['its path', { name: 'MainThread', args: ['/usr/local/bin/codex'] }, 'codex'],
    ['its script', { name: 'node', args: ['node', '/usr/local/bin/gemini.js'] }, 'gemini'],
    [
      'its package',
      { name: 'node', args: ['node', '/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js'] },
      '@anthropic-ai/claude-code',
    ],
  ])('by %s among those that started us', (_, ancestor, expected) => {
    expect(detectAgent({}, [{ name: 'sh', args: ['sh'] }, ancestor])).toBe(`it was started by ${expected}`);
  });

  it.each([
    [{ CODEX_HOME: '/x', CLAUDE_CODE_USE_BEDROCK: '1', CURSOR_TRACE_ID: 'x', TERM: 'xterm' }, []],
    [{}, [{ name: 'vim', args: ['vim', 'notes.txt', 'claude'] }]],
    [{}, [{ name: 'bash', args: ['-bash'] }]],
  ])('and a person is not taken for one: %j', (env, ancestors) => {
    expect(detectAgent(env, ancestors)).toBeUndefined();
  });
});
