import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiKeyAuth, loadConfig, loadRegistry, setDefaultRegistry, withCredential } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';

let root: string;
let env: Record<string, string>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'claviger-config-'));
  env = { HOME: root, XDG_CONFIG_HOME: join(root, 'xdg'), CLAVIGER_HOME: join(root, 'state') };
  await mkdir(join(root, 'repo', '.git'), { recursive: true });
  await mkdir(join(root, 'repo', 'packages', 'app'), { recursive: true });
  await mkdir(join(root, 'xdg', 'claviger'), { recursive: true });
});

afterEach(() => rm(root, { recursive: true, force: true }));

const config = (name: string) => `{ "stores": { "default": { "kind": "env" } }, "providers": [{ "name": "${name}" }] }`;
const place = (path: string, text: string) => writeFile(join(root, path), text);
const names = async (options: Parameters<typeof loadRegistry>[0]) =>
  (await loadRegistry({ env, ...options })).providers().map(({ name }) => name);

describe('the config file', () => {
  test('is the one named, before CLAVIGER_CONFIG, the project and the user', async () => {
    await place('named.json', config('named'));
    await place('environment.json', config('environment'));
    await place('repo/claviger.config.json', config('project'));
    await place('xdg/claviger/claviger.config.json', config('user'));
    const cwd = join(root, 'repo', 'packages', 'app');
    const withVariable = { ...env, CLAVIGER_CONFIG: join(root, 'environment.json') };
    expect(await names({ cwd, env: withVariable, configFile: join(root, 'named.json') })).toEqual(['named']);
    expect(await names({ cwd, env: withVariable })).toEqual(['environment']);
    expect(await names({ cwd })).toEqual(['project']);
    expect(await names({ cwd: root })).toEqual(['user']);
  });

  test('above the root of the repository is not picked up (L7)', async () => {
    await place('claviger.config.json', config('above'));
    expect(await names({ cwd: join(root, 'repo', 'packages', 'app') })).toEqual([]);
  });

  test('in a parent directory counts only inside a repository', async () => {
    await mkdir(join(root, 'plain', 'deep'), { recursive: true });
    await place('plain/claviger.config.json', config('parent'));
    expect(await names({ cwd: join(root, 'plain', 'deep') })).toEqual([]);
    expect(await names({ cwd: join(root, 'plain') })).toEqual(['parent']);
  });

  test('may have comments and trailing commas', async () => {
    await place('c.json', '{ // why\n "providers": [ { "name": "p", /* which */ }, ], }');
    expect(await names({ configFile: join(root, 'c.json') })).toEqual(['p']);
  });

  test.each([
    ['a misspelt key', '{ "provider": [], "providers": [] }', 'did you mean "providers"'],
    ['a syntax error', '{ "providers": [\n  { "name": }\n] }', 'line 2'],
    ['nothing in it', '', 'empty'],
    [
      'two stores of one name',
      '{ "stores": { "a": {"kind":"env"}, "a": {"kind":"file"} }, "providers": [] }',
      'stores.a',
    ],
    ['a store of an unknown kind', '{ "stores": { "a": { "kind": "fiel" } }, "providers": [] }', 'did you mean "file"'],
    ['a misspelt store option', '{ "stores": { "a": { "kind": "file", "pth": "x" } }, "providers": [] }', '"path"'],
    ['a provider with a store that is not there', '{ "providers": [{ "name": "p", "store": "v" }] }', 'no store'],
  ])('with %s is refused, saying where', async (_, text, expected) => {
    await place('bad.json', text);
    const error = await rejects(loadRegistry({ configFile: join(root, 'bad.json') }), 'ERR_CONFIG_INVALID');
    expect(error.message).toContain(expected);
    expect(error.issues?.length).toBeGreaterThan(0);
  });

  test('that is named and not there is refused', async () => {
    const error = await rejects(loadRegistry({ configFile: join(root, 'no.json') }), 'ERR_CONFIG_INVALID');
    expect(error.message).toContain('no.json');
  });

  test('with a pasted key is refused without showing it (L6)', async () => {
    const key = canary();
    await place('bad.json', `{ "providers": [{ "name": "p", "secret": "${key}" }] }`);
    const error = await rejects(loadRegistry({ configFile: join(root, 'bad.json') }), 'ERR_CONFIG_INVALID');
    expect(JSON.stringify(error) + error.message).not.toContain(key);
  });

  test('of a project is judged before it is used, where the caller asks for that (L8)', async () => {
    await place('repo/claviger.config.json', config('project'));
    const cwd = join(root, 'repo');
    const asked: string[] = [];
    const trusted = ({ path }: { path: string }) => asked.push(path) > 1;
    await rejects(loadConfig({ cwd, env, trusted }), 'ERR_CONFIG_UNTRUSTED');
    await loadConfig({ cwd, env, trusted });
    expect(asked).toEqual([join(cwd, 'claviger.config.json'), join(cwd, 'claviger.config.json')]);
  });

  test('can name a file for the audit trail, one JSON object a line', async () => {
    await place(
      'a.json',
      `{ "stores": { "default": { "kind": "env" } }, "providers": [{ "name": "p" }], "audit": { "file": "log/audit.jsonl" } }`,
    );
    const registry = await loadRegistry({ configFile: join(root, 'a.json') });
    await rejects(registry.resolve('p'), 'ERR_CREDENTIAL_NOT_FOUND');
    await expect
      .poll(() => readFile(join(root, 'log', 'audit.jsonl'), 'utf8').catch(() => ''))
      .toContain('"outcome":"ERR_CREDENTIAL_NOT_FOUND"');
  });
});

describe('an auth that names no registry', () => {
  test('uses the default registry', async () => {
    const { createRegistry } = await import('../../src/index.js');
    setDefaultRegistry(createRegistry({ providers: [{ name: 'p', source: () => 'a-secret-value' }] }));
    const call = withCredential(({ key }: { key: string }) => key.length, {
      auth: apiKeyAuth({ providerName: 'p' }),
      into: 'key',
    });
    expect(await call()).toBe(14);
    setDefaultRegistry(undefined);
  });

  test('uses the discovered config file at its first use', async () => {
    await place('d.json', config('from-config'));
    const before = { ...process.env };
    Object.assign(process.env, { CLAVIGER_CONFIG: join(root, 'd.json'), FROM_CONFIG: 'a-secret-value' });
    const call = withCredential(({ key }: { key: string }) => key.length, {
      auth: apiKeyAuth({ providerName: 'from-config' }),
      into: 'key',
    });
    expect(await call()).toBe(14);
    setDefaultRegistry(undefined);
    process.env = before;
  });
});

test('a config file has no name that readers drop silently', async () => {
  for (const text of [
    '{ "providers": [{ "name": "p", "headers": { "__proto__": "a\\r\\nb: c" } }] }',
    '{ "stores": { "__proto__": { "kind": "env" } }, "providers": [] }',
  ]) {
    const error = await rejects(loadConfig({ configFile: 'c.json', text, env }), 'ERR_CONFIG_INVALID');
    expect(error.issues?.[0]?.path).toContain('__proto__');
  }
});

test('a config file may begin with a byte order mark', async () => {
  const text = `\uFEFF${config('p')}`;
  expect((await loadConfig({ configFile: 'c.json', text, env })).options.providers).toHaveLength(1);
});

describe('a literal key in a config file', () => {
  const key = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';
  const random = 'q8Zt3LmN0pRs7UvWx2Yz';
  const load = (config: object) =>
    loadRegistry({ env, configFile: join(root, 'x.json'), text: JSON.stringify(config) });
  const provider = (fields: object) => ({ providers: [{ name: 'api', baseUrl: 'https://x.test', ...fields }] });

  test.each([
    ['a constant header', provider({ headers: { 'X-Api-Key': key } }), 'providers[0].headers.X-Api-Key'],
    ['a constant header, of no known form', provider({ headers: { 'X-Key': random } }), 'providers[0].headers.X-Key'],
    [
      'a prefix',
      provider({ placement: { in: 'header', name: 'X', prefix: `k ${key}` } }),
      'providers[0].placement.prefix',
    ],
    ['a password', provider({ placement: { in: 'basic', password: random } }), 'providers[0].placement.password'],
    ['the name of a secret', provider({ secretName: key }), 'providers[0].secretName'],
    ['the name of a variable', provider({ environmentVariable: key }), 'providers[0].environmentVariable'],
    ['a base URL', provider({ baseUrl: `https://x.test/${key}/v1` }), 'providers[0].baseUrl'],
    ['a destination', provider({ destinations: [`https://${key}.x.test/**`] }), 'providers[0].destinations[0]'],
    ['a shape', provider({ shape: { prefix: key } }), 'providers[0].shape.prefix'],
    ['a name of an entry', provider({ uses: key }), 'providers[0].uses'],
    ['a store', { stores: { s: { kind: key } }, providers: [] }, 'stores.s.kind'],
    ['the name of a store', { stores: { [key]: { kind: 'file' } }, providers: [] }, 'stores.(a name)'],
    ['the name of a field', provider({ [key]: true }), 'providers[0].(a name)'],
  ])('as %s is refused, and not printed (L6)', async (_place, config, path) => {
    const error = await rejects(load(config), 'ERR_CONFIG_INVALID');
    expect(error.issues?.map((issue) => issue.path)).toEqual([path]);
    expect(error.message).toContain('looks like a key');
    for (const value of [key, random]) expectNoLeak(error, value);
  });

  test('is not what versions, identifiers and prefixes of keys are', async () => {
    const headers = { 'X-Version': '2024-10-22', 'anthropic-beta': 'prompt-caching-2024-07-31,output-128k-2025-02-19' };
    const baseUrl = 'https://x.test/accounts/3f2504e0-4f89-11d3-9a0c-0305e82c3301';
    const shape = { prefix: 'ghp_', length: 40 };
    const registry = await load(provider({ headers, baseUrl, shape }));
    expect(registry.providers()).toHaveLength(1);
    await registry.close();
  });
});
