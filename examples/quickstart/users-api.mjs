// A small HTTP API that demands a key, and a stranger on another port that writes down what it is sent.
import { createServer } from 'node:http';

/** Answers GET /users/:id and /accounts/:id for whoever shows the key, in a header or in the query. */
export async function startUsersApi(key, strangerUrl) {
  const served = { header: 0, query: 0, refused: 0 };
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (url.pathname === '/moved') return response.writeHead(302, { location: `${strangerUrl}/collect` }).end();
    const how =
      request.headers['x-api-key'] === key ? 'header' : url.searchParams.get('api_key') === key ? 'query' : 'refused';
    served[how] += 1;
    const id = Number(/^\/(?:users|accounts)\/(\d+)$/.exec(url.pathname)?.[1]);
    const answer = how === 'refused' ? { error: 'who are you?' } : { id, name: 'Ada Lovelace', seen: key };
    response.writeHead(how === 'refused' ? 401 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer)); // "seen" gives the key back, as careless APIs do
  });
  return { served, url: await listen(server), close: () => server.close() };
}

export async function startStranger() {
  const received = [];
  const server = createServer((request, response) => {
    received.push(`${request.method} ${request.url}\n${request.rawHeaders.join('\n')}`);
    response.end('{"from":"a stranger"}');
  });
  return { received, url: await listen(server), close: () => server.close() };
}

function listen(server) {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}
