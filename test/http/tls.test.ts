import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, interceptors, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAgent, createFetch, credentialInterceptor } from '../../src/http/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { needs } from '../support/needs.js';
import { rejects } from '../support/rejects.js';
import { rig, serve } from '../support/serve.js';

describe.skipIf(!needs('openssl'))('over https', () => {
  let folder: string;
  let certificate: { key: Buffer; cert: Buffer };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'claviger-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
        ...[
          '-keyout',
          key,
          '-out',
          cert,
          '-subj',
          '/CN=api.test',
          '-addext',
          'subjectAltName=DNS:api.test,DNS:localhost',
        ],
      ],
      { stdio: 'ignore' },
    );
    certificate = { key: readFileSync(key), cert: readFileSync(cert) };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A server with a certificate for api.test that nobody has signed. */
  const secure = () => serve(undefined, (handler) => createTlsServer(certificate, handler));
  const lookup = (_name: string, options: { all?: boolean }, callback: (...args: unknown[]) => void) =>
    options.all === true ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);

  it('writes no byte of a key to a server whose certificate is not trusted, whatever the environment says (H15)', async () => {
    const server = await secure();
    const { registry, key } = rig({ baseUrl: `https://localhost:${server.port}` });
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      const error: unknown = await createFetch({ auth: registry.auth('api') })('/').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
      const dispatcher = createAgent({ auth: registry.auth('api') });
      await expect(request(`https://localhost:${server.port}`, { dispatcher })).rejects.toMatchObject({
        code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      });
      expectNoLeak(error, key);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect(server.received).toEqual([]);
  });

  it('lets the certificate decide where a name resolves to another address (H10)', async () => {
    const server = await secure();
    const wrong = rig({ baseUrl: `https://other.test:${server.port}` });
    const connect = { ca: certificate.cert, lookup: lookup as never };
    const refused = request(`https://other.test:${server.port}`, {
      dispatcher: createAgent({ auth: wrong.registry.auth('api') }, { connect }),
    });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    expect(server.received).toEqual([]);
    const right = rig({ baseUrl: `https://api.test:${server.port}` });
    await request(`https://api.test:${server.port}`, {
      dispatcher: createAgent({ auth: right.registry.auth('api') }, { connect }),
    });
    expect(server.received[0]?.headers.authorization).toBe(`Bearer ${right.key}`);
  });

  it('takes undici’s dns interceptor further out for what it is: the name, at an address', async () => {
    const server = await secure();
    const { registry, key } = rig({ baseUrl: `https://api.test:${server.port}` });
    const dns = interceptors.dns({
      lookup: (_origin, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4, ttl: 1000 }]),
    });
    const trusting = new Agent({ connect: { ca: certificate.cert } });
    const dispatcher = trusting.compose(credentialInterceptor({ auth: registry.auth('api') }), dns);
    await request(`https://api.test:${server.port}/x`, { dispatcher });
    expect(server.received[0]).toMatchObject({
      url: '/x',
      headers: { host: `api.test:${server.port}`, authorization: `Bearer ${key}` },
    });
    const other = rig({ baseUrl: `https://other.test:${server.port}` });
    const fooled = trusting.compose(credentialInterceptor({ auth: other.registry.auth('api') }), dns);
    await expect(request(`https://other.test:${server.port}/x`, { dispatcher: fooled })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    expect(server.received).toHaveLength(1);
  });

  it('does not take a name for a server name that the certificate is not asked for', async () => {
    const { registry } = rig({ baseUrl: 'https://api.test' });
    const dispatcher = createAgent({ auth: registry.auth('api') });
    const options = { origin: 'https://127.0.0.1', path: '/', method: 'GET', headers: { host: 'api.test' } };
    await rejects(dispatcher.request(options), 'ERR_DESTINATION_AMBIGUOUS');
    await rejects(
      dispatcher.request({ ...options, servername: 'evil.test' } as typeof options),
      'ERR_DESTINATION_AMBIGUOUS',
    );
  });

  it('connects to no link-local or unspecified address that a name resolves to (R12)', async () => {
    const { registry } = rig({ baseUrl: 'https://api.test' });
    for (const address of ['169.254.169.254', '0.0.0.0', 'fe80::1', '::ffff:169.254.169.254']) {
      const family = address.includes(':') ? 6 : 4;
      const dispatcher = createAgent(
        { auth: registry.auth('api') },
        {
          connect: {
            lookup: (_name, { all }, callback) =>
              all === true ? callback(null, [{ address, family }]) : callback(null, address, family),
          },
        },
      );
      await rejects(request('https://api.test', { dispatcher }), 'ERR_DESTINATION_DENIED');
    }
  });
});
