import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { request as undiciRequest } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { rig, serve } from '../support/serve.js';
import { codeOf, head, open, openBroker, raw } from './brokers.js';

const bearer = (placeholder: string) => ({ authorization: `Bearer ${placeholder}` });

describe('bodies', () => {
  it('of 20 MB pass byte for byte both ways, whatever is in them', async () => {
    const server = createServer((request, response) => void request.pipe(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { registry } = rig({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const { session } = await openBroker(registry);
    const piece = Buffer.alloc(1024 * 1024, Buffer.from('fffe00808141', 'hex'));
    const { body } = await undiciRequest(session.baseUrl('api'), {
      method: 'PUT',
      headers: bearer(session.placeholder('api')),
      body: Readable.from(Array.from({ length: 20 }, () => piece)),
    });
    const [received, expected] = [createHash('sha256'), createHash('sha256')];
    for await (const chunk of body as AsyncIterable<Buffer>) received.update(chunk);
    for (let sent = 0; sent < 20; sent++) expected.update(piece);
    expect(received.digest('hex')).toBe(expected.digest('hex'));
  });

  it('are not waited for when the upstream answers early', async () => {
    const server = createServer((_request, response) => void response.writeHead(413).end('too large')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { registry } = rig({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const { session, port } = await openBroker(registry);
    const socket = open(port);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const lines = [`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${session.placeholder('api')}`];
    socket.write(['POST / HTTP/1.1', ...lines, 'Content-Length: 50000000', '', ''].join('\r\n'));
    for (let sent = 0; sent < 500; sent++) if (!socket.write(Buffer.alloc(100_000))) await once(socket, 'drain');
    await expect.poll(() => text).toContain('too large');
  });

  it.each([
    ['before an answer', 'GET /', [], ''],
    ['in the middle of its own', 'POST /', ['Content-Length: 1000000'], 'begun'],
    ['in the middle of an answer', 'GET /begun', [], ''],
  ])('go no further when the caller leaves %s: its request ends too', async (_when, line, more, begun) => {
    const server = createServer((request, response) => {
      if (request.url === '/begun') response.writeHead(200).write('begun');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { registry } = rig({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const { session, port } = await openBroker(registry);
    const socket = open(port);
    socket.write(head(port, line, [`Authorization: Bearer ${session.placeholder('api')}`, ...more]) + begun);
    const [request] = (await once(server, 'request')) as [IncomingMessage];
    if (line.endsWith('begun')) await once(socket, 'data');
    // A body that was cut off is an error there: it closes all the same.
    const closed = new Promise((resolve) => request.socket.once('close', resolve));
    socket.destroy();
    await closed;
    expect(request.socket.destroyed).toBe(true);
  });

  it('wait where nobody reads them: neither way more than some buffers full is taken', async () => {
    const taken = { down: 0, up: 0 };
    const server = createServer((request, response) => {
      if (request.method === 'PUT') return void request.pause(); // and never reads
      const piece = Buffer.alloc(1024 * 1024);
      const more = () => {
        while (response.write(piece)) taken.down += piece.length;
        taken.down += piece.length;
        response.once('drain', more);
      };
      more();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { registry } = rig({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const { session, port } = await openBroker(registry);
    const authorization = `Authorization: Bearer ${session.placeholder('api')}`;
    const reader = open(port).pause();
    reader.write(head(port, 'GET /', [authorization]));
    const writer = open(port);
    writer.write(head(port, 'PUT /', [authorization, 'Content-Length: 1000000000']));
    const piece = Buffer.alloc(1024 * 1024);
    const more = () => {
      while (writer.write(piece)) taken.up += piece.length;
      taken.up += piece.length;
      writer.once('drain', more);
    };
    more();
    let before = { ...taken };
    await expect
      .poll(
        () => {
          const isStill = taken.down > 0 && taken.down === before.down && taken.up === before.up;
          before = { ...taken };
          return isStill;
        },
        { interval: 300, timeout: 15_000 },
      )
      .toBe(true);
    expect(taken.down).toBeLessThan(40_000_000);
    expect(taken.up).toBeLessThan(40_000_000);
  });

  it('are asked for only once the key may be used (Q7)', async () => {
    const server = await serve((received, response) => response.end(received.body));
    const { registry } = rig({ baseUrl: `${server.origin}/v1` });
    const { session, port } = await openBroker(registry);
    const headers = [
      `Authorization: Bearer ${session.placeholder('api')}`,
      'Content-Length: 3',
      'Expect: 100-continue',
    ];
    const socket = open(port);
    socket.write(head(port, 'POST /v1', headers));
    const [interim] = (await once(socket, 'data')) as [Buffer];
    expect(interim.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('abc');
    const [final] = (await once(socket, 'data')) as [Buffer];
    expect(final.toString()).toContain('200 OK');
    const refused = await raw(port, head(port, 'POST /v2', headers));
    expect([refused.status, codeOf(refused), refused.text.includes('100 Continue')]).toEqual([
      403,
      'ERR_DESTINATION_DENIED',
      false,
    ]);
  });

  it('stream at once, a key cut in two among them', async () => {
    let write: (text: string) => void = () => undefined;
    const server = await serve((_received, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      write = (text) => void response.write(text);
    });
    const { registry, key } = rig({ baseUrl: server.origin });
    const { session } = await openBroker(registry);
    const placeholder = session.placeholder('api');
    const response = await fetch(session.baseUrl('api'), { headers: bearer(placeholder) });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    write('data: one\n\n');
    expect((await reader.read()).value).toBe('data: one\n\n');
    write(`data: ${key.slice(0, 10)}`);
    expect((await reader.read()).value).toBe('data: ');
    write(`${key.slice(10)}\n\n`);
    expect((await reader.read()).value).toBe(`${placeholder}\n\n`);
    await reader.cancel();
  });
});
