import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/secret.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { CliHome, githubKey, type CliResult } from '../support/cli.js';
import { needs } from '../support/needs.js';

let home: CliHome;
let keys: string[];
beforeEach(() => {
  home = new CliHome();
  keys = [];
});
afterEach(() => home[Symbol.dispose]());

function key(): string {
  const made = canary('q7Z');
  keys.push(made);
  return made;
}

function github(): string {
  const made = githubKey();
  keys.push(made);
  return made;
}

/** No output of the run holds any key, in any encoding. */
function clean<T extends CliResult>(result: T): T {
  for (const one of keys) expectNoLeak([result.stdout, result.stderr], one);
  return result;
}

const scan = async (args: readonly string[], options?: Parameters<CliHome['run']>[1]) =>
  clean(await home.run(['scan', ...args], options));

describe('scan', () => {
  it('L16: finds plaintext keys where they usually stand, shows place and fingerprint, and ends with 7', async () => {
    const [a, b, c, d] = [github(), key(), key(), key()];
    home.write(home.path('.claude.json'), { mcpServers: { x: { command: 'npx', env: { GITHUB_TOKEN: a } } } });
    home.write(home.path('.codex', 'config.toml'), `[mcp_servers.x]\nargs = ["--api-key", "${b}"]\n`);
    home.write(home.path('.bashrc'), `export SOME_TOKEN=${c}\n`);
    home.write(
      join(home.work, '.vscode', 'mcp.json'),
      `{ "servers": { "x": { "envFile": "\${workspaceFolder}/my.vars" } } }`,
    );
    home.write(join(home.work, 'my.vars'), `A_SECRET=${d}\n`);
    const { code, stdout, stderr } = await scan([]);
    expect(code).toBe(7);
    expect(stdout).toMatch(/\.claude\.json:6:\d+ +github +catalog +sha256:[0-9a-f]{8}/);
    expect(stdout).toMatch(/config\.toml:2:23 +unknown +name +sha256:/);
    expect(stdout).toMatch(/\.bashrc:1:19 +unknown +name +sha256:/);
    expect(stdout).toMatch(/my\.vars:1:10 +unknown +name/);
    expect(stderr).toMatch(/4 keys in plain text in 5 files/);
    expect(stderr).toContain('claviger mcp import');
  });

  it('ends with 0 where there is none, or only references and placeholders (L12), and needs no store', async () => {
    expect(await scan([])).toMatchObject({ code: 0, stdout: '', stderr: 'no key in plain text in 0 files\n' });
    home.write(home.path('.cursor', 'mcp.json'), {
      mcpServers: {
        a: { url: 'https://x/mcp', headers: { Authorization: 'Bearer ${env:TOKEN}' } },
        b: { command: 'npx', args: ['--api-key', 'YOUR_API_KEY'], env: { GITHUB_TOKEN: 'op://vault/github/token' } },
      },
    });
    expect(await scan([])).toMatchObject({ code: 0, stdout: '' });
    expect(existsSync(home.state)).toBe(false);
  });

  it('answers programs with the same, and errors as errors', async () => {
    const a = github();
    home.write(join(home.work, 'src', 'a.js'), `\n  const token = '${a}';\n`);
    home.write(join(home.work, 'src', 'b.bin'), 'a\0b');
    symlinkSync('a.js', join(home.work, 'src', 'c.js'));
    const { code, stdout } = await scan(['src', 'missing', '--json']);
    expect(code).toBe(7);
    expect(JSON.parse(stdout)).toEqual({
      schema: 1,
      findings: [
        {
          file: 'src/a.js',
          line: 2,
          column: 18,
          endColumn: 18 + a.length,
          certainty: 'shape',
          unsure: false,
          provider: 'github',
          rule: 'github-token',
          fingerprint: Secret.from(a).fingerprint(),
        },
      ],
      files: 1,
      silenced: 0,
      skipped: [
        { file: 'src/b.bin', reason: 'binary' },
        { file: 'src/c.js', reason: 'link' },
      ],
      failures: [{ file: 'missing', code: 'ENOENT' }],
      notes: [],
    });
    expect(await home.json(['scan', '--staged', 'src'])).toMatchObject({ schema: 1, error: { code: 'ERR_USAGE' } });
  });

  it('a path that is not there is an error, and so is one that is a key', async () => {
    const pasted = github();
    const { code, stderr } = await scan([pasted]);
    expect(code).toBe(3);
    expect(stderr).toContain("can't read a path that looks like a key (ENOENT)");
    expect(await scan(['no/such.txt'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no/such.txt (ENOENT)'),
    });
  });

  it('says nothing of a key that is part of a file name', async () => {
    const a = github();
    home.write(join(home.work, `${a}.txt`), `GITHUB_TOKEN=${a}`);
    expect((await scan(['.'])).code).toBe(7);
  });

  it('finds what is stored, as it is and encoded, unless the store is out of reach', async () => {
    const a = key();
    await home.run(['set', 'mine'], { input: a });
    home.write(join(home.work, 'notes.txt'), `it is ${a}\nand ${Buffer.from(`u:${a}`).toString('base64')}\n`);
    const { code, stdout } = await scan(['notes.txt']);
    expect(code).toBe(7);
    expect(stdout).toMatch(/notes\.txt:1:7 +stored "mine" +stored/);
    expect(stdout).toMatch(/notes\.txt:2:\d+ +stored "mine" \(encoded\) +stored/);

    const project = home.project('hostile', {
      providers: [],
      stores: { default: { kind: 'command', command: 'touch', args: ['ran'] } },
    });
    home.write(join(project, 'notes.txt'), `it is ${a}\n`);
    const untrusted = await scan(['notes.txt'], { cwd: project });
    expect(untrusted.code).toBe(0);
    expect(untrusted.stderr).toMatch(/not trusted[^]*what is stored was not looked for/);
    expect(existsSync(join(project, 'ran'))).toBe(false);
  });

  it('unsure findings in code are shown, and count with --strict', async () => {
    home.write(join(home.work, 'app.py'), `api_secret = "${key()}"\n`);
    const lax = await scan(['app.py']);
    expect(lax).toMatchObject({ code: 0 });
    expect(lax.stdout).toMatch(/app\.py:1:15 +unknown +name \(unsure\)/);
    expect((await scan(['app.py', '--strict'])).code).toBe(7);
  });

  it('a fingerprint, a file or a folder in the ignore file is left out, and that is said', async () => {
    const [a, b] = [github(), github()];
    home.write(join(home.work, 'a.txt'), a);
    home.write(join(home.work, 'old', 'b.txt'), b);
    home.write(join(home.work, '.clavigerignore'), `${Secret.from(a).fingerprint()}\nold/\n`);
    const { code, stderr } = await scan(['.']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/1 silenced; passed over 1 file: 1 ignored/);
  });

  it.skipIf(!needs('git'))('--staged reads what is about to be committed, not what the folder has', async () => {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: home.work, env: home.env, stdio: 'pipe' });
    git('init', '-q');
    const a = github();
    home.write(join(home.work, 'sub', 'a.txt'), `x\n${a}\n`);
    git('add', '.');
    home.write(join(home.work, 'sub', 'a.txt'), 'taken out again\n');
    home.write(join(home.work, 'unstaged.txt'), github());
    mkdirSync(join(home.work, 'deeper'));
    const { code, stdout } = await scan(['--staged'], { cwd: join(home.work, 'deeper') });
    expect(code).toBe(7);
    expect(stdout).toMatch(/a\.txt:2:1 /);
    expect(stdout).not.toContain('unstaged');
    git('add', '.');
    unlinkSync(join(home.work, 'unstaged.txt'));
    git('rm', '-q', '--cached', 'unstaged.txt');
    expect((await scan(['--staged'])).code).toBe(0);
    expect((await scan(['--staged'], { cwd: home.directory })).code).toBe(1);
  });
});
