// `fetch` with a credential. Differs from ../function in `createFetch`: the key goes into the header that the provider
// names, to the provider's destinations only, and nothing of yours ever holds it. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { createRegistry, header, memoryStore } from 'claviger';
import { createFetch } from 'claviger/http';
import { expectNoLeak } from 'claviger/testing';
import { startApi } from '../api.mjs';

const key = 'uk_only-the-api-and-claviger-know-this';
const api = await startApi(({ headers }) => headers['x-api-key'] === key);
const stranger = await startApi(() => true);

const registry = createRegistry({
  providers: [
    {
      name: 'users',
      baseUrl: api.url,
      placement: header('X-Api-Key'),
      destinations: [`GET ${api.url}/users/*`, `POST ${api.url}/users`],
    },
  ],
  stores: { default: memoryStore({ users: key }) },
});
const fetchUsers = createFetch({ auth: registry.auth('users') });

const response = await fetchUsers('/users/123'); // a path is appended to the base URL
const user = await response.json();
console.log(response.status, user);
assert.equal(response.status, 200);
expectNoLeak([[...response.headers], user], key);

// Where it may not go it does not go: not to other paths, with other methods, or to somebody else.
for (const [url, init] of [['/admin'], ['/users/123', { method: 'DELETE' }], [`${stranger.url}/users/123`]]) {
  const { code, message } = await fetchUsers(url, init).catch((error) => error);
  console.log(code, message);
  assert.equal(code, 'ERR_DESTINATION_DENIED');
}
assert.deepEqual([api.received.length, stranger.received.length], [1, 0]);
await registry.close();
for (const server of [api, stranger]) server.close();
