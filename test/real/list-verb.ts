import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/**
 * Stands before a server of Node's, whose parser knows no verb `LIST`, and writes it as Vault's documentation says that it
 * can be written as well: as `GET` with `?list=true`.
 */
export async function withListVerb(port: number): Promise<{ origin: string; close(): void }> {
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.on('data', (chunk) => {
      const text = chunk.toString('latin1').replace(/^LIST (\S+) HTTP/, 'GET $1?list=true HTTP');
      upstream.write(Buffer.from(text, 'latin1'));
    });
    upstream.pipe(client);
    client.on('close', () => upstream.destroy());
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
