// A shell script and a Node program call an API with a key that neither of them ever holds: by a base URL, and through a
// proxy. Differs from ../quickstart in that the programs are somebody else's. Exits non-zero if anything is not so.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createRegistry, env, header } from 'claviger';
import { createBroker } from 'claviger/broker';
import { runProcess } from 'claviger/process';
import { expectNoLeak } from 'claviger/testing';

const key = `uk_${randomBytes(24).toString('hex')}`;
const api = createServer((request, response) => {
  const sent = request.headers['x-api-key'];
  response
    .writeHead(sent === key ? 200 : 401)
    .end(`${sent === key ? 'welcome' : 'who are you?'}, your key is ${sent}\n`);
});
api.listen(0, '127.0.0.1');
await once(api, 'listening');
const baseUrl = `http://127.0.0.1:${api.address().port}/v1`;
const registry = createRegistry({
  providers: [{ name: 'users-api', source: () => key, baseUrl, placement: header('X-Api-Key') }],
});

console.log('1. A session of a broker, for a process that we start ourselves');
const broker = await createBroker({ registry });
const session = await broker.openSession({ providers: ['users-api'] });
const variables = { API_TOKEN: session.placeholder('users-api'), API_URL: session.baseUrl('users-api') };
console.log('   it gets', variables);
const program = `fetch(process.env.API_URL + '/users/123', { headers: { 'x-api-key': process.env.API_TOKEN } })
  .then((response) => response.text()).then((text) => process.stdout.write(text));`;
const first = await output(program, variables);
console.log('   it prints', first);
assert.match(first, /^welcome, your key is claviger_/);

console.log('2. The same through the proxy: the program knows only the real host');
const proxied = { ...session.environment(), API_TOKEN: variables.API_TOKEN, API_URL: baseUrl };
const second = await output(program, proxied);
assert.match(second, /^welcome/m);

console.log('3. Past the broker the placeholder is worth nothing, and after its session nowhere');
assert.match(await output(program, { ...variables, API_URL: baseUrl }), /^who are you/);
await session.revoke();
assert.match(await output(program, variables), /ERR_BROKER_UNAUTHORIZED/);

console.log('4. runProcess does all of that by itself');
const { exitCode } = await runProcess({
  command: process.execPath,
  args: ['-e', program],
  inject: [{ auth: registry.auth('users-api'), into: env('API_TOKEN'), via: 'reverse', baseUrl: { env: 'API_URL' } }],
});
assert.equal(exitCode, 0);

expectNoLeak([variables, proxied, first, second, process.env], key);
console.log('   the key: in no variable, no output and no answer');
await broker.close();
await registry.close();
api.close();

async function output(code, variables) {
  const child = spawn(process.execPath, ['-e', code], { env: { PATH: process.env.PATH, ...variables } });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  await once(child, 'close');
  return text;
}
