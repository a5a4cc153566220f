/**
 * The interceptor among those of a user's undici: `node interceptor-scenarios.mjs undici` or `… undici8`. Prints one line of
 * JSON for each scenario. It uses the built package, so that any Node can run it.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { createRegistry, header, query } from 'claviger';
import { createAgent, createFetch, credentialInterceptor } from 'claviger/http';

const undici = await import(process.argv[2]);
const { Agent, Client, Pool, interceptors, request } = undici;
const key = `ck_${'0123456789abcdef'.repeat(2)}`;

async function serve(answer = (_request, response) => response.end('ok')) {
  const received = [];
  const server = createServer((incoming, response) => {
    received.push(incoming);
    answer(incoming, response);
  });
  server.unref().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return { origin: `http://127.0.0.1:${port}`, port, received };
}

function provider(definition) {
  const registry = createRegistry({
    providers: [{ name: 'api', placement: header('x-api-key'), source: () => key, ...definition }],
  });
  return { registry, auth: registry.auth('api') };
}

const keys = ({ received }) => received.map(({ headers }) => headers['x-api-key']);
const codeOf = (error) => error.code ?? error.cause?.code;

const scenarios = {
  async 'places the credential and redacts its echo'() {
    const server = await serve(({ headers }, response) => {
      response.setHeader('content-encoding', 'gzip').setHeader('x-echo', headers['x-api-key']);
      response.end(gzipSync(`key: ${headers['x-api-key']}`));
    });
    const { auth } = provider({ baseUrl: server.origin });
    const dispatcher = new Agent().compose(credentialInterceptor({ auth }));
    const response = await request(server.origin, { dispatcher });
    assert.equal(await response.body.text(), 'key: [secret]');
    assert.equal(response.headers['x-echo'], '[secret]');
    assert.deepEqual(keys(server), [key]);
  },

  async 'is repeated by a retry interceptor further out'() {
    let count = 0;
    const server = await serve((_request, response) => response.writeHead(++count === 1 ? 503 : 200).end('ok'));
    const { auth } = provider({ baseUrl: server.origin });
    const retry = interceptors.retry({ minTimeout: 1, maxRetries: 2 });
    const dispatcher = new Agent().compose(credentialInterceptor({ auth }), retry);
    assert.equal(await (await request(server.origin, { dispatcher })).body.text(), 'ok');
    assert.deepEqual(keys(server), [key, key]);
  },

  async 'is not repeated by a retry interceptor when it refuses'() {
    const { auth } = provider({ baseUrl: 'https://api.example.com' });
    const dispatcher = new Agent().compose(credentialInterceptor({ auth }), interceptors.retry());
    await assert.rejects(request('http://127.0.0.1:9999/', { dispatcher }), { code: 'ERR_DESTINATION_DENIED' });
  },

  async 'goes along with a redirect inside the destinations, by a redirect interceptor further out'() {
    const server = await serve(({ url }, response) => {
      if (url.startsWith('/1')) response.writeHead(302, { location: '/2?page=2' });
      response.end('ok');
    });
    const { auth } = provider({ baseUrl: server.origin, placement: query('key') });
    const redirect = interceptors.redirect({ maxRedirections: 3 });
    const dispatcher = new Agent().compose(credentialInterceptor({ auth }), redirect);
    const { body, context } = await request(`${server.origin}/1`, { dispatcher });
    assert.equal(await body.text(), 'ok');
    assert.deepEqual(
      server.received.map(({ url }) => url),
      [`/1?key=${key}`, `/2?page=2&key=${key}`],
    );
    assert.ok(!JSON.stringify(context).includes(key));
  },

  async 'is refused on a redirect to the outside, by a redirect interceptor further out'() {
    const outside = await serve();
    const server = await serve((_request, response) => response.writeHead(307, { location: outside.origin }).end());
    const { auth } = provider({ baseUrl: server.origin });
    const redirect = interceptors.redirect({ maxRedirections: 3 });
    const dispatcher = new Agent().compose(credentialInterceptor({ auth }), redirect);
    await assert.rejects(request(server.origin, { dispatcher }), { code: 'ERR_DESTINATION_DENIED' });
    assert.deepEqual(outside.received, []);
  },

  async 'goes to no other origin by a redirect interceptor further in'() {
    const outside = await serve();
    const server = await serve((_request, response) => response.writeHead(302, { location: outside.origin }).end());
    const { auth } = provider({ baseUrl: server.origin });
    const redirect = interceptors.redirect({ maxRedirections: 3 });
    const dispatcher = new Agent().compose(redirect, credentialInterceptor({ auth }));
    assert.equal((await request(server.origin, { dispatcher })).statusCode, 302);
    const nested = new Agent().compose(redirect).compose(credentialInterceptor({ auth }));
    assert.equal((await request(server.origin, { dispatcher: nested })).statusCode, 302);
    assert.deepEqual(outside.received, []);
  },

  async 'goes to the name that a dns interceptor has resolved, further out or in'() {
    const server = await serve();
    const { auth } = provider({ baseUrl: `http://localhost:${server.port}` });
    const lookup = (_origin, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4, ttl: 1000 }]);
    const ours = credentialInterceptor({ auth });
    for (const order of [
      [ours, interceptors.dns({ lookup })],
      [interceptors.dns({ lookup }), ours],
    ]) {
      const dispatcher = new Agent().compose(order);
      await (await request(`http://localhost:${server.port}/x`, { dispatcher })).body.text();
    }
    assert.deepEqual(keys(server), [key, key]);
    assert.equal(server.received[0].headers.host, `localhost:${server.port}`);
  },

  async 'goes with retry, dns and redirect together'() {
    let count = 0;
    const server = await serve(({ url }, response) => {
      if (++count === 1) response.writeHead(503);
      else if (url === '/1') response.writeHead(302, { location: '/2' });
      response.end('ok');
    });
    const { auth } = provider({ baseUrl: `http://localhost:${server.port}` });
    const lookup = (_origin, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4, ttl: 1000 }]);
    const { dns, redirect, retry } = interceptors;
    const dispatcher = new Agent().compose(
      credentialInterceptor({ auth }),
      dns({ lookup }),
      retry({ minTimeout: 1 }),
      redirect({ maxRedirections: 3 }),
    );
    const { statusCode, body } = await request(`http://localhost:${server.port}/1`, { dispatcher });
    assert.deepEqual([statusCode, await body.text()], [200, 'ok']);
    assert.deepEqual(keys(server), [key, key, key]);
  },

  async 'is refreshed and the request repeated after a 401'() {
    const server = await serve(({ headers }, response) => {
      response.writeHead(headers['x-api-key'] === 'second-0123456789' ? 200 : 401).end('body');
    });
    const source = ({ rejectedVersion }) =>
      rejectedVersion === undefined
        ? { secret: 'first-0123456789', version: '1' }
        : { secret: 'second-0123456789', version: '2' };
    const { auth } = provider({ baseUrl: server.origin, source });
    const dispatcher = new Agent().compose(credentialInterceptor({ auth }));
    const response = await request(server.origin, { dispatcher, method: 'POST', body: 'abc' });
    assert.deepEqual([response.statusCode, await response.body.text()], [200, 'body']);
    assert.deepEqual(keys(server), ['first-0123456789', 'second-0123456789']);
  },

  async 'goes through a Pool and a Client of one origin'() {
    const server = await serve();
    const other = await serve();
    const { auth } = provider({ baseUrl: server.origin });
    for (const Kind of [Pool, Client]) {
      const dispatcher = new Kind(server.origin).compose(credentialInterceptor({ auth }));
      await (await dispatcher.request({ origin: server.origin, path: '/', method: 'GET' })).body.text();
      await dispatcher.close();
    }
    assert.deepEqual(keys(server), [key, key]);
    if (process.argv[2] === 'undici') return;
    const elsewhere = new Client(other.origin).compose(credentialInterceptor({ auth }));
    await assert.rejects(elsewhere.request({ origin: server.origin, path: '/', method: 'GET' }), {
      code: 'ERR_DESTINATION_AMBIGUOUS',
    });
    assert.deepEqual(other.received, []);
  },

  async 'leaves what matches no provider to itself'() {
    const server = await serve(({ headers }, response) => response.end(String(headers['x-api-key'])));
    const { registry } = provider({ baseUrl: 'https://api.example.com' });
    const dispatcher = new Agent().compose(credentialInterceptor({ registry }));
    const { body } = await request(server.origin, { dispatcher, headers: { 'x-api-key': 'mine' } });
    assert.equal(await body.text(), 'mine');
  },

  async 'ends with an abort while the body streams'() {
    const server = await serve((_request, response) => response.write('first'));
    const { auth } = provider({ baseUrl: server.origin });
    const controller = new AbortController();
    const dispatcher = new Agent().compose(credentialInterceptor({ auth }));
    const { body } = await request(server.origin, { dispatcher, signal: controller.signal });
    controller.abort();
    await assert.rejects(body.text());
  },

  async 'is carried by our own agent under this undici’s request and fetch'() {
    const outside = await serve();
    const server = await serve(({ url }, response) => {
      if (url === '/away') response.writeHead(302, { location: outside.origin });
      response.end('x'.repeat(100_000));
    });
    const { auth } = provider({ baseUrl: server.origin });
    const dispatcher = createAgent({ auth }, { maxRedirections: 2 });
    assert.equal((await (await request(server.origin, { dispatcher })).body.text()).length, 100_000);
    assert.equal((await (await undici.fetch(server.origin, { dispatcher })).text()).length, 100_000);
    assert.equal(await (await request(`${server.origin}/away`, { dispatcher })).body.text(), 'ok');
    assert.deepEqual(keys(server), [key, key, key]);
    assert.deepEqual(keys(outside), [undefined]);
  },

  async 'is carried by createFetch through an Agent of this undici'() {
    const server = await serve();
    const { auth } = provider({ baseUrl: server.origin });
    const fetch = createFetch({ auth }, { dispatcher: new Agent() });
    assert.equal(await (await fetch('/', { method: 'POST', body: 'abc' })).text(), 'ok');
    const form = new FormData();
    form.set('a', 'b');
    assert.equal(await (await fetch('/', { method: 'POST', body: form })).text(), 'ok');
    await assert.rejects(fetch('http://127.0.0.1:9999/'), (error) => codeOf(error) === 'ERR_DESTINATION_DENIED');
    assert.deepEqual(keys(server), [key, key]);
  },

  async 'is carried by createFetch with an agent of ours'() {
    const server = await serve();
    const { auth } = provider({ baseUrl: server.origin });
    assert.equal(await (await createFetch({ auth })('/')).text(), 'ok');
    assert.deepEqual(keys(server), [key]);
  },
};

for (const [name, scenario] of Object.entries(scenarios)) {
  const error = await scenario().then(
    () => null,
    (thrown) => `${thrown?.stack ?? thrown}`,
  );
  console.log(JSON.stringify({ name, error }));
}
process.exit();
