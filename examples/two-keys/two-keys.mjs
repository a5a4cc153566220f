// An API that wants two keys on one request, here Datadog. Differs from ../fetch in `uses`, which takes what the catalog
// knows of an API, and in `with`, which names the provider of the second key. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { createRegistry, header, memoryStore } from 'claviger';
import { createFetch } from 'claviger/http';
import { expectNoLeak } from 'claviger/testing';
import { startApi } from '../api.mjs';

const keys = { datadog: '0123456789abcdef0123456789abcdef', 'datadog-app': 'fedcba98'.repeat(5) };
const api = await startApi(
  ({ headers }) => headers['dd-api-key'] === keys.datadog && headers['dd-application-key'] === keys['datadog-app'],
);

const registry = createRegistry({
  providers: [
    {
      name: 'datadog',
      uses: 'datadog', // its header; `claviger providers datadog` shows the rest
      with: ['datadog-app'],
      baseUrl: api.url, // yours: leave these two out, or name your site, https://api.datadoghq.eu
      destinations: [`${api.url}/**`],
    },
    { name: 'datadog-app', placement: header('DD-APPLICATION-KEY') }, // no destinations: it goes where datadog goes
  ],
  stores: { default: memoryStore(keys) },
});
const datadog = createFetch({ auth: registry.auth('datadog') });

const response = await datadog('/api/v1/monitor');
const answer = await response.json();
console.log(response.status, answer);
assert.equal(response.status, 200);
assert.deepEqual([answer.seen['dd-api-key'], answer.seen['dd-application-key']], ['[secret]', '[secret]']);
for (const key of Object.values(keys)) expectNoLeak(answer, key);

// By itself the second key goes nowhere.
await assert.rejects(createFetch({ auth: registry.auth('datadog-app') })(`${api.url}/api/v1/monitor`), {
  code: 'ERR_DESTINATION_DENIED',
});
await registry.close();
api.close();
