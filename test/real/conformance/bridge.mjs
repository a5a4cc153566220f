// Streamable HTTP in front of a stdio server, each session with a child of its own: `node bridge.mjs <command> [argument…]`
// prints its address. It looks into messages only to see which answer belongs to which request.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const [command, ...args] = process.argv.slice(2);
const sessions = new Map();
const isLocal = (host) =>
  host === undefined || /^(?:https?:\/\/)?(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);

class Session {
  id = randomUUID();
  /** Streams that wait for the answer to a request, and the one for everything else. */
  #waiting = new Map();
  #standing;
  #unsent = [];
  #child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });

  constructor() {
    this.#child.stdin.on('error', () => undefined);
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line));
    this.#child.on('close', () => this.#end());
  }

  send(message) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  ask(message, response) {
    this.#begin(response);
    this.#waiting.set(message.id, response);
    this.send(message);
  }

  listen(response) {
    this.#begin(response);
    this.#standing = response;
    response.on('close', () => (this.#standing = undefined));
    for (const line of this.#unsent.splice(0)) this.#write(response, line);
  }

  close() {
    this.#child.stdin.end();
  }

  #begin(response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'mcp-session-id': this.id });
    response.flushHeaders();
  }

  #receive(line) {
    const message = JSON.parse(line);
    if (message.method === undefined && this.#waiting.has(message.id)) {
      this.#write(this.#waiting.get(message.id), line);
      this.#waiting.get(message.id).end();
      this.#waiting.delete(message.id);
      return;
    }
    const stream = [...this.#waiting.values()].at(-1) ?? this.#standing;
    if (stream === undefined) this.#unsent.push(line);
    else this.#write(stream, line);
  }

  #write(response, line) {
    response.write(`id: ${randomUUID()}\nevent: message\ndata: ${line}\n\n`);
  }

  #end() {
    sessions.delete(this.id);
    for (const response of [...this.#waiting.values(), this.#standing]) response?.end();
  }
}

const server = createServer(async (request, response) => {
  const refuse = (status) => void response.writeHead(status).end();
  if (!isLocal(request.headers.host) || !isLocal(request.headers.origin)) return refuse(403);
  const session = sessions.get(request.headers['mcp-session-id']);
  if (request.method === 'POST') return post(request, response, session, refuse);
  if (session === undefined) return refuse(404);
  if (request.method === 'GET') return session.listen(response);
  session.close();
  return refuse(200);
});

async function post(request, response, known, refuse) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const message = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  const session = known ?? (message.method === 'initialize' ? new Session() : undefined);
  if (session === undefined) return refuse(400);
  sessions.set(session.id, session);
  if (message.method !== undefined && message.id !== undefined) return session.ask(message, response);
  session.send(message);
  return refuse(202);
}

server.listen(0, '127.0.0.1', () => console.log(`http://localhost:${server.address().port}/mcp`));
process.on('SIGTERM', () => {
  for (const session of sessions.values()) session.close();
  server.close(() => process.exit());
  server.closeAllConnections();
});
