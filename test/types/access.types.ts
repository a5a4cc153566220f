import {
  consumerFile,
  createAccess,
  createGuard,
  fileState,
  memoryState,
  redisState,
  type Access,
  type AccessState,
  type Consumer,
  type Product,
  type Verification,
  type VerifiedApp,
} from '../../src/access/index.js';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { createServer } from 'node:http';
import { createRegistry } from '../../src/index.js';

const product: Product = {
  name: 'p',
  providers: ['api'],
  resources: ['/**'],
  quota: { limit: 1, interval: 1, unit: 'day' },
};
const access: Access = createAccess({ products: [product], apps: [{ name: 'a' }], state: fileState('access.json') });
// @ts-expect-error -- units are a closed list
createAccess({ products: [{ ...product, quota: { limit: 1, interval: 1, unit: 'week' } }], apps: [] });

const states: AccessState[] = [memoryState(), fileState('x'), redisState(new Redis()), redisState(createClient())];
// @ts-expect-error -- an address is no client
redisState('redis://localhost');
void states;

const verification: Verification = await access.verifyApiKey({ consumerKey: 'k', provider: 'api' });
if (verification.ok) {
  const { app, product: served, keyId, quota }: VerifiedApp = verification;
  const resetsAt: Date | undefined = quota?.resetsAt;
  void [app, served, keyId, resetsAt];
} else {
  const status: 401 | 403 | 429 = verification.status;
  void [status, verification.fault.code];
}

await access.setStatus({ key: 'k1', product: 'p' }, 'revoked');
await access.setStatus({ developer: 'ada' }, 'inactive');
// @ts-expect-error -- statuses are a closed list
await access.setStatus({ app: 'a' }, 'gone');

const { access_token: accessToken } = await access.issueAccessToken({ consumerKey: 'k', consumerSecret: 's' });
const consumers: Consumer[] = [{ accessToken }, { consumerKey: 'k' }, consumerFile('agent.consumer')()];
const registry = createRegistry({ providers: [], access });
registry.auth('api', { consumer: () => consumers[0] });
// @ts-expect-error -- a bare text could be either
registry.auth('api', { consumer: 'k' });

const guard = createGuard({ access, provider: 'api' });
createServer(guard.node((_request, response, { app }) => response.end(app)));
const respond: (request: Request) => Promise<Response> = guard.fetch((_request, { app }) => new Response(app));
void respond;
