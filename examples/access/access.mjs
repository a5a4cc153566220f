// Two agents, one key: each may do with it what its product says, and no more. Exits non-zero if any of that is not so.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRegistry } from 'claviger';
import { createAccess } from 'claviger/access';
import { createFetch } from 'claviger/http';

// An API that both agents use, with one key between them.
const key = 'uk_only-the-api-and-claviger-know-this';
const api = createServer((request, response) => {
  response.statusCode = request.headers.authorization === `Bearer ${key}` ? 200 : 401;
  response.end(`${request.method} ${request.url}`);
}).listen(0, '127.0.0.1');
await once(api, 'listening');
const baseUrl = `http://127.0.0.1:${api.address().port}`;

const access = createAccess({
  products: [
    { name: 'read-users', providers: ['users'], resources: ['/users/*'], methods: ['GET'], scopes: ['read'] },
    {
      name: 'few-reports',
      providers: ['users'],
      resources: ['/reports'],
      quota: { limit: 2, interval: 1, unit: 'hour' },
    },
  ],
  apps: [{ name: 'support-agent' }, { name: 'report-agent' }],
});
const events = [];
const registry = createRegistry({
  providers: [{ name: 'users', baseUrl, source: () => key }],
  access,
  audit: ({ app, method, path, fault, outcome }) => void events.push({ app, method, path, outcome: fault ?? outcome }),
});

const support = await access.issueKey({ app: 'support-agent', products: ['read-users'] });
const report = await access.issueKey({ app: 'report-agent', products: ['few-reports'] });

const ask = (consumer) => {
  const client = createFetch({ auth: registry.auth('users', { consumer }) });
  return (path, init) =>
    client(path, init).then(
      ({ status }) => status,
      ({ fault }) => fault,
    );
};
const asSupport = ask({ consumerKey: support.consumerKey });
const asReport = ask({ consumerKey: report.consumerKey });

assert.equal(await asSupport('/users/123'), 200);
assert.equal(await asSupport('/users/123', { method: 'DELETE' }), 'oauth.v2.InvalidApiKeyForGivenResource');
assert.equal(await asSupport('/reports'), 'oauth.v2.InvalidApiKeyForGivenResource');
assert.deepEqual(
  [await asReport('/reports'), await asReport('/reports'), await asReport('/reports')],
  [200, 200, 'policies.ratelimit.QuotaViolation'],
);
assert.equal(await ask(undefined)('/users/123'), 'oauth.v2.FailedToResolveAPIKey');

// A token for a program that is to hold no key: good for five minutes, and as long as its key is.
const { access_token: accessToken } = await access.issueAccessToken({ ...support, ttlMs: 300_000 });
assert.equal(await ask({ accessToken })('/users/123'), 200);
await access.setStatus({ key: support.id }, 'revoked');
assert.equal(await ask({ accessToken })('/users/123'), 'oauth.v2.ApiKeyNotApproved');

for (const { app = 'nobody', method, path, outcome } of events) console.log(`${app}: ${method} ${path}: ${outcome}`);
assert.equal(JSON.stringify(events).includes(key), false);
await registry.close();
api.close();
