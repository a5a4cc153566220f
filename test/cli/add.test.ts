import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome, githubKey } from '../support/cli.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const fingerprint = /sha256:[0-9a-f]{8}/;

describe('add', () => {
  it('defines a provider of the catalog and stores its key, bound to its destinations', async () => {
    const key = githubKey();
    const { code, stdout, stderr } = await home.run(['add', 'github'], { input: `${key}\n` });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(fingerprint);
    expect(stderr).toContain('https://api.github.com/**');
    expect(stderr).not.toContain('warning');
    expect(home.config()).toContain('"uses": "github"');
    expect(statSync(home.configFile).mode & 0o777).toBe(0o600);
    const { credential } = await home.json(['show', 'github']);
    expect(credential).toMatchObject({
      state: 'current',
      defined: true,
      environmentVariable: 'GITHUB_TOKEN',
      storedDestinations: ['https://api.github.com/**', 'https://uploads.github.com/**'],
    });
  });

  it('says on the way what protects a store that comes into being', async () => {
    const { stderr } = await home.run(['add', 'github'], { input: githubKey() });
    expect(stderr).toMatch(/note: .*not against programs that run as you/);
  });

  it('describes an API of its own with flags', async () => {
    const args = ['--base-url', 'https://api.weather.test/v1', '--query', 'key', '--env', 'WEATHER_KEY'];
    expect((await home.run(['add', 'weather', ...args], { input: 'a-key-of-the-weather' })).code).toBe(0);
    const { credential } = await home.json(['show', 'weather']);
    expect(credential).toMatchObject({
      placements: [{ in: 'query', name: 'key' }],
      destinations: ['https://api.weather.test/v1/**'],
      storedDestinations: ['https://api.weather.test/v1/**'],
      environmentVariable: 'WEATHER_KEY',
    });
  });

  it.each([
    [['--header', 'X-API-Key'], { in: 'header', name: 'X-API-Key' }],
    [['--header', 'Authorization', '--prefix', 'Token '], { in: 'header', name: 'Authorization', prefix: 'Token ' }],
    [['--cookie', 'session'], { in: 'cookie', name: 'session' }],
    [['--bearer'], { in: 'header', name: 'Authorization', prefix: 'Bearer ' }],
    [['--basic', '--username', 'me'], { in: 'basic' }],
  ])('places it as %j says', async (flags, placement) => {
    await home.run(['add', 'api', '--base-url', 'https://api.test', ...flags], { input: 'some-key-of-an-api' });
    expect((await home.json(['show', 'api'])).credential.placements).toEqual([placement]);
  });

  it('fills in what a catalog entry leaves open, and never widens it', async () => {
    const args = ['add', 'jira', '--username', 'me@acme.test'];
    expect((await home.run(args, { input: 'x'.repeat(24) })).stderr).toMatch(/needs --set site=…/);
    const { code } = await home.run([...args, '--set', 'site=acme'], { input: 'x'.repeat(24) });
    expect(code).toBe(0);
    const { credential } = await home.json(['show', 'jira']);
    expect(credential.destinations).toEqual(['https://acme.atlassian.net/**']);
    expect(credential.username).toBe('me@acme.test');
  });

  it.each(['*', 'acme.evil', 'evil.test/', 'evil.test#', 'a@b', '{site}', '', 'a b', '*.x'])(
    'takes no %j for a part of a host',
    async (site) => {
      const { code } = await home.run(['add', 'jira', '--username', 'u', '--set', `site=${site}`], {
        input: 'x'.repeat(24),
      });
      expect(code).toBe(2);
      expect(existsSync(home.configFile)).toBe(false);
    },
  );

  it('asks for the user name that a provider needs', async () => {
    const { code, stderr } = await home.run(['add', 'twilio'], { input: 'a'.repeat(32) });
    expect(code).toBe(2);
    expect(stderr).toContain('--username: the account SID');
  });

  it('warns when a key looks like that of another provider, without showing it', async () => {
    const key = `sk_live_${'a1'.repeat(12)}`;
    const { code, stderr } = await home.run(['add', 'github'], { input: key });
    expect(code).toBe(0);
    expect(stderr).toContain('warning: this looks like a key of Stripe, not of GitHub');
    expect(stderr).not.toContain(key);
  });

  it('warns when a key does not look like one of its provider', async () => {
    const { code, stderr } = await home.run(['add', 'github'], { input: 'something-else-entirely' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: this does not look like a key of GitHub: those begin with ghp_/);
  });

  it.each([
    ['${GITHUB_TOKEN}', /warning: this names a secret that is elsewhere/],
    ['ghp_your_token_here', /warning: this looks like a placeholder/],
    [
      `dapi${'9f8e7d6c'.repeat(4)}`,
      /warning: this looks like a databricks personal access token, not like a key of GitHub/,
    ],
  ])('warns of %s for a key', async (input, warning) => {
    const { code, stderr } = await home.run(['add', 'github'], { input });
    expect(code).toBe(0);
    expect(stderr).toMatch(warning);
    expect(stderr).not.toContain(input);
  });

  it("warns when a known provider's key would be sent to an API of one's own, also with set", async () => {
    const key = `sk_live_${'a1'.repeat(12)}`;
    const add = ['add', 'weather', '--base-url', 'https://api.weather.test/v1'];
    const { stderr } = await home.run(add, { input: key });
    expect(stderr).toContain('warning: this looks like a key of Stripe, which weather is not');
    const { code, stderr: again } = await home.run(['set', 'weather'], { input: key });
    expect(code).toBe(0);
    expect(again).toContain('warning: this looks like a key of Stripe');
    expect(stderr + again).not.toContain(key);
  });

  it('refuses a key that is too short to be redacted', async () => {
    const { code, stderr } = await home.run(['add', 'github'], { input: 'short' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/fewer than 8 characters/);
    expect(existsSync(home.configFile)).toBe(false);
    expect(existsSync(home.state)).toBe(false);
  });

  it('takes a provider twice under two names', async () => {
    await home.run(['add', 'github'], { input: githubKey() });
    await home.run(['add', 'github', 'github-work'], { input: githubKey() });
    const { credentials } = await home.json(['ls']);
    expect(credentials.map(({ name }: { name: string }) => name)).toEqual(['github', 'github-work']);
    expect(credentials[0].fingerprint).not.toBe(credentials[1].fingerprint);
  });

  it('overwrites neither a provider nor a key without --force', async () => {
    await home.run(['add', 'github'], { input: githubKey() });
    const before = await home.json(['show', 'github']);
    const again = await home.run(['add', 'github'], { input: githubKey() });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('--force');
    expect(await home.json(['show', 'github'])).toEqual(before);
    expect((await home.run(['add', 'github', '--force'], { input: githubKey() })).code).toBe(0);
    expect((await home.json(['show', 'github'])).credential.version).not.toBe(before.credential.version);
    expect(home.config().match(/"name"/g)).toHaveLength(1);
  });

  it('adopts a key that is stored already with --no-value', async () => {
    await home.run(['set', 'github'], { input: githubKey() });
    const refused = await home.run(['add', 'github'], { input: githubKey() });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/--no-value keeps it/);
    expect((await home.run(['add', 'github', '--no-value'])).code).toBe(0);
    expect((await home.json(['show', 'github'])).credential).toMatchObject({ defined: true, state: 'current' });
  });

  it('only defines what reads from a store that cannot be written', async () => {
    home.write(home.configFile, { stores: { variables: { kind: 'env' } }, providers: [] });
    const { code, stderr } = await home.run(['add', 'github', '--store', 'variables', '--secret-name', 'github_token']);
    expect(code).toBe(0);
    expect(stderr).toContain("can't be written");
    const { credential } = await home.json(['show', 'github'], { env: { GITHUB_TOKEN: githubKey() } });
    expect(credential).toMatchObject({
      state: 'current',
      store: 'variables',
      fingerprint: expect.stringMatching(fingerprint),
    });
  });

  it.each([
    [['nope'], 3, /the catalog does not know "nope"/],
    [['gihub'], 3, /did you mean "github"/],
    [['Bad Name', '--base-url', 'https://x.test'], 2, /lower-case/],
    [['x', '--base-url', 'http://plain.test'], 1, /http/],
    [['x', '--base-url', 'https://x.test', '--destination', 'https://*.test/**'], 1, /destination/],
    [
      ['x', '--base-url', 'https://x.test', '--header', 'A', '--query', 'b'],
      2,
      /--header and --query exclude each other/,
    ],
    [['x', '--base-url', 'https://x.test', '--prefix', 'A '], 2, /--prefix goes with --header/],
    [['x', '--base-url', 'https://x.test', '--header', 'Host'], 1, /Host/],
    [['x', '--base-url', 'https://x.test', '--store', 'none'], 1, /no store is named "none"/],
    [['github', '--expires', 'tomorrow'], 2, /--expires takes a date/],
    [['github', '--expires', '2020-01-01'], 2, /past/],
    [['github', '--expires', '2027-02-30'], 2, /--expires takes a date/],
    [['github', '--set', 'site=x'], 2, /nothing to fill in/],
  ])('%j ends with %d and leaves nothing behind', async (args, code, message) => {
    const result = await home.run(['add', ...args], { input: githubKey() });
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
    expect(existsSync(home.configFile)).toBe(false);
    expect(existsSync(home.state)).toBe(false);
  });

  it('keeps comments, order, indentation and line ends of the config file', async () => {
    const text = [
      '// mine',
      '{',
      '\t"cache": false, // always fresh',
      '\t"providers": [',
      '\t\t{ "name": "one", "baseUrl": "https://one.test" }, // the first',
      '\t\t/* about two */',
      '\t\t{ "name": "two", "baseUrl": "https://two.test" }, // trailing',
      '\t],',
      '}',
      '',
    ].join('\r\n');
    home.write(home.configFile, text);
    await home.run(['add', 'github'], { input: githubKey() });
    const end = '\t],\r\n}\r\n';
    const added = '\t\t{\r\n\t\t\t"name": "github",\r\n\t\t\t"uses": "github"\r\n\t\t},\r\n';
    expect(home.config()).toBe(text.replace(end, added + end));
    await home.run(['rm', 'github', '--definition', '--yes']);
    expect(home.config()).toBe(text);
  });

  it('writes through a link and keeps the mode of the file', async () => {
    const real = home.write(home.path('dotfiles', 'claviger.json'), { providers: [] });
    chmodSync(real, 0o640);
    const { mkdirSync, symlinkSync, lstatSync } = await import('node:fs');
    mkdirSync(join(home.configFile, '..'), { recursive: true });
    symlinkSync(real, home.configFile);
    expect((await home.run(['add', 'github'], { input: githubKey() })).code).toBe(0);
    expect(lstatSync(home.configFile).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toContain('github');
    expect(statSync(real).mode & 0o777).toBe(0o640);
  });

  it('stores nothing when the config file cannot be written', async () => {
    if (process.getuid?.() === 0) {
      // Nothing stops root but a file where a folder should be.
      home.write(home.path('config', 'claviger'), 'a file');
    } else {
      home.write(home.configFile, { providers: [] });
      chmodSync(join(home.configFile, '..'), 0o500);
    }
    const { code, stderr } = await home.run(['add', 'github'], { input: githubKey() });
    expect(code).toBe(1);
    expect(stderr).toMatch(/can't (write|read) .*claviger.config.json \((EACCES|ENOTDIR|EEXIST)\)/);
    expect(existsSync(join(home.state, 'secrets.claviger'))).toBe(false);
    if (process.getuid?.() !== 0) chmodSync(join(home.configFile, '..'), 0o700);
  });

  it('writes no definition when the key cannot be stored', async () => {
    await home.run(['init']);
    const before = home.config();
    home.write(join(home.state, 'secrets.claviger'), 'damaged');
    const { code, stderr } = await home.run(['add', 'github'], { input: githubKey() });
    expect(code).toBe(1);
    expect(stderr).toMatch(/claviger: file store /);
    expect(home.config()).toBe(before);
  });

  it('leaves a config file that is not valid as it is', async () => {
    home.write(home.configFile, '{ "providers": [ }');
    const { code, stderr } = await home.run(['add', 'github'], { input: githubKey() });
    expect(code).toBe(1);
    expect(stderr).toMatch(/not valid JSON/);
    expect(home.config()).toBe('{ "providers": [ }');
  });

  it('takes every one of several that come at once', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `github-${index}`);
    const results = await Promise.all(names.map((name) => home.run(['add', 'github', name], { input: githubKey() })));
    expect(results.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(names.map(() => 0));
    const { credentials } = await home.json(['ls']);
    const found = credentials.filter(({ state, defined }: any) => state === 'current' && defined);
    expect(found.map(({ name }: { name: string }) => name).sort()).toEqual(names);
  });

  it('lets one of two of the same name win, and the other say so', async () => {
    const results = await Promise.all([1, 2].map(() => home.run(['add', 'github'], { input: githubKey() })));
    expect(results.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(home.config().match(/"name"/g)).toHaveLength(1);
  });

  it('with --project writes the file of the project, which is then trusted', async () => {
    const cwd = home.project('repo');
    const { code } = await home.run(['add', 'github', '--project'], { input: githubKey(), cwd });
    expect(code).toBe(0);
    expect(existsSync(home.configFile)).toBe(false);
    expect(await home.json(['config', 'path'], { cwd })).toMatchObject({
      path: join(cwd, 'claviger.config.json'),
      found: 'project',
      trusted: true,
    });
    expect((await home.run(['ls'], { cwd })).code).toBe(0);
  });

  it("says so when a project's own file hides what was added", async () => {
    const cwd = home.project('repo', { providers: [] });
    const { code, stderr } = await home.run(['add', 'github'], { input: githubKey(), cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/note: in this folder .* is used instead/);
    expect(home.config()).toContain('github');
  });

  it('writes the file that was named', async () => {
    const named = home.path('named.json');
    await home.run(['add', 'github', '--config', named], { input: githubKey() });
    expect(readFileSync(named, 'utf8')).toContain('github');
    const variable = home.path('variable.json');
    await home.run(['add', 'github', 'other'], { input: githubKey(), env: { CLAVIGER_CONFIG: variable } });
    expect(readFileSync(variable, 'utf8')).toContain('other');
    expect(existsSync(home.configFile)).toBe(false);
  });
});
