import { existsSync, mkdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome } from '../support/cli.js';
import { needs } from '../support/needs.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const config = { providers: [{ name: 'one', baseUrl: 'https://one.test' }] };

describe("a project's config file", () => {
  it.each([
    [['ls']],
    [['show', 'one']],
    [['set', 'one']],
    [['rm', 'one', '--yes']],
    [['revoke', 'one']],
    [['fetch', 'https://one.test/', '--as', 'one']],
    [['run', '--env', 'K=one', '--', 'touch', 'ran']],
    [['mcp', 'run', '--env', 'K=one', '--', 'touch', 'ran']],
    [['add', 'github', '--project']],
  ])('that nobody trusted stops %j before anything is opened or run (L8)', async (args) => {
    const cwd = home.project('repo', config);
    const { code, stdout, stderr } = await home.run(args, { cwd, input: 'the-key-of-one' });
    expect(code).toBe(6);
    expect(stdout).toBe('');
    expect(stderr).toContain('claviger trust');
    expect(existsSync(home.state)).toBe(false);
    expect(existsSync(join(cwd, 'ran'))).toBe(false);
  });

  it('that names a command as its store runs nothing until it is trusted (L8)', async () => {
    const stores = {
      default: { kind: 'command', command: 'sh', args: ['-c', 'touch ran; echo the-key-of-one', '{name}'] },
    };
    const cwd = home.project('repo', { ...config, stores });
    const args = ['run', '--env', 'K=one', '--', 'true'];
    expect((await home.run(args, { cwd })).code).toBe(6);
    expect(existsSync(join(cwd, 'ran'))).toBe(false);
    await home.run(['trust', '--yes'], { cwd });
    expect((await home.run(args, { cwd })).code).toBe(0);
    expect(existsSync(join(cwd, 'ran'))).toBe(true);
  });

  it('is used once trusted, and no more once changed', async () => {
    const cwd = home.project('repo', config);
    const trusted = await home.run(['trust', '--yes'], { cwd });
    expect(trusted.code).toBe(0);
    expect(trusted.stderr).toContain('"baseUrl": "https://one.test"');
    expect(trusted.stderr).toContain('it sends one from store "default" to https://one.test/**');
    expect((await home.json(['ls'], { cwd })).credentials).toMatchObject([{ name: 'one' }]);
    writeFileSync(join(cwd, 'claviger.config.json'), JSON.stringify(config));
    const { error } = await home.json(['ls'], { cwd });
    expect(error.code).toBe('ERR_CONFIG_UNTRUSTED');
    expect((await home.run(['trust', cwd, '--yes'])).code).toBe(0);
    expect((await home.run(['ls'], { cwd })).code).toBe(0);
  });

  it('is trusted where it is, not wherever it is put', async () => {
    const cwd = home.project('repo', config);
    await home.run(['trust', '--yes'], { cwd });
    renameSync(cwd, home.path('elsewhere'));
    expect((await home.run(['ls'], { cwd: home.path('elsewhere') })).code).toBe(6);
  });

  it('does not borrow the trust of the file that it is a link to', async () => {
    const cwd = home.project('repo', config);
    await home.run(['trust', '--yes'], { cwd });
    const other = home.project('other');
    symlinkSync(join(cwd, 'claviger.config.json'), join(other, 'claviger.config.json'));
    expect((await home.run(['ls'], { cwd: other })).code).toBe(6);
  });

  it('is found from below, up to the root of the repository and no further (L7)', async () => {
    home.write(home.path('claviger.config.json'), config);
    const cwd = home.project('repo');
    mkdirSync(join(cwd, 'a', 'b'), { recursive: true });
    expect((await home.run(['ls'], { cwd: join(cwd, 'a', 'b') })).code).toBe(0);
    writeFileSync(join(cwd, 'claviger.config.json'), JSON.stringify(config));
    expect((await home.run(['ls'], { cwd: join(cwd, 'a', 'b') })).code).toBe(6);
  });

  it.each(['--config', 'CLAVIGER_CONFIG'])('needs no trust when %s names it', async (how) => {
    const cwd = home.project('repo', config);
    const file = join(cwd, 'claviger.config.json');
    const options = how === '--config' ? { cwd } : { cwd, env: { CLAVIGER_CONFIG: file } };
    expect((await home.run(how === '--config' ? ['ls', '--config', file] : ['ls'], options)).code).toBe(0);
  });

  it('is not trusted by records that others can write', async () => {
    const cwd = home.project('repo', config);
    await home.run(['trust', '--yes'], { cwd });
    const records = join(home.state, 'trust.json');
    expect(statSync(records).mode & 0o777).toBe(0o600);
    const { chmodSync } = await import('node:fs');
    chmodSync(records, 0o666);
    const { code, stderr } = await home.run(['ls'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('can be written by other users');
    chmodSync(records, 0o600);
    writeFileSync(records, '{ "trusted": [');
    expect((await home.run(['ls'], { cwd })).stderr).toContain('is damaged');
  });
});

describe('trust', () => {
  it('without a terminal needs --yes', async () => {
    const cwd = home.project('repo', config);
    const { code, stderr } = await home.run(['trust'], { cwd, input: 'y\n' });
    expect(code).toBe(2);
    expect(stderr).toContain('--yes');
    expect((await home.run(['ls'], { cwd })).code).toBe(6);
  });

  it.skipIf(process.platform !== 'linux' || !needs('script'))('asks on a terminal', async () => {
    const cwd = home.project('repo', config);
    expect((await home.terminal('claviger trust', [['[y/N] ', 'n\r']], { cwd })).code).toBe(1);
    expect((await home.run(['ls'], { cwd })).code).toBe(6);
    expect((await home.terminal('claviger trust', [['[y/N] ', 'y\r']], { cwd })).code).toBe(0);
    expect((await home.run(['ls'], { cwd })).code).toBe(0);
  });

  it('trusts no file that is not valid', async () => {
    const cwd = home.project('repo', { providers: [{ name: 'one', baseUr: 'https://one.test' }] });
    const { code, stderr } = await home.run(['trust', '--yes'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean "baseUrl"?');
    expect(existsSync(home.state)).toBe(false);
  });

  it('says when there is nothing to trust', async () => {
    expect((await home.run(['trust', '--yes'])).code).toBe(3);
    expect((await home.run(['trust', 'nowhere', '--yes'])).code).toBe(1);
  });

  it('keeps the records of several projects that are trusted at once', async () => {
    const projects = Array.from({ length: 5 }, (_, index) => home.project(`repo-${index}`, config));
    await Promise.all(projects.map((cwd) => home.run(['trust', '--yes'], { cwd })));
    const codes = await Promise.all(projects.map(async (cwd) => (await home.run(['ls'], { cwd })).code));
    expect(codes).toEqual(projects.map(() => 0));
  });
});

describe('config path', () => {
  it('tells which file is used, how it was found, and whether it counts', async () => {
    const user = await home.run(['config', 'path']);
    expect(user).toMatchObject({ code: 0, stdout: `${home.configFile}\n` });
    expect(user.stderr).toContain('there is no such file yet');
    const cwd = home.project('repo', config);
    const file = join(cwd, 'claviger.config.json');
    expect(await home.json(['config', 'path'], { cwd })).toEqual({
      schema: 1,
      path: file,
      found: 'project',
      exists: true,
      trusted: false,
    });
    expect(await home.json(['config', 'path', '--config', file])).toMatchObject({ found: 'named', trusted: true });
  });
});
