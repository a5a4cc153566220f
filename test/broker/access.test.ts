import { describe, expect, it } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { accessRig } from '../access/rules.js';
import { echo, rig, serve } from '../support/serve.js';
import { openBroker } from './brokers.js';

/** A session whose consumer has the product `read`: GET below `/v1`, twice a day. */
async function limited() {
  const server = await serve(echo);
  const { access, consumerKey } = accessRig({
    product: { methods: ['GET'], quota: { limit: 2, interval: 1, unit: 'day' } },
  });
  const { registry, key, events } = rig({ baseUrl: server.origin }, { access });
  const { broker, session: none } = await openBroker(registry);
  const session = await broker.openSession({ providers: ['api'], consumer: { consumerKey } });
  const ask = (path: string, method = 'GET', own = session) =>
    fetch(own.baseUrl('api') + path, { method, headers: { authorization: `Bearer ${own.placeholder('api')}` } });
  return { server, key, consumerKey, access, events, ask, none };
}

describe('a session of a consumer', () => {
  it('passes the access rules at each request, and uses up its quota', async () => {
    const { server, key, consumerKey, events, ask } = await limited();
    expect((await ask('/v1/users', 'POST')).status).toBe(403);
    expect((await ask('/v2/users')).status).toBe(403);
    const statuses = [await ask('/v1/a'), await ask('/v1/b'), await ask('/v1/c')].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 429]);
    expect(server.received.map(({ url }) => url)).toEqual(['/v1/a', '/v1/b']);
    expect(events.map(({ type, consumer }) => [type, consumer])).toEqual([
      ['refuse', 'k1'],
      ['refuse', 'k1'],
      ['use', 'k1'],
      ['use', 'k1'],
      ['refuse', 'k1'],
    ]);
    for (const secret of [key, consumerKey]) expectNoLeak(events, secret);
  });

  it('is refused from the moment when its key is revoked', async () => {
    const { server, access, ask } = await limited();
    expect((await ask('/v1/a')).status).toBe(200);
    await access.setStatus({ key: 'k1' }, 'revoked');
    const refused = await ask('/v1/a');
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'ERR_ACCESS_DENIED' } });
    expect(server.received).toHaveLength(1);
  });

  it('that is nobody is refused', async () => {
    const { server, ask, none } = await limited();
    expect((await ask('/v1/a', 'GET', none)).status).toBe(403);
    expect(server.received).toEqual([]);
  });
});
