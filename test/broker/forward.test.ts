import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expectNoLeak } from '../../src/testing/index.js';
import { rig, serve } from '../support/serve.js';
import { codeOf, open, openBroker, raw } from './brokers.js';
import { secureUpstream } from './secure-upstream.js';

async function world(more: Parameters<typeof openBroker>[1] = {}) {
  const api = await secureUpstream();
  const setup = rig({ baseUrl: `${api.origin}/v1` });
  const opened = await openBroker(setup.registry, { upstream: api.upstream, ...more });
  const environment = opened.session.environment();
  const { username, password } = new URL(environment['HTTPS_PROXY'] ?? '');
  const login = `Proxy-Authorization: Basic ${btoa(`${username}:${password}`)}`;
  return { ...setup, ...opened, api, environment, login, placeholder: opened.session.placeholder('api') };
}

const connectTo = (target: string, ...headers: string[]) =>
  [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`, ...headers, '', ''].join('\r\n');

/** A tunnel, with the answer to the request for it. */
async function tunnel(port: number, target: string, login: string, early = Buffer.alloc(0)): Promise<Socket> {
  const socket = open(port);
  socket.write(Buffer.concat([Buffer.from(connectTo(target, login)), early]));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe('HTTP/1.1 200 Connection Established\r\n\r\n');
  return socket;
}

async function secured(socket: Socket, ca: string, servername: string): Promise<TLSSocket> {
  const secure = connectTls({ socket, ca, servername });
  secure.on('error', () => undefined);
  onTestFinished(() => void secure.destroy());
  await once(secure, 'secureConnect');
  return secure;
}

async function ask(secure: Socket, line: string, headers: string[]): Promise<string> {
  let text = '';
  secure.on('data', (chunk: Buffer) => (text += chunk.toString()));
  secure.write([`${line} HTTP/1.1`, 'Connection: close', ...headers, '', ''].join('\r\n'));
  await once(secure, 'close');
  return text;
}

describe('a tunnel to a destination', () => {
  it('gets the key into a request with the placeholder, and the placeholder out of the answer', async () => {
    const { port, api, login, environment, placeholder, key } = await world();
    const ca = readFileSync(environment['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8');
    const host = `api.test:${api.port}`;
    const text = await ask(await secured(await tunnel(port, host, login), ca, 'api.test'), 'GET /v1/x', [
      `Host: ${host}`,
      `Authorization: Bearer ${placeholder}`,
    ]);
    expect(text).toContain(`"seen":"Bearer ${placeholder}"`);
    expect(api.received[0]).toMatchObject({ url: '/v1/x', headers: { authorization: `Bearer ${key}`, host } });
    expectNoLeak(text, key);
  });

  it.each([
    ['another Host', 'GET /v1/x', (_host: string) => 'Host: other.test', 400],
    ['another path', 'GET /v2', (host: string) => `Host: ${host}`, 403],
    ['an absolute target', 'GET https://api.test/v1', (host: string) => `Host: ${host}`, 400],
    ['an asterisk', 'OPTIONS *', (host: string) => `Host: ${host}`, 400],
  ])('refuses %s (C14, C23)', async (_name, line, hostLine, status) => {
    const { port, api, login, environment, placeholder } = await world();
    const ca = readFileSync(environment['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8');
    const secure = await secured(await tunnel(port, `api.test:${api.port}`, login), ca, 'api.test');
    const text = await ask(secure, line, [hostLine(`api.test:${api.port}`), `Authorization: Bearer ${placeholder}`]);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    expect(api.received).toEqual([]);
  });

  it('refuses a request without the placeholder, and that of another session (P6)', async () => {
    const { port, api, login, environment, broker } = await world();
    const ca = readFileSync(environment['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8');
    const other = await broker.openSession({ providers: ['api'] });
    for (const header of ['X-None: 1', `Authorization: Bearer ${other.placeholder('api')}`]) {
      const host = `api.test:${api.port}`;
      const text = await ask(await secured(await tunnel(port, host, login), ca, 'api.test'), 'GET /v1', [
        `Host: ${host}`,
        header,
      ]);
      expect(text).toMatch(/^HTTP\/1.1 401/);
    }
    expect(api.received).toEqual([]);
  });

  it('shakes hands under its own name only (C14)', async () => {
    const { port, api, login, environment } = await world();
    const ca = readFileSync(environment['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8');
    const socket = await tunnel(port, `api.test:${api.port}`, login);
    await expect(secured(socket, ca, 'evil.test')).rejects.toThrow();
  });

  it('takes what comes with its head as what it is: the beginning of a handshake (B12)', async () => {
    const { port, api, login } = await world();
    const socket = await tunnel(port, `api.test:${api.port}`, login, Buffer.from('GET /v1/x HTTP/1.1\r\n\r\n'));
    await once(socket, 'close');
    expect(api.received).toEqual([]);
  });

  it('ends with its session', async () => {
    const { port, api, login, session } = await world();
    const socket = await tunnel(port, `api.test:${api.port}`, login);
    await session.revoke();
    await once(socket, 'close');
    expect((await raw(port, connectTo(`api.test:${api.port}`, login))).status).toBe(407);
  });
});

describe('the proxy', () => {
  it('serves nobody without its password (B1)', async () => {
    const { port, api, placeholder } = await world();
    for (const login of [
      'X: 1',
      `Proxy-Authorization: Basic ${btoa(`claviger:${placeholder}`)}`,
      'Proxy-Authorization: Bearer x',
    ]) {
      const answer = await raw(port, connectTo(`api.test:${api.port}`, login));
      expect([answer.status, codeOf(answer)]).toEqual([407, 'ERR_BROKER_UNAUTHORIZED']);
    }
    const plain = await raw(port, 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n');
    expect(plain.status).toBe(407);
  });

  it.each([
    '127.0.0.1:22',
    'localhost:22',
    '[::1]:22',
    '169.254.169.254:80',
    '0.0.0.0:80',
    '10.1.2.3:443',
    'db.internal.test:443',
    '[::ffff:127.0.0.1]:22',
    '2130706433:22',
  ])('does not reach %s, which nobody listed (B13)', async (target) => {
    const { port, login } = await world();
    const answer = await raw(port, connectTo(target, login));
    expect([400, 403]).toContain(answer.status);
    expect(codeOf(answer)).toMatch(/^ERR_DESTINATION_/);
  });

  it('refuses what nobody listed where it is told to', async () => {
    const { port, login } = await world({ unlisted: 'refuse' });
    expect(codeOf(await raw(port, connectTo('example.com:443', login)))).toBe('ERR_DESTINATION_DENIED');
    const plain = await raw(
      port,
      `GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n${login}\r\nConnection: close\r\n\r\n`,
    );
    expect(plain.status).toBe(403);
  });

  it('carries plain http to a loopback destination, by absolute URL and by tunnel', async () => {
    const server = await serve();
    const { registry, key } = rig({ baseUrl: server.origin });
    const { session, port } = await openBroker(registry);
    expect(
      (await raw(port, 'GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')).status,
    ).toBe(400);
    const environment = session.environment();
    const { username, password } = new URL(environment['HTTP_PROXY'] ?? '');
    const login = `Proxy-Authorization: Basic ${btoa(`${username}:${password}`)}`;
    const host = `127.0.0.1:${server.port}`;
    const auth = `Authorization: Bearer ${session.placeholder('api')}`;
    const answer = await raw(
      port,
      `GET http://${host}/x HTTP/1.1\r\nHost: ${host}\r\n${login}\r\n${auth}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(200);
    expect(await ask(await tunnel(port, host, login), 'GET /y', [`Host: ${host}`, auth])).toMatch(/^HTTP\/1.1 200/);
    expect(
      server.received.map(({ url, headers }) => [url, headers.authorization, headers['proxy-authorization']]),
    ).toEqual([
      ['/x', `Bearer ${key}`, undefined],
      ['/y', `Bearer ${key}`, undefined],
    ]);
    const elsewhere = await raw(
      port,
      `GET http://${host}/x HTTP/1.1\r\nHost: evil.test\r\n${login}\r\n${auth}\r\nConnection: close\r\n\r\n`,
    );
    expect(elsewhere.status).toBe(400);
  });

  it('never writes down the key of its certificate authority, and leaves no file (B9)', async () => {
    const { environment, broker } = await world();
    const path = environment['NODE_EXTRA_CA_CERTS'] ?? '';
    const directory = dirname(path);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory)) {
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(directory, name), 'utf8')).not.toMatch(/PRIVATE KEY/);
    }
    expect(environment).toMatchObject({ NO_PROXY: '', no_proxy: '', NODE_USE_ENV_PROXY: '1' });
    expect(environment['HTTP_PROXY']).toBeUndefined();
    expect(new URL(environment['HTTPS_PROXY'] ?? '').password).toMatch(/^[\w-]{43}$/);
    await broker.close();
    expect(() => statSync(directory)).toThrow();
  });
});
