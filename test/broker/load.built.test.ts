import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { canary } from '../support/canary.js';
import { needs } from '../support/needs.js';

const program = fileURLToPath(new URL('broker-program.mjs', import.meta.url));
const MEGABYTE = 1024 * 1024;
const BODY = 200;

interface Opened {
  readonly child: ChildProcess;
  readonly url: string;
  readonly placeholder: string;
  readonly key: string;
}

/** A broker of the built package in front of this upstream. */
async function brokerBefore(listener: RequestListener, limit?: number): Promise<Opened> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const key = canary();
  const { port } = server.address() as AddressInfo;
  const env = { ...process.env, UPSTREAM: `http://127.0.0.1:${port}`, SOURCE_VALUE: key };
  const child =
    limit === undefined
      ? fork(program, { env })
      : spawn('prlimit', [`--nofile=${limit}:${limit}`, process.execPath, program], {
          env,
          stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        });
  onTestFinished(() => {
    child.kill();
    server.closeAllConnections();
    server.close();
  });
  const [message] = (await once(child, 'message')) as [{ url: string; placeholder: string }];
  return { child, key, ...message };
}

describe.skipIf(process.platform !== 'linux')('the memory of a broker', () => {
  it('does not grow with the bodies that it carries: 200 MB each way', async () => {
    const piece = Buffer.alloc(MEGABYTE, 'claviger '); // a prefix of a placeholder in every place
    const broker = await brokerBefore((incoming, response) => {
      let received = 0;
      incoming.on('data', (chunk: Buffer) => (received += chunk.length));
      incoming.on('end', () => {
        if (incoming.method === 'PUT') return response.end(String(received));
        response.write(incoming.headers['x-api-key']);
        let left = BODY;
        const more = () => {
          while (left-- > 0) if (!response.write(piece)) return response.once('drain', more);
          return response.end();
        };
        return more();
      });
    });
    const headers = { 'x-api-key': broker.placeholder };
    const pieces = Array.from({ length: BODY }, () => piece);
    const upload = await request(broker.url, { method: 'PUT', headers, body: pieces.values() as never });
    expect(await upload.body.text()).toBe(String(BODY * MEGABYTE));
    const download = await request(broker.url, { headers });
    let [received, start] = [0, ''];
    for await (const chunk of download.body as AsyncIterable<Buffer>) {
      if (start.length < broker.placeholder.length) start += chunk.toString('latin1');
      received += chunk.length;
    }
    expect(received).toBe(BODY * MEGABYTE + broker.placeholder.length);
    expect(start).toContain(broker.placeholder);
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${broker.child.pid}/status`, 'utf8'))?.[1]);
    expect(peak).toBeGreaterThan(20_000);
    expect(peak / 1000).toBeLessThan(200); // some 130 MB where nothing else runs; with a body in it, it would be above 260
  });
});

describe('thousands of callers', () => {
  const COUNT = 2000;

  it('keep their connections, and each is served on it again', { timeout: 120_000 }, async () => {
    let requests = 0;
    const broker = await brokerBefore((_incoming, response) => void response.end(String(++requests)));
    const { port } = new URL(broker.url);
    const lines = [`Host: 127.0.0.1:${port}`, `X-Api-Key: ${broker.placeholder}`];
    const text = ['GET / HTTP/1.1', ...lines, '', ''].join('\r\n');
    const sockets: Socket[] = [];
    for (let batch = 0; batch < COUNT / 100; batch++) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => connected(Number(port))))));
    }
    for (let round = 1; round <= 2; round++) {
      for (let first = 0; first < COUNT; first += 100) {
        const answers = sockets.slice(first, first + 100).map((socket) => answerOn(socket, text));
        for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      }
      expect(requests).toBe(round * COUNT);
    }
    expect(sockets.filter(({ destroyed, readyState }) => destroyed || readyState !== 'open')).toEqual([]);
  });

  it.skipIf(!needs('prlimit'))('that are more than it may open files leave it alive', { timeout: 60_000 }, async () => {
    const broker = await brokerBefore((_incoming, response) => void response.end('served'), 120);
    const headers = { 'x-api-key': broker.placeholder };
    const { port } = new URL(broker.url);
    const sockets = Array.from({ length: 300 }, () => connect(Number(port), '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined);
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
    // Those beyond its limit are let go at once, and so nobody waits for it.
    await Promise.any(sockets.map((socket) => once(socket, 'close')));
    for (const socket of sockets) socket.destroy();
    const answer = async () =>
      request(broker.url, { headers }).then(
        ({ body }) => body.text(),
        () => '',
      );
    await expect.poll(answer, { timeout: 20_000 }).toBe('served');
    expect(broker.child.exitCode).toBeNull();
  });
});

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function answerOn(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}
