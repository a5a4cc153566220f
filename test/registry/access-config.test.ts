import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadRegistry, setDefaultRegistry, apiKeyAuth, withCredential } from '../../src/index.js';
import { sha256 } from '../access/rules.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';

function write(access: object): { configFile: string; env: Record<string, string>; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'claviger-config-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const configFile = join(directory, 'claviger.config.json');
  const config = {
    stores: { default: { kind: 'env', prefix: 'ACCESS_TEST_' } },
    providers: [{ name: 'api', baseUrl: 'https://api.example.com' }],
    access,
    audit: { file: 'audit.jsonl' },
  };
  writeFileSync(configFile, JSON.stringify(config));
  return { configFile, env: { CLAVIGER_HOME: join(directory, 'home') }, directory };
}

test('a config file holds access rules, and their state is in CLAVIGER_HOME or where it says', async () => {
  process.env['ACCESS_TEST_API'] = canary();
  onTestFinished(() => void delete process.env['ACCESS_TEST_API']);
  const consumerKey = canary();
  const rules = {
    products: [{ name: 'p', providers: ['api'], resources: ['/**'], quota: { limit: 1, interval: 1, unit: 'day' } }],
    apps: [{ name: 'a', keys: [{ id: 'k', sha256: sha256(consumerKey), products: [{ name: 'p' }] }] }],
  };
  for (const [state, file] of [
    [undefined, 'home/access.json.quotas'],
    [{ kind: 'file', path: 'state/rules.json' }, 'state/rules.json.quotas'],
  ] as const) {
    const { directory, ...options } = write({ ...rules, ...(state && { state }) });
    const registry = await loadRegistry(options);
    setDefaultRegistry(registry);
    onTestFinished(() => setDefaultRegistry(undefined));
    const call = withCredential((_: string) => 'called', {
      auth: apiKeyAuth({ providerName: 'api', consumer: { consumerKey } }),
      into: 0,
    });
    expect(await call()).toBe('called');
    expect((await rejects(call(), 'ERR_ACCESS_DENIED')).fault).toBe('policies.ratelimit.QuotaViolation');
    await rejects(registry.resolve('api'), 'ERR_ACCESS_DENIED');
    expect(readdirSync(join(directory, file, '..'))).toContain(file.split('/').at(-1));
    await registry.close();
  }
});

test('what is wrong in them is told with its path and near names', async () => {
  const { configFile, env } = write({ product: [], apps: [{ name: 'a', key: [] }], state: { kind: 'redis' } });
  const { issues = [] } = await rejects(loadRegistry({ configFile, env }), 'ERR_CONFIG_INVALID');
  expect(issues.map(({ path }) => path).sort()).toEqual(['access', 'access.apps[0]', 'access.state.kind']);
  expect(JSON.stringify(issues)).toContain('did you mean \\"products\\"');
});
