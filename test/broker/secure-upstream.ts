import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { CertificateAuthority } from '../../src/broker/certificates.js';
import type { BrokerOptions } from '../../src/broker/index.js';

export interface SecureUpstream {
  readonly port: number;
  readonly origin: string;
  readonly received: { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers'] }[];
  /** What a broker needs to find it and to trust it. */
  readonly upstream: NonNullable<BrokerOptions['upstream']>;
}

/** An https API called `api.test`, which echoes what it is asked. */
export async function secureUpstream(name = 'api.test'): Promise<SecureUpstream> {
  const ca = new CertificateAuthority();
  const received: SecureUpstream['received'] = [];
  const context = ca.contextFor(name);
  const server = createServer({ SNICallback: (_name, callback) => callback(null, context) }, (request, response) => {
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers });
    const basic = /^Basic (.*)/.exec(headers.authorization ?? '')?.[1] ?? '';
    response.setHeader('content-type', 'application/json');
    request.resume().on('end', () => {
      response.end(
        JSON.stringify({ seen: headers.authorization ?? null, basic: Buffer.from(basic, 'base64').toString() }),
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const lookup: NonNullable<NonNullable<BrokerOptions['upstream']>['connect']>['lookup'] = (
    host,
    options,
    callback,
  ) => {
    const address = host.endsWith('.internal.test') ? '10.0.0.1' : '127.0.0.1';
    if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
  return { port, origin: `https://${name}:${port}`, received, upstream: { connect: { ca: ca.pem, lookup } } };
}
