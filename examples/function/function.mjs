// A function of yours takes an API key; what the agent gets to call has no such parameter. The others differ from this one
// by a few lines, which they name. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { createRegistry, header, hideParameter, memoryStore, withCredential } from 'claviger';
import { expectNoLeak } from 'claviger/testing';
import { startApi } from '../api.mjs';

const key = 'uk_only-the-api-and-claviger-know-this';
const api = await startApi(({ headers }) => headers['x-api-key'] === key);

const registry = createRegistry({
  providers: [{ name: 'users', baseUrl: api.url, placement: header('X-Api-Key') }],
  stores: { default: memoryStore({ users: key }) }, // yours: `claviger init`, `claviger set users`, and none of this line
});

const getUserWithKey = async ({ id, apiKey }) => {
  const response = await fetch(`${api.url}/users/${id}`, { headers: { 'x-api-key': apiKey } });
  return { status: response.status, user: await response.json() };
};
const getUser = withCredential(getUserWithKey, { auth: registry.auth('users'), into: 'apiKey' });

// What the model is told of it, and what it calls it with.
const schema = hideParameter(
  {
    type: 'object',
    properties: { id: { type: 'number' }, apiKey: { type: 'string' } },
    required: ['id', 'apiKey'],
  },
  'apiKey',
);
assert.deepEqual(schema, { type: 'object', properties: { id: { type: 'number' } }, required: ['id'] });
const args = { id: 123, apiKey: 'made up by the model' };
const { status, user } = await getUser(args);
console.log(status, user);

assert.deepEqual([status, user.name, user.seen['x-api-key']], [200, 'Ada Lovelace', '[secret]']);
assert.deepEqual(args, { id: 123, apiKey: 'made up by the model' });
expectNoLeak([schema, args, user], key);
await registry.close();
api.close();
