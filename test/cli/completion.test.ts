import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { complete, type WordsOf } from '../../src/cli/completion/candidates.js';
import { verbs } from '../../src/cli/verbs.js';
import { Secret } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { builtCli } from '../support/built.js';
import { CliHome, githubKey } from '../support/cli.js';
import { runHere } from '../support/in-process.js';
import { needs } from '../support/needs.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const wordsOf: WordsOf = async (kind) => [{ word: `a-${kind}` }, { word: `b-${kind}` }];

/** The line up to the cursor, as shells cut it. */
async function at(line: string) {
  const { candidates, then } = await complete(line.split(' ').slice(1), verbs, wordsOf);
  return then ?? candidates.map(({ word }) => word);
}

describe('what can stand at the cursor', () => {
  it.each<[string, string[] | string]>([
    ['claviger conf', ['config']],
    ['claviger config ', ['path', 'schema']],
    ['claviger help mcp r', ['run']],
    ['claviger --json sh', ['show']],
    ['claviger --config ', 'file'],
    ['claviger show ', ['a-credential', 'b-credential']],
    ['claviger show b', ['b-credential']],
    ['claviger show a-credential ', []],
    ['claviger add ', ['a-catalog', 'b-catalog']],
    ['claviger add github ', []],
    ['claviger fetch --as ', ['a-provider', 'b-provider']],
    ['claviger fetch --as=b', ['--as=b-provider']],
    ['claviger fetch --fa', ['--fail']],
    ['claviger fetch --fail --fa', []],
    ['claviger run --env ', ['a-provider', 'b-provider']],
    ['claviger run --env TOKEN=', ['TOKEN=a-provider', 'TOKEN=b-provider']],
    ['claviger run --env=TOKEN=b', ['--env=TOKEN=b-provider']],
    ['claviger run --env X=a-provider --en', ['--env']],
    ['claviger run --env a-provider -- gi', 'command'],
    ['claviger ls -- ', []],
    ['claviger set x --store ', ['a-store', 'b-store']],
    ['claviger set x --expires ', []],
    ['claviger import ', 'file'],
    ['claviger trust ', 'directory'],
    ['claviger completion ', ['a-shell', 'b-shell']],
    ['claviger nonsense ', []],
    ['claviger __comp', []],
  ])('%s', async (line, expected) => {
    expect(await at(line)).toEqual(expected);
  });

  it('is each command there is, and no hidden one', async () => {
    const words = await at('claviger ');
    expect(words).toEqual(expect.arrayContaining(['init', 'ls', 'mcp', 'access', 'config', 'completion', '--help']));
    expect(words).not.toContain('__complete');
  });
});

const names = async (env: Record<string, string> = {}, cwd = home.work) =>
  (await runHere(['__complete', '=show', '='], { env: { ...home.env, ...env }, cwd })).stdout
    .split('\n')
    .slice(0, -2)
    .map((line) => line.split('\t')[0]);

describe('names', () => {
  it('are those of providers and of stored keys, never a value (L4)', async () => {
    const key = githubKey();
    home.write(home.configFile, { providers: [{ name: 'weather', baseUrl: 'https://weather.test' }] });
    await home.run(['set', 'github'], { input: key });
    expect(await names()).toEqual(['weather', 'github']);
    expectNoLeak(
      (await runHere(['__complete', '=show', '='], { env: home.env, cwd: home.work })).stdout,
      Secret.from(key),
    );
  });

  it("of a project's config file that is not trusted are not given, and nothing of it is opened (L8)", async () => {
    const witness = home.path('witness');
    const command = { kind: 'command', command: 'touch', args: [witness] };
    const cwd = home.project('cloned', {
      providers: [{ name: 'evil', baseUrl: 'https://evil.test' }],
      stores: { default: command },
    });
    expect(await names({}, cwd)).toEqual([]);
    await home.run(['trust', '--yes'], { cwd });
    expect(await names({}, cwd)).toEqual(['evil']);
    expect(existsSync(witness)).toBe(false);
  });

  it('that a shell could take for something else are not given (L9)', async () => {
    const odd = ['$(touch x)', '`id`', 'a b', "a'b", 'a;b', 'a\u001b[2J', '-rf', 'fine'];
    const stores = Object.fromEntries(odd.map((name) => [name, { kind: 'env' }]));
    home.write(home.configFile, { providers: [], stores });
    const { stdout } = await runHere(['__complete', '=set', '=x', '=--store', '='], { env: home.env, cwd: home.work });
    expect(stdout).toBe('default\tfile\nfine\tenv\n:none\n');
  });

  it('of a store under a passphrase are left out, and nobody is asked', async () => {
    await home.run(['init', '--passphrase'], { input: 'correct horse battery' });
    expect(await names()).toEqual([]);
  });
});

/** The built command line as `claviger` on the PATH; what is not a question of a shell is shown instead of run. */
function installed(): Record<string, string> {
  home.write(home.configFile, { providers: [{ name: 'weather', baseUrl: 'https://weather.test' }] });
  home.write(home.path('work', 'settings.json'), { providers: [{ name: 'other', baseUrl: 'https://other.test' }] });
  const run = `exec "${process.execPath}" "${builtCli}" "$@"`;
  const script = `#!/bin/sh\ncase $1 in __complete|completion) ${run};; *) echo "RAN:$*:";; esac\n`;
  chmodSync(home.write(home.path('bin', 'claviger'), script), 0o755);
  return { PATH: `${home.path('bin')}:${home.env['PATH'] ?? ''}` };
}

/** Typed at the prompt of a shell, with a tab at the end, and what the shell then runs. */
const typed: readonly (readonly [line: string, ran: string])[] = [
  ['claviger sho', 'show'],
  ['claviger show wea', 'show weather'],
  ['claviger mcp ru', 'mcp run'],
  ['claviger run --env TOKEN=wea', 'run --env TOKEN=weather'],
  ['claviger fetch --as=wea', 'fetch --as=weather'],
  ['claviger ls --config settin', 'ls --config settings.json'],
  ['claviger --config settings.json show oth', '--config settings.json show other'],
  ['claviger run --env X=weather -- printen', 'run --env X=weather -- printenv'],
  // What was typed is never evaluated.
  ['claviger show "$(touch evaluated)" --js', 'show  --json'],
];

/** Starts a shell with that start-up file, types each line, and gives what its terminal showed. */
async function typedInto(shell: string, startUp: string, prompt: string): Promise<string> {
  home.write(home.path(startUp), prompt);
  const env = { ...installed(), ZDOTDIR: home.directory };
  const steps = typed.flatMap(([line, ran], index) => [
    // The file is looked for after the tab and before the line runs, which does evaluate it.
    ['READY> ', `${index === typed.length - 1 ? 'ls evaluated; ' : ''}${line}\t\r`] as const,
    [`RAN:${ran}:`, ''] as const,
  ]);
  return (await home.terminal(shell, [...steps, ['READY> ', 'exit\r']], { env })).stdout;
}

describe('in a real shell', () => {
  it.skipIf(process.platform !== 'linux' || !needs('script'))('bash completes', { retry: 1 }, async () => {
    const start = `PS1='READY> '; source <(claviger completion bash)\n`;
    const shown = await typedInto(`bash --noprofile --rcfile ${home.path('rc')} -i`, 'rc', start);
    for (const [, ran] of typed) expect(shown).toContain(`RAN:${ran}:`);
    expect(shown).toMatch(/evaluated'?: No such file/);
  });

  it.skipIf(process.platform !== 'linux' || !needs('zsh'))('zsh completes', { retry: 1 }, async () => {
    const start = `PS1='READY> '; autoload -Uz compinit; compinit -u -D; source <(claviger completion zsh)\n`;
    const shown = await typedInto('zsh -d -i', '.zshrc', start);
    for (const [, ran] of typed) expect(shown).toContain(`RAN:${ran}:`);
    expect(shown).toMatch(/evaluated'?: No such file/);
  });

  it.skipIf(!needs('fish'))('fish completes', () => {
    const env = { ...home.env, ...installed() };
    const ask = (line: string) => {
      const script = `claviger completion fish | source; complete -C ${JSON.stringify(line)}`;
      return execFileSync('fish', ['--no-config', '-c', script], { env, cwd: home.work, encoding: 'utf8' });
    };
    expect(ask('claviger sho')).toMatch(/^show\tshow one credential/);
    expect(ask('claviger show wea')).toBe('weather\thttps://weather.test\n');
    expect(ask('claviger run --env TOKEN=wea')).toMatch(/^TOKEN=weather\t/);
    expect(ask('claviger ls --config settin')).toMatch(/^settings\.json/);
    expect(ask('claviger run --env X=weather -- printen')).toMatch(/^printenv/m);
  });

  it('PowerShell has a script of its own, which is only looked at here: there is none to run it', async () => {
    const { stdout } = await runHere(['completion', 'powershell'], { env: home.env, cwd: home.work });
    expect(stdout).toContain('Register-ArgumentCompleter -Native -CommandName claviger');
    expect(stdout.split('{').length).toBe(stdout.split('}').length);
    expect(stdout).not.toContain('Invoke-Expression $');
  });

  it('another is refused', async () => {
    const { code, stderr } = await runHere(['completion', 'tcsh'], { env: home.env, cwd: home.work });
    expect(code).toBe(2);
    expect(stderr).toContain('bash, zsh, fish, powershell');
  });
});
