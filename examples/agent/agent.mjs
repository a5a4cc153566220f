// An undici dispatcher with credentials, for whatever takes one: undici's own functions, Node's `fetch`, SDKs. Differs from
// ../fetch in `createAgent`, and in `{ registry }`: each request gets the credential that its URL asks for, or none.
import assert from 'node:assert/strict';
import { createRegistry, header, memoryStore, query } from 'claviger';
import { createAgent } from 'claviger/http';
import { request } from 'undici';
import { startApi } from '../api.mjs';

const keys = { users: 'uk_only-the-api-and-claviger-know-this', maps: 'mk_only-the-api-and-claviger-know-this' };
const users = await startApi(({ headers }) => headers['x-api-key'] === keys.users);
const maps = await startApi(({ query }) => query.get('key') === keys.maps);
const open = await startApi(({ headers }) => headers['x-api-key'] === undefined);

const registry = createRegistry({
  providers: [
    { name: 'users', baseUrl: users.url, placement: header('X-Api-Key') },
    { name: 'maps', baseUrl: maps.url, placement: query('key') },
  ],
  stores: { default: memoryStore(keys) },
});
const dispatcher = createAgent({ registry }, { maxRedirections: 5 });

for (const { url } of [users, maps, open]) {
  const { statusCode, body } = await request(`${url}/users/123`, { dispatcher });
  const text = await body.text();
  console.log(statusCode, text.slice(0, 60));
  assert.equal(statusCode, 200);
  for (const key of Object.values(keys)) assert.equal(text.includes(key), false);
}

// The same dispatcher in Node's own fetch.
const response = await fetch(`${maps.url}/tiles/1?zoom=3`, { dispatcher });
assert.equal(response.status, 200);
await response.text();

await dispatcher.close();
await registry.close();
for (const server of [users, maps, open]) server.close();
