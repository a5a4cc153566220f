import { createBroker, type Broker, type Session } from '../../src/broker/index.js';
import type { Auth, Registry } from '../../src/index.js';
import { env } from '../../src/index.js';
import { createStdioToolset } from '../../src/mcp/index.js';
import { runProcess } from '../../src/process/index.js';

declare const registry: Registry;
declare const auth: Auth;

const broker: Promise<Broker> = createBroker({ registry });
void createBroker({ registry, port: 0, unlisted: 'refuse', upstream: { connect: { ca: 'pem' } } });
// @ts-expect-error a registry is needed
void createBroker({});
// @ts-expect-error certificates are verified
void createBroker({ registry, upstream: { connect: { checkServerIdentity: () => undefined } } });

async function use(session: Session): Promise<string[]> {
  const variables: Record<string, string> = session.environment();
  await session.revoke();
  return [session.placeholder('x'), session.baseUrl('x'), session.baseUrl('x', '/v2'), ...Object.values(variables)];
}
void broker
  .then((opened) => opened.openSession({ providers: ['x'], consumer: { consumerKey: 'k' }, ttlMs: 1 }))
  .then(use);

void runProcess({
  command: 'x',
  inject: [{ auth, into: env('A'), via: 'reverse', baseUrl: { env: 'U', path: '/v1' } }],
});
void createStdioToolset({ auth, via: 'forward', connection: { command: 'x' } });
// @ts-expect-error there is no such way
void runProcess({ command: 'x', inject: [{ auth, via: 'sideways' }] });
