// A shell script uses a key that it never holds. Differs from ../broker in that the command line does all of it:
// `claviger run --reverse` opens a broker for as long as the script runs. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { expectNoLeak } from 'claviger/testing';
import { startApi } from '../api.mjs';
import { cli } from '../cli.mjs';

const key = 'uk_only-the-api-and-claviger-know-this';
const api = await startApi(({ headers }) => headers['x-api-key'] === key);
await cli(['init']);
await cli(['add', 'users', '--header', 'X-Api-Key', '--base-url', api.url], { input: key });

const printed = await cli(
  ['run', '--reverse', 'USERS_API_KEY=users', '--base-url', 'USERS_API_URL=users', '--', './report.sh'],
  { cwd: fileURLToPath(new URL('.', import.meta.url)) },
);
assert.match(printed, /Ada Lovelace/);
assert.match(printed, /^my key is claviger_\w+/m);
assert.deepEqual(api.received, [{ method: 'GET', path: '/users/123', status: 200 }]);
expectNoLeak(printed, key);
api.close();
