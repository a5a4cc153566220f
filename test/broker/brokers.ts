import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createBroker, type BrokerOptions, type Session, type SessionOptions } from '../../src/broker/index.js';
import type { Registry } from '../../src/index.js';

/** A broker and one session of it, for the length of one test. */
export async function openBroker(
  registry: Registry,
  options: Partial<BrokerOptions> & Partial<SessionOptions> = {},
): Promise<{ session: Session; port: number; broker: Awaited<ReturnType<typeof createBroker>> }> {
  const { providers = ['api'], consumer, ttlMs, ...brokerOptions } = options;
  const broker = await createBroker({ registry, ...brokerOptions });
  onTestFinished(() => broker.close());
  const session = await broker.openSession({
    providers,
    ...(consumer === undefined ? {} : { consumer }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
  });
  return { broker, session, port: Number(new URL(session.baseUrl(providers[0] ?? '', '/')).port) };
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends exactly these bytes on a connection of its own, and gives everything that came back until it closed. */
export async function raw(port: number, ...pieces: (string | Buffer)[]): Promise<RawAnswer> {
  const socket = open(port);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  for (const piece of pieces) {
    socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  await once(socket, 'close');
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text };
}

export function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** The head of a request that closes its connection. */
export function head(port: number, line: string, headers: readonly string[] = []): string {
  return [`${line} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Connection: close', ...headers, '', ''].join('\r\n');
}

export function codeOf({ text }: RawAnswer): string | undefined {
  return /"code":"([A-Z_]+)"/.exec(text)?.[1];
}
