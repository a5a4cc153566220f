import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { githubKey } from '../support/cli.js';
import { ImportHome } from './import-run.js';

let home: ImportHome;
let key: string;
beforeEach(() => {
  home = new ImportHome();
  key = githubKey();
});
afterEach(() => home[Symbol.dispose]());

const fingerprint = /sha256:[0-9a-f]{8}/;

const servers = (entries: Record<string, unknown>) => `${JSON.stringify({ mcpServers: entries }, undefined, 2)}\n`;
const withEnv = (env: Record<string, string>) => ({ command: 'npx', args: ['-y', 'server'], env });
const entryOf = (name: string, server: string) => JSON.parse(home.read(name)).mcpServers[server];

describe('mcp import', () => {
  it('L10 L16 only shows the plan without --write, by fingerprint and place, and exits with 7', async () => {
    const before = servers({ github: withEnv({ GITHUB_TOKEN: key }) });
    home.write('.cursor/mcp.json', before);
    for (const flags of [[], ['--dry-run']]) {
      const { code, stdout, stderr } = await home.run(['mcp', 'import', ...flags]);
      expect(code).toBe(7);
      expect(stdout).toMatch(fingerprint);
      expect(stdout).toContain('env GITHUB_TOKEN');
      expectNoLeak([stdout, stderr], key);
    }
    expect(home.read('.cursor/mcp.json')).toBe(before);
    expect(existsSync(home.state)).toBe(false);
    expect(existsSync(home.configFile)).toBe(false);
  });

  it('shows in a dry run each line that would change, with the fingerprint for the key', async () => {
    home.write('.cursor/mcp.json', servers({ github: withEnv({ GITHUB_TOKEN: key }) }));
    const { stdout } = await home.run(['mcp', 'import', '--dry-run']);
    expect(stdout).toMatch(/^ {2}-.*"GITHUB_TOKEN": "\[sha256:[0-9a-f]{8}\]"$/m);
    expect(stdout).toMatch(/^ {2}\+.*"GITHUB_TOKEN=github",?$/m);
  });

  it('L15 makes one credential of the same key in three clients, and finds it again for a fourth', async () => {
    const entry = servers({ mine: withEnv({ GITHUB_TOKEN: key }) });
    for (const file of ['.cursor/mcp.json', '.codeium/windsurf/mcp_config.json', '.lmstudio/mcp.json'])
      home.write(file, entry);
    const first = await home.json(['mcp', 'import', '--write']);
    expect(first.credentials).toMatchObject([{ name: 'github', providers: ['github'], stored: false }]);
    home.write('.kiro/settings/mcp.json', entry);
    const second = await home.json(['mcp', 'import', '--write']);
    expect(second.credentials).toMatchObject([{ name: 'github', providers: [], stored: true }]);
    expect(JSON.parse(home.config().replace(/\/\/.*/, '')).providers).toHaveLength(1);
    expect(entryOf('.kiro/settings/mcp.json', 'mine').args).toContain('GITHUB_TOKEN=github');
  });

  it('gives different keys of one vendor different names', async () => {
    home.write(
      '.cursor/mcp.json',
      servers({ a: withEnv({ GITHUB_TOKEN: key }), b: withEnv({ GITHUB_TOKEN: githubKey() }) }),
    );
    const { credentials } = await home.json(['mcp', 'import', '--write']);
    expect(credentials.map(({ name }: { name: string }) => name)).toEqual(['github', 'github-2']);
  });

  it('L14 reports a malformed file, leaves it alone, and goes on with the others', async () => {
    const broken = `{ "mcpServers": { "a": { "env": { "GITHUB_TOKEN": "${key}" } `;
    home.write('.cursor/mcp.json', broken);
    home.write('.lmstudio/mcp.json', servers({ b: withEnv({ GITHUB_TOKEN: key }) }));
    const { code, stdout, stderr } = await home.run(['mcp', 'import', '--write']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/\.cursor\/mcp\.json \(Cursor\): is not valid JSON at line 1/);
    expectNoLeak([stdout, stderr], key);
    expect(home.read('.cursor/mcp.json')).toBe(broken);
    expect(home.read('.lmstudio/mcp.json')).not.toContain(key);
  });

  it('leaves what it must not write, says so, and does not keep others from losing their keys', async () => {
    const before = servers({ a: withEnv({ GITHUB_TOKEN: key }) });
    chmodSync(home.write('.cursor/mcp.json', before), 0o444);
    symlinkSync(home.write('dotfiles/mcp.json', before), join(home.directory, '.mcp.json'));
    home.write('.lmstudio/mcp.json', before);
    const { code, stdout, stderr } = await home.run(['mcp', 'import', '--write'], { cwd: home.directory });
    expect(code).toBe(1);
    expect(stderr).toContain('.cursor/mcp.json is read-only: not written');
    expect(stdout).toMatch(/\.mcp\.json \(Claude Code\): is a link/);
    expect(home.read('.cursor/mcp.json')).toBe(before);
    expect(home.read('dotfiles/mcp.json')).toBe(before);
    expect(home.read('.lmstudio/mcp.json')).not.toContain(key);
    expect((await home.run(['mcp', 'import', '--undo'])).stderr).toMatch(/^restored a in .*\.lmstudio\/mcp\.json$/m);
  });

  it('L12 leaves references, placeholders and its own entries alone', async () => {
    const text = servers({
      a: withEnv({ A_TOKEN: '${A_TOKEN}', B_API_KEY: 'YOUR_API_KEY', C_SECRET: 'op://vault/item/field' }),
      b: { command: 'node', args: ['/x/dist/cli/main.js', 'mcp', 'run', '--env', 'GITHUB_TOKEN=github', '--', 'npx'] },
      c: { url: 'https://x.example.com/mcp' },
    });
    home.write('.cursor/mcp.json', text);
    const { code, stderr } = await home.run(['mcp', 'import', '--write']);
    expect(code).toBe(0);
    expect(stderr).toContain('nothing to move');
    expect(home.read('.cursor/mcp.json')).toBe(text);
  });

  it('keeps the spelling of a key for the way back, and no key in what it keeps', async () => {
    const spelled = `{"mcpServers":{"a":{"command":"npx","env":{"GITHUB_TOKEN":"\\u0067hp\\u005F${key.slice(4)}","URL":"https:\\/\\/x"}}}}`;
    home.write('.cursor/mcp.json', spelled);
    expect((await home.run(['mcp', 'import', '--write'])).code).toBe(0);
    expect(home.read('.cursor/mcp.json')).toContain('"URL":"https:\\/\\/x"');
    const imports = join(home.state, 'imports');
    for (const name of readdirSync(imports)) expectNoLeak(readFileSync(join(imports, name), 'utf8'), key);
    expect((await home.run(['mcp', 'import', '--undo'])).code).toBe(0);
    expect(home.read('.cursor/mcp.json')).toBe(spelled);
  });

  it('takes back its own change only: what was written since stays', async () => {
    const before = servers({
      a: withEnv({ GITHUB_TOKEN: key }),
      b: withEnv({ GITLAB_TOKEN: `glpat-${'x1Y2'.repeat(6)}` }),
    });
    home.write('.claude.json', before);
    await home.run(['mcp', 'import', '--write']);
    const since = home.read('.claude.json').replace('{\n', '{\n  "numStartups": 7,\n');
    home.write('.claude.json', since.replace('"GITLAB_TOKEN=gitlab"', '"GITLAB_TOKEN=other"'));
    const { code, stderr } = await home.run(['mcp', 'import', '--undo']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/changed since, and left as it is: b$/m);
    const after = JSON.parse(home.read('.claude.json'));
    expect(after.numStartups).toBe(7);
    expect(after.mcpServers.a).toEqual(JSON.parse(before).mcpServers.a);
    expect(after.mcpServers.b.args).toContain('GITLAB_TOKEN=other');
  });

  it('L13 two at once: one follows the other, and nothing is lost or done twice', async () => {
    const entries = Object.fromEntries(
      Array.from({ length: 4 }, (_, at) => [`s${at}`, withEnv({ [`S${at}_API_KEY`]: canary() })]),
    );
    home.write('.cursor/mcp.json', servers(entries));
    const both = await Promise.all([home.run(['mcp', 'import', '--write']), home.run(['mcp', 'import', '--write'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    for (const name of Object.keys(entries)) expect(entryOf('.cursor/mcp.json', name).args).toContain('run');
    const { credentials } = await home.json(['ls']);
    expect(credentials.map(({ state }: { state: string }) => state)).toEqual([
      'current',
      'current',
      'current',
      'current',
    ]);
  });

  it('tells the launcher where the state is, if that is not the usual place', async () => {
    const state = join(home.directory, 'elsewhere');
    home.write('.cursor/mcp.json', servers({ a: withEnv({ GITHUB_TOKEN: key, OTHER: 'x' }) }));
    await home.run(['mcp', 'import', '--write'], { env: { CLAVIGER_HOME: state } });
    expect(entryOf('.cursor/mcp.json', 'a').env).toEqual({ CLAVIGER_HOME: state, OTHER: 'x' });
  });

  it('writes an entry that other machines can use with --portable', async () => {
    home.write('work/.mcp.json', servers({ a: withEnv({ GITHUB_TOKEN: key }) }));
    await home.run(['mcp', 'import', '--portable', '--write']);
    const { command, args } = entryOf('work/.mcp.json', 'a');
    expect([command, ...args].join(' ')).toBe('npx -y claviger mcp run --env GITHUB_TOKEN=github -- npx -y server');
  });

  it('marks what is a key by its name only, and leaves it with --sure', async () => {
    const text = servers({ a: withEnv({ SOME_API_KEY: canary('') }) });
    home.write('.cursor/mcp.json', text);
    expect((await home.run(['mcp', 'import'])).stdout).toContain('unsure: by its name');
    expect((await home.run(['mcp', 'import', '--write', '--sure'])).code).toBe(7);
    expect(home.read('.cursor/mcp.json')).toBe(text);
    expect((await home.run(['mcp', 'import', '--write'])).code).toBe(0);
  });

  it('keeps out of its record what --sure leaves, and says that it stands there still', async () => {
    const unsure = 'q7Unsure77zzQQ12xxB4';
    const text = servers({ a: { command: `env GITHUB_TOKEN=${key} MY_SECRET=${unsure} npx -y server` } });
    home.write('.cursor/mcp.json', text);
    const { code, stdout } = await home.run(['mcp', 'import', '--write', '--sure']);
    expect([code, home.read('.cursor/mcp.json')]).toEqual([7, text]);
    expect(stdout).toContain('--sure leaves those');
    for (const name of readdirSync(join(home.state, 'imports')))
      expectNoLeak(readFileSync(join(home.state, 'imports', name), 'utf8'), unsure);

    home.write('.cursor/mcp.json', servers({ a: withEnv({ GITHUB_TOKEN: key, MY_SECRET: unsure }) }));
    expect((await home.run(['mcp', 'import', '--write', '--sure'])).code).toBe(7);
    expect(entryOf('.cursor/mcp.json', 'a').args).toContain('GITHUB_TOKEN=github');
    expect(home.read('.cursor/mcp.json')).toContain(unsure);
  });

  it('tells of a key in an entry of its own, and leaves the entry', async () => {
    const own = ['/x/dist/cli/main.js', 'mcp', 'run', '--env', 'GITHUB_TOKEN=github', '--', 'npx'];
    for (const entry of [
      { command: 'node', args: own, env: { GITLAB_TOKEN: key } },
      { command: 'node', args: [...own, '--api-key', key] },
    ]) {
      const text = servers({ a: entry });
      home.write('.cursor/mcp.json', text);
      const { code, stdout, stderr } = await home.run(['mcp', 'import', '--write']);
      expect([code, home.read('.cursor/mcp.json')]).toEqual([7, text]);
      expect(stdout).toContain('claviger starts it already');
      expectNoLeak([stdout, stderr], key);
    }
  });

  it('takes an earlier import back where what came later was changed since', async () => {
    const edit = (from: string, to: string) =>
      home.write('.cursor/mcp.json', home.read('.cursor/mcp.json').replace(from, to));
    const entries = { a: withEnv({ GITHUB_TOKEN: key }), b: withEnv({ GITLAB_TOKEN: 'YOUR_TOKEN' }) };
    home.write('.cursor/mcp.json', servers(entries));
    await home.run(['mcp', 'import', '--write']);
    edit('YOUR_TOKEN', `glpat-${'x1Y2'.repeat(6)}`);
    await home.run(['mcp', 'import', '--write']);
    edit('GITLAB_TOKEN=gitlab', 'GITLAB_TOKEN=other');
    const { code, stderr } = await home.run(['mcp', 'import', '--undo']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^restored a in /m);
    expect(stderr).toMatch(/left as it is: b$/m);
    expect(entryOf('.cursor/mcp.json', 'a')).toEqual(withEnv({ GITHUB_TOKEN: key }));
  });

  it('takes back what it can where a record is damaged', async () => {
    const text = servers({ a: withEnv({ GITHUB_TOKEN: key }) });
    home.write('.cursor/mcp.json', text);
    await home.run(['mcp', 'import', '--write']);
    home.write('.local/share/claviger/imports/0123456789abcdef.json', '{');
    const { code, stderr } = await home.run(['mcp', 'import', '--undo']);
    expect([code, home.read('.cursor/mcp.json')]).toEqual([1, text]);
    expect(stderr).toContain('is damaged');
  });

  it('sweeps what a crash has left beside the file', async () => {
    home.write('.cursor/mcp.json', servers({ a: withEnv({ GITHUB_TOKEN: key }) }));
    home.write('.cursor/mcp.json.0123456789abcdef.tmp', key);
    await home.run(['mcp', 'import', '--write']);
    expect(readdirSync(join(home.directory, '.cursor'))).toEqual(['mcp.json']);
  });

  it('says that the keys should be made anew', async () => {
    home.write('.cursor/mcp.json', servers({ a: withEnv({ GITHUB_TOKEN: key }) }));
    expect((await home.run(['mcp', 'import', '--write'])).stderr).toMatch(/stood in plain text: make new ones/);
  });

  it.each([[['--write', '--undo']], [['--write', '--dry-run']], [['--client', 'cursr']]])(
    'refuses %j',
    async (flags) => {
      const { code, stderr } = await home.run(['mcp', 'import', ...flags]);
      expect(code).toBe(2);
      if (flags.includes('cursr')) expect(stderr).toContain('did you mean "cursor"');
    },
  );

  it('says that a named file is not there', async () => {
    const { code, stdout } = await home.run(['mcp', 'import', '--file', 'none.json']);
    expect(code).toBe(1);
    expect(stdout).toContain('none.json (MCP client): is not there');
  });
});
