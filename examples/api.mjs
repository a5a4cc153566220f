// What the examples call in the place of a real API: on loopback, it lets in whoever shows the key, and gives back what it
// was sent, as careless APIs do.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** @param isKnown tells by the request whether it carries the key: `({ headers, query }) => boolean` */
export async function startApi(isKnown) {
  const received = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams: query } = new URL(request.url, 'http://localhost');
    const { method, headers } = request;
    const known = isKnown({ headers, query });
    received.push({ method, path: pathname, status: known ? 200 : 401 });
    response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' });
    const name = 'Ada Lovelace';
    response.end(JSON.stringify(known ? { path: pathname, name, seen: headers } : { error: 'who are you?' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${server.address().port}`, received, close: () => server.close() };
}
