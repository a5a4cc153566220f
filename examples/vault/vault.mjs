// The key rests in HashiCorp Vault or OpenBao. Differs from ../fetch in the store; a key that is rotated there is used at
// the first 401 of the old one. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRegistry, header } from 'claviger';
import { createFetch } from 'claviger/http';
import { vaultStore } from 'claviger/stores/vault';
import { startApi } from '../api.mjs';

let current = { key: 'uk_the-first-key-in-the-vault', version: 1 };
const api = await startApi(({ headers }) => headers['x-api-key'] === current.key);

// In the place of a Vault: the one answer that is needed of its KV v2 engine.
const reads = [];
const vault = createServer((request, response) => {
  reads.push(`${request.method} ${request.url}`);
  const known = request.headers['x-vault-token'] === 'only-vault-and-claviger-know-this';
  const { key, version } = current;
  const data = { data: { value: key }, metadata: { version, created_time: '2030-01-01T00:00:00Z' } };
  response.writeHead(known ? 200 : 403, { 'content-type': 'application/json' });
  response.end(JSON.stringify(known ? { data } : { errors: ['permission denied'] }));
}).listen(0, '127.0.0.1');
await once(vault, 'listening');

const store = vaultStore({
  address: `http://127.0.0.1:${vault.address().port}`, // yours: https://vault.example.com
  token: 'only-vault-and-claviger-know-this', // or tokenFile, appRole, kubernetes: { role }
});
const registry = createRegistry({
  providers: [{ name: 'users', store, secretName: 'team/users', baseUrl: api.url, placement: header('X-Api-Key') }],
});
const fetchUsers = createFetch({ auth: registry.auth('users') });

const statusOf = async (path) => (await fetchUsers(path)).status;
assert.deepEqual([await statusOf('/users/1'), await statusOf('/users/2')], [200, 200]);
assert.deepEqual(reads, ['GET /v1/secret/data/team/users']); // once, for both
current = { key: 'uk_the-next-key-in-the-vault', version: 2 };
assert.equal(await statusOf('/users/3'), 200);
assert.deepEqual(
  api.received.map(({ path, status }) => [path, status]),
  [
    ['/users/1', 200],
    ['/users/2', 200],
    ['/users/3', 401],
    ['/users/3', 200],
  ],
);
console.log('read from Vault', reads.length, 'times for', api.received.length, 'requests');
await registry.close();
await store.close?.();
for (const server of [api, vault]) server.close();
