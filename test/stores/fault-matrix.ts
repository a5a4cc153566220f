import { once } from 'node:events';
import { createServer as createSecureServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/index.js';
import type { Store } from '../../src/stores/store.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { needs } from '../support/needs.js';
import { rejects } from '../support/rejects.js';
import { startServer, type Received } from '../support/http-server.js';
import { selfSigned } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';

export interface Faulty {
  /** A store over the server at this origin, which gives up after `timeoutMs`. `token` stands for who we are. */
  open(origin: string, token: string, timeoutMs: number): Store | Promise<Store>;
  /** A whole answer that holds this secret. */
  answer(request: Received, response: ServerResponse, secret: string): void;
  /** How the engine says no. */
  denied(response: ServerResponse): void;
  /** How it says that there is no such secret. */
  absent(response: ServerResponse, request: Received): void;
  /** How it says that there are too many requests. */
  throttled?(response: ServerResponse): void;
  /** Not for clients that speak https only, or that are given by the user with their own verification. */
  tls?: boolean;
  /** What follows a 403; default `ERR_STORE_DENIED`. */
  deniedCode?: ErrorCode;
}

type Fault = (request: Received, response: ServerResponse, secret: string) => void;

const secret = 'the-secret-of-the-fault-matrix';
const token = 'the-token-of-the-fault-matrix';

/** What each networked store makes of a network and of an engine that fail: never "not here", and nothing secret in an error. */
export function faultMatrix(name: string, faulty: Faulty): void {
  const plain = (status: number, headers: Record<string, string> = {}): Fault => {
    return (_request, response) => response.writeHead(status, headers).end(`${secret} ${token}`);
  };
  const throttled =
    faulty.throttled ?? ((response: ServerResponse) => response.writeHead(429, { 'retry-after': '1' }).end());
  const faults: [string, ErrorCode, Fault][] = [
    ['a reset in mid-body', 'ERR_STORE_UNAVAILABLE', (_request, response) => resetMidBody(response)],
    ['its own 403', faulty.deniedCode ?? 'ERR_STORE_DENIED', (_request, response) => faulty.denied(response)],
    ["a proxy's 404", 'ERR_STORE_UNAVAILABLE', plain(404, { 'content-type': 'text/html' })],
    ['429 with Retry-After', 'ERR_STORE_UNAVAILABLE', (_request, response) => throttled(response)],
    ['500', 'ERR_STORE_UNAVAILABLE', plain(500)],
    ['503', 'ERR_STORE_UNAVAILABLE', plain(503)],
    ['no answer', 'ERR_STORE_UNAVAILABLE', () => undefined],
    ['garbage', 'ERR_STORE_UNAVAILABLE', plain(200, { 'content-type': 'application/json' })],
    [
      'an empty object',
      'ERR_STORE_UNAVAILABLE',
      (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
    ],
  ];

  describe(`${name} over a network that fails`, () => {
    test.each(faults)('takes %s for %s', async (_, code, fault) => {
      await using server = await startServer((request, response) => fault(request, response, secret));
      const store = await faulty.open(server.origin, token, 1000);
      const error = await rejects(store.get('service'), code);
      expectNoLeak([error, store], secret);
      expectNoLeak([error, store], token);
      await store.close?.();
    });

    test('takes a refused connection for ERR_STORE_UNAVAILABLE (D1)', async () => {
      const store = await faulty.open(`http://127.0.0.1:${await freePort()}`, token, 1000);
      const error = await rejects(store.get('service'), 'ERR_STORE_UNAVAILABLE');
      expectNoLeak([error, store], token);
      await store.close?.();
    });

    test("takes the engine's own 404 for not here", async () => {
      await using server = await startServer((request, response) => faulty.absent(response, request));
      const store = await faulty.open(server.origin, token, 5000);
      expect(await store.get('service')).toBeUndefined();
      await store.close?.();
    });

    test('sees a rotation between two reads', async () => {
      let value = secret;
      await using server = await startServer((request, response) => faulty.answer(request, response, value));
      const store = await faulty.open(server.origin, token, 5000);
      const first = await store.get('service');
      value = `${secret}-rotated`;
      const second = await store.get('service');
      expect([first?.secret.reveal(), second?.secret.reveal()]).toEqual([secret, value]);
      await store.close?.();
    });

    test.skipIf(faulty.tls === false || !needs('openssl'))(
      'sends nothing to a server whose certificate it can not verify',
      async () => {
        const received: string[] = [];
        const server = createSecureServer(selfSigned(), (request, response) => {
          received.push(request.url ?? '');
          response.end();
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        const store = await faulty.open(`https://127.0.0.1:${port}`, token, 2000);
        const error = await rejects(store.get('service'), 'ERR_STORE_UNAVAILABLE');
        expectNoLeak([error, store], token);
        expect(received).toEqual([]);
        await store.close?.();
        server.closeAllConnections();
        server.close();
      },
    );
  });
}

function resetMidBody(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"data":{');
  setTimeout(() => response.destroy(), 20);
}
