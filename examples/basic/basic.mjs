// An API that wants its key as the password of Basic credentials, here Twilio. Differs from ../fetch in the placement, whose
// user name is the account's and no secret. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { basic, createRegistry, memoryStore } from 'claviger';
import { createFetch } from 'claviger/http';
import { expectNoLeak } from 'claviger/testing';
import { startApi } from '../api.mjs';

const account = 'AC0123456789abcdef0123456789abcdef';
const token = 'fedcba9876543210fedcba9876543210';
const credentials = `Basic ${Buffer.from(`${account}:${token}`).toString('base64')}`;
const api = await startApi(({ headers }) => headers.authorization === credentials);

const registry = createRegistry({
  providers: [
    {
      name: 'twilio',
      baseUrl: `${api.url}/2010-04-01/Accounts/${account}`, // yours: https://api.twilio.com/2010-04-01/Accounts/AC…
      placement: basic({ username: account }), // or without, and the user name rests with the key
    },
  ],
  stores: { default: memoryStore({ twilio: token }) },
});
const twilio = createFetch({ auth: registry.auth('twilio') });

const response = await twilio('/Messages.json', {
  method: 'POST',
  body: new URLSearchParams({ To: '+15550100', From: '+15550101', Body: 'hello' }),
});
const answer = await response.json();
console.log(response.status, answer);
assert.deepEqual(api.received, [
  { method: 'POST', path: `/2010-04-01/Accounts/${account}/Messages.json`, status: 200 },
]);
assert.match(answer.seen.authorization, /^Basic .*\[secret\]/);
expectNoLeak(answer, token);

// Another account of the same API is no destination of this provider.
await assert.rejects(twilio(`${api.url}/2010-04-01/Accounts/AC99/Messages.json`), { code: 'ERR_DESTINATION_DENIED' });
await registry.close();
api.close();
