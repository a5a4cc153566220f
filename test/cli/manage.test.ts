import { readFileSync, writeFileSync, existsSync, statSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliHome, githubKey } from '../support/cli.js';

let home: CliHome;
beforeEach(() => {
  home = new CliHome();
});
afterEach(() => home[Symbol.dispose]());

const valueOf = async (name: string) =>
  (await home.run(['run', '--env', `K=${name}`, '--no-redact', '--', 'printenv', 'K'])).stdout.trimEnd();

describe('init', () => {
  it('makes store and config file, private, and says what protects them and what not', async () => {
    const { code, stdout, stderr } = await home.run(['init']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/protects a copy .* not against programs that run as you/);
    for (const file of ['secrets.claviger', 'secrets.claviger.key']) {
      expect(statSync(join(home.state, file)).mode & 0o777).toBe(0o600);
    }
    expect(home.config()).toContain('"providers": []');
  });

  it('leaves what is there as it is', async () => {
    await home.run(['init']);
    await home.run(['add', 'github'], { input: githubKey() });
    const before = [home.config(), readFileSync(join(home.state, 'secrets.claviger'), 'utf8')];
    const { code, stderr } = await home.run(['init']);
    expect(code).toBe(0);
    expect(stderr).toContain('is there already');
    expect([home.config(), readFileSync(join(home.state, 'secrets.claviger'), 'utf8')]).toEqual(before);
  });

  it('takes a key file kept elsewhere, makes it if need be, and writes down where it is', async () => {
    const keyFile = home.path('stick', 'my.key');
    const { code, stderr } = await home.run(['init', '--key-file', '../stick/my.key']);
    expect(code).toBe(0);
    expect(stderr).toContain('encrypted under a key file');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    await home.run(['add', 'github'], { input: githubKey() });
    expect((await home.run(['ls'])).code).toBe(0);
    expect((await home.run(['init', '--key-file', keyFile])).code).toBe(0);
    writeFileSync(keyFile, Buffer.alloc(32, 7));
    const locked = await home.run(['ls']);
    expect(locked.code).toBe(4);
    expect(locked.stderr).toContain('this is not the key that it was made with');
  });

  it('does not pretend that a store was protected anew', async () => {
    await home.run(['init']);
    const { code, stderr } = await home.run(['init', '--passphrase'], { input: 'a passphrase' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/there already and was not changed/);
    expect((await home.run(['init', '--key-file', home.path('k')])).code).toBe(1);
    expect((await home.run(['ls'])).code).toBe(0);
  });

  it('takes a passphrase from stdin, and opens the store with the file that holds it', async () => {
    expect((await home.run(['init', '--passphrase'], { input: 'correct horse\n' })).code).toBe(0);
    const phraseFile = home.write(home.path('phrase'), 'correct horse\n');
    chmodSync(phraseFile, 0o600);
    const env = { CLAVIGER_PHRASE_FILE: phraseFile };
    expect((await home.run(['set', 'one'], { input: 'the-key-of-one', env })).code).toBe(0);
    expect((await home.json(['ls'], { env })).credentials).toMatchObject([{ name: 'one', state: 'current' }]);
    expect((await home.json(['ls'])).error.code).toBe('ERR_STORE_LOCKED');
  });
});

describe('set', () => {
  it('stores a new version that keeps destinations and user name', async () => {
    await home.run(['add', 'mailgun', '--username', 'api-user'], { input: 'a'.repeat(40) });
    const { credential: before } = await home.json(['show', 'mailgun']);
    expect((await home.run(['set', 'mailgun'], { input: 'b'.repeat(40) })).code).toBe(0);
    const { credential: after } = await home.json(['show', 'mailgun']);
    expect(after.version).not.toBe(before.version);
    expect(after).toMatchObject({ username: 'api-user', storedDestinations: before.storedDestinations });
    expect(await valueOf('mailgun')).toBe('b'.repeat(40));
  });

  it('does not let a changed config file widen where a stored key may go', async () => {
    await home.run(['add', 'shop', '--base-url', 'https://shop.test'], { input: 'the-key-of-the-shop' });
    writeFileSync(home.configFile, home.config().replace('https://shop.test', 'https://evil.test'));
    const set = await home.run(['set', 'shop'], { input: 'a-newer-key-of-the-shop' });
    expect(set.stderr).toContain('note: the key stays bound to https://shop.test/**');
    expect((await home.json(['show', 'shop'])).credential.storedDestinations).toEqual(['https://shop.test/**']);
    const { code, stderr } = await home.run(['fetch', 'https://evil.test/', '--as', 'shop']);
    expect(code).toBe(6);
    expect(stderr).toContain('evil.test');
  });

  it('moves the destinations when told so, checked', async () => {
    await home.run(['set', 'one'], { input: 'the-key-of-one' });
    expect((await home.json(['show', 'one'])).credential.storedDestinations).toBeUndefined();
    await home.run(['set', 'one', '--destination', 'GET https://one.test/v1/**'], { input: 'the-key-of-one' });
    expect((await home.json(['show', 'one'])).credential.storedDestinations).toEqual(['GET https://one.test/v1/**']);
    const { code } = await home.run(['set', 'one', '--destination', 'https://*.com'], { input: 'the-key-of-one' });
    expect(code).toBe(1);
  });

  it('takes an expiry, and the key is refused from then on', async () => {
    await home.run(['set', 'one', '--expires', '2999-12-31'], { input: 'the-key-of-one' });
    expect((await home.json(['show', 'one'])).credential.expiresAt).toBe('2999-12-31T00:00:00.000Z');
    const soon = new Date(Date.now() + 1500).toISOString();
    await home.run(['set', 'one', '--expires', soon], { input: 'the-key-of-one' });
    await expect
      .poll(async () => (await home.json(['show', 'one'])).credential.state, { timeout: 10_000 })
      .toBe('expired');
  });

  it('says when no provider has that name', async () => {
    await home.run(['add', 'github'], { input: githubKey() });
    const { code, stderr } = await home.run(['set', 'gihub'], { input: 'the-key-of-gihub' });
    expect(code).toBe(0);
    expect(stderr).toMatch(/no provider is named "gihub" \(did you mean "github"\?\)/);
  });

  it('asks for nothing when the store cannot be written', async () => {
    home.write(home.configFile, {
      stores: { variables: { kind: 'env' } },
      providers: [{ name: 'one', baseUrl: 'https://one.test', store: 'variables' }],
    });
    for (const args of [
      ['set', 'one'],
      ['rm', 'one', '--yes'],
      ['revoke', 'one'],
    ]) {
      const { code, stderr } = await home.run(args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/store "variables" \(env\) can't/);
    }
    expect((await home.json(['set', 'one'])).error.code).toBe('ERR_STORE_READ_ONLY');
  });

  it('loses none of several keys that are set at once', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `key-${index}`);
    const results = await Promise.all(names.map((name) => home.run(['set', name], { input: `value-of-${name}` })));
    expect(results.map(({ code }) => code)).toEqual(names.map(() => 0));
    const { credentials } = await home.json(['ls']);
    expect(credentials.map(({ name }: { name: string }) => name).sort()).toEqual(names);
  });
});

describe('rm and revoke', () => {
  it('remove the key and keep the provider', async () => {
    await home.run(['add', 'github'], { input: githubKey() });
    expect((await home.run(['rm', 'github', '--yes'])).code).toBe(0);
    expect((await home.json(['show', 'github'])).credential).toMatchObject({ defined: true, state: 'missing' });
    expect((await home.run(['rm', 'github', '--yes'])).code).toBe(3);
    expect((await home.run(['run', '--env', 'github', '--', 'true'])).code).toBe(3);
  });

  it('remove the provider too with --definition', async () => {
    await home.run(['add', 'github'], { input: githubKey() });
    expect((await home.run(['rm', 'github', '--definition', '--yes'])).code).toBe(0);
    expect(await home.json(['ls'])).toEqual({ schema: 1, credentials: [] });
    expect(home.config()).toContain('"providers": []');
  });

  it('remove nothing when the provider is needed by another', async () => {
    home.write(home.configFile, {
      providers: [
        { name: 'a', baseUrl: 'https://a.test', with: ['b'] },
        { name: 'b', baseUrl: 'https://a.test', placement: { in: 'header', name: 'X-Second' } },
      ],
    });
    await home.run(['set', 'b'], { input: 'the-key-of-b' });
    const { code, stderr } = await home.run(['rm', 'b', '--definition', '--yes']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no other provider is named "b"/);
    expect((await home.json(['show', 'b'])).credential).toMatchObject({ defined: true, state: 'current' });
  });

  it('name what was probably meant', async () => {
    await home.run(['set', 'github'], { input: githubKey() });
    for (const verb of [['rm', '--yes'], ['revoke'], ['show']]) {
      const { code, stderr } = await home.run([...verb, 'gitub']);
      expect(code).toBe(3);
      expect(stderr).toContain('did you mean "github"?');
    }
  });

  it('revoke a key: it is listed as such and used no more', async () => {
    await home.run(['add', 'github'], { input: githubKey() });
    expect((await home.run(['revoke', 'github'])).code).toBe(0);
    expect((await home.json(['show', 'github'])).credential.state).toBe('revoked');
    const { code, stderr } = await home.run(['run', '--env', 'github', '--', 'true']);
    expect(code).toBe(1);
    expect(stderr).toContain('revoked');
    await home.run(['set', 'github'], { input: githubKey() });
    expect((await home.run(['run', '--env', 'github', '--', 'true'])).code).toBe(0);
  });
});

describe('ls and show', () => {
  it('tell people and programs the same', async () => {
    await home.run(['add', 'github', '--expires', '2999-01-01'], { input: githubKey() });
    const { stdout, stderr } = await home.run(['ls']);
    expect(stderr).toBe('');
    const [head, line] = stdout.split('\n');
    expect(head).toMatch(/^NAME +STATE +FINGERPRINT +CREATED +EXPIRES +STORE$/);
    const { credentials } = await home.json(['ls']);
    const { fingerprint, createdAt, expiresAt } = credentials[0];
    expect(line?.split(/ +/)).toEqual([
      'github',
      'current',
      fingerprint,
      createdAt.slice(0, 10),
      expiresAt.slice(0, 10),
      'default',
    ]);
    const shown = await home.run(['show', 'github']);
    expect(shown.stdout).toContain(fingerprint);
    expect(shown.stdout).toContain('https://api.github.com/**');
  });

  it('say what to do when there is nothing', async () => {
    const { code, stdout, stderr } = await home.run(['ls']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('claviger add');
    expect(await home.json(['ls'])).toEqual({ schema: 1, credentials: [] });
  });

  it('show the other stores when one cannot answer, and end with its code', async () => {
    home.write(home.configFile, {
      stores: { broken: { kind: 'file', path: './broken.claviger' } },
      providers: [{ name: 'two', baseUrl: 'https://two.test', store: 'broken' }],
    });
    await home.run(['set', 'one'], { input: 'the-key-of-one' });
    const broken = home.write(join(home.configFile, '..', 'broken.claviger'), 'broken');
    chmodSync(broken, 0o600);
    const { code, stdout, stderr } = await home.run(['ls']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/one +current/);
    expect(stdout).toMatch(/two +unavailable/);
    expect(stderr).toContain('broken.claviger');
    expect((await home.json(['show', 'two'])).error.code).toBe('ERR_STORE_CORRUPT');
    expect((await home.run(['show', 'one'])).code).toBe(0);
  });

  it('end quietly when their reader has seen enough', async () => {
    const { needs } = await import('../support/needs.js');
    if (!needs('sh')) return;
    await home.run(['set', 'one'], { input: 'the-key-of-one' });
    const { spawnSync } = await import('node:child_process');
    const { builtCli } = await import('../support/built.js');
    const line = `"${process.execPath}" "${builtCli}" providers | true`;
    const { stderr } = spawnSync('sh', ['-c', line], { env: home.env, encoding: 'utf8' });
    expect(stderr).toBe('');
  });
});

describe('providers', () => {
  it('lists the catalog, searches it, and shows an entry', async () => {
    const all = await home.run(['providers']);
    expect(all.stdout.split('\n').length).toBeGreaterThan(90);
    const some = await home.json(['providers', 'search']);
    expect(some.providers.map(({ id }: { id: string }) => id)).toContain('brave-search');
    const one = await home.run(['providers', 'jira']);
    expect(one.stdout).toMatch(/to fill in: +site: /);
    const none = await home.run(['providers', 'githbu']);
    expect(none.code).toBe(3);
    expect(none.stderr).toContain('did you mean "github"?');
    expect(existsSync(home.state)).toBe(false);
  });
});
