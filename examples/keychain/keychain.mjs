// The key rests in the keychain of the operating system: macOS Keychain, Windows Credential Manager or Secret Service.
// Differs from ../fetch in the store. Needs the optional dependency keytar. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRegistry, header, Secret } from 'claviger';
import { createFetch } from 'claviger/http';
import { keychainStore } from 'claviger/stores/keychain';
import { startApi } from '../api.mjs';

const key = `uk_${randomBytes(24).toString('hex')}`;
const api = await startApi(({ headers }) => headers['x-api-key'] === key);

const store = keychainStore({ service: 'claviger-example' });
const registry = createRegistry({
  providers: [{ name: 'users', store, baseUrl: api.url, placement: header('X-Api-Key') }],
  cache: false, // so that what is stored in a moment is found at once: "missing" is remembered for five seconds
});
const fetchUsers = createFetch({ auth: registry.auth('users') });

// Nothing there is one thing, a keychain that can't be asked (locked, no session, no keytar) another.
const { code } = await fetchUsers('/users/123').catch((error) => error);
console.log('before it is stored:', code);
assert.equal(code, 'ERR_CREDENTIAL_NOT_FOUND');

const { name, fingerprint } = await store.set('users', Secret.from(key)); // yours: `claviger set users`
try {
  console.log('stored', name, fingerprint);
  const response = await fetchUsers('/users/123');
  console.log(response.status, await response.json());
  assert.equal(response.status, 200);
} finally {
  await store.delete('users');
}
assert.deepEqual(await store.list(), []);
await registry.close();
await store.close();
api.close();
