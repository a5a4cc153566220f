import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/secret.js';
import { vaultStore } from '../../src/stores/vault.js';
import { needsLibrary } from '../support/needs.js';
import { startVault } from '../support/vault-server.js';
import { withListVerb } from './list-verb.js';
import { onDemand } from './on-demand.js';

// The stand-in is only worth what others make of it: two clients that know nothing of ours use it first.
const run = promisify(execFile);
const folder = onDemand('node-vault', { 'node-vault': '0.12.0' });
const python = '/usr/bin/python3';

async function newVault() {
  const vault = await startVault();
  const store = vaultStore({ address: vault.origin, token: vault.root });
  const front = await withListVerb(vault.port);
  onTestFinished(async () => {
    front.close();
    await store.close();
    await vault[Symbol.asyncDispose]();
  });
  return { vault, store, address: front.origin };
}

describe.skipIf(folder === undefined)('node-vault', () => {
  const client = (endpoint: string, token?: string) => {
    const open = createRequire(join(folder ?? '', 'x.js'))('node-vault');
    return open({ apiVersion: 'v1', endpoint, ...(token !== undefined && { token }) });
  };

  test('finds the stand-in to be a Vault, and reads what our store wrote', async () => {
    const { vault, store, address } = await newVault();
    vault.appRoles.set('role-1', 'secret-id-1');
    const session = client(address);
    const login = await session.approleLogin({ role_id: 'role-1', secret_id: 'secret-id-1' });
    session.token = login.auth.client_token;
    await session.write('secret/data/from-node-vault', { data: { value: 'written-by-node-vault' } });
    await expect(session.write('secret/data/from-node-vault', { data: {}, options: { cas: 0 } })).rejects.toThrow(
      /check-and-set/,
    );
    expect((await session.read('secret/data/from-node-vault')).data.metadata.version).toBe(1);
    await expect(session.read('secret/data/none')).rejects.toMatchObject({ response: { statusCode: 404 } });
    await expect(session.read('none/data/x')).rejects.toThrow(/no handler for route/);
    expect((await session.list('secret/metadata')).data.keys).toEqual(['from-node-vault']);
    await session.tokenRenewSelf();
    await store.set('ours', Secret.from('written-by-claviger'), { username: 'alice' });
    expect((await session.read('secret/data/ours')).data.data).toEqual({
      value: 'written-by-claviger',
      claviger: { username: 'alice' },
    });
    expect((await store.get('from-node-vault'))?.secret.reveal()).toBe('written-by-node-vault');
    await session.delete('secret/data/from-node-vault');
    expect(await store.get('from-node-vault')).toBeUndefined();
    vault.sealed = true;
    await expect(session.health()).resolves.toMatchObject({ sealed: true });
  });
});

describe.skipIf(!needsLibrary('python3-hvac', python, '-c', 'import hvac'))("Debian's python3-hvac", () => {
  test('finds the stand-in to be a Vault, and reads what our store wrote', async () => {
    const { vault, store, address } = await newVault();
    vault.jwts.set('agent', 'a-json-web-token');
    await store.set('ours', Secret.from('written-by-claviger'));
    const script = `
import hvac, json, sys
client = hvac.Client(url=sys.argv[1])
hvac.api.auth_methods.Kubernetes(client.adapter).login('agent', 'a-json-web-token')
kv = client.secrets.kv.v2
assert client.is_authenticated()
kv.create_or_update_secret(path='team/hvac', secret={'password': 'written-by-hvac'}, cas=0)
kv.create_or_update_secret(path='gone', secret={'value': 'deleted-by-hvac'})
kv.delete_latest_version_of_secret(path='gone')
kv.create_or_update_secret(path='destroyed', secret={'value': 'destroyed-by-hvac'})
kv.destroy_secret_versions(path='destroyed', versions=[1])
errors = []
for path in ['none', 'gone', 'destroyed']:
  try: kv.read_secret_version(path=path)
  except hvac.exceptions.InvalidPath: errors.append(path)
ours = kv.read_secret_version(path='ours')['data']
print(json.dumps([ours['data'], ours['metadata']['version'], sorted(kv.list_secrets(path='')['data']['keys']), errors]))
`;
    const { stdout } = await run(python, ['-W', 'ignore', '-c', script, address]);
    expect(JSON.parse(stdout)).toEqual([
      { value: 'written-by-claviger' },
      1,
      ['destroyed', 'gone', 'ours', 'team/'],
      ['none', 'gone', 'destroyed'],
    ]);
    expect((await store.get('team/hvac'))?.secret.reveal()).toBe('written-by-hvac');
    expect(await store.get('gone')).toBeUndefined();
    expect(await store.get('destroyed')).toBeUndefined();
    expect((await store.list()).map(({ name }) => name).sort()).toEqual(['ours', 'team/hvac']);
  });
});
