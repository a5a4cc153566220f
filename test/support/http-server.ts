import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a server got it, its body read. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: string[];
  readonly body: Buffer;
}

export interface TestServer extends AsyncDisposable {
  readonly origin: string;
  readonly port: number;
  readonly received: Received[];
  /** Everything that came in, as one text, for a sweep. */
  text(): string;
}

/** A real HTTP server on loopback that writes down what it gets; answers 200 `ok` unless told how. */
export async function startServer(
  answer: (request: Received, response: ServerResponse) => void = (_request, response) => response.end('ok'),
  listener: (handler: RequestListener) => ReturnType<typeof createServer> = createServer,
): Promise<TestServer> {
  const received: Received[] = [];
  const server = listener((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers, rawHeaders } = request;
      const entry = { method, url, headers, rawHeaders, body: Buffer.concat(chunks) };
      received.push(entry);
      answer(entry, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    received,
    text: () =>
      received
        .map(
          ({ method, url, rawHeaders, body }) =>
            `${method} ${url}\n${rawHeaders.join('\n')}\n${body.toString('latin1')}`,
        )
        .join('\n'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
