import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { consumerFile, createGuard, memoryState, type VerifiedApp } from '../../src/access/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import { canary } from '../support/canary.js';
import { rejects } from '../support/rejects.js';
import { accessRig } from './rules.js';

type Rig = ReturnType<typeof accessRig>;
type Guard = ReturnType<typeof createGuard>;

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The three kinds of server, each answering with the app that it was handed. */
const servers: Record<string, (guard: Guard) => Promise<string>> = {
  'node:http': (guard) => listen(guard.node((_request, response, app) => response.end(JSON.stringify(app)))),
  'Express-style': (guard) => {
    const middleware = guard.express();
    return listen((request: IncomingMessage & { verifiedApp?: VerifiedApp }, response) => {
      const mounted = Object.assign(request, { originalUrl: request.url, url: '/cut' });
      middleware(mounted, response, (error) => response.end(error ? 'failed' : JSON.stringify(request.verifiedApp)));
    });
  },
  'Fetch-style': (guard) => {
    const handler = guard.fetch((_request, app) => Response.json(app));
    return listen(async (request, response) => {
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
      const answer = await handler(new Request(`http://localhost${request.url}`, { method: request.method!, headers }));
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
  },
};

/** Sent as it is written: fetch would repair the path. */
async function ask(origin: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port } = new URL(origin);
  const request = httpRequest({ port, host: '127.0.0.1', path, headers, method, agent: false }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const issue = async ({ access, consumerKey, consumerSecret }: Rig, scope?: string) =>
  (await access.issueAccessToken({ consumerKey, consumerSecret, ...(scope !== undefined && { scope }) })).access_token;

describe.each(Object.keys(servers))('a guard before a server in the way of %s', (kind) => {
  const start = async (options: Parameters<typeof accessRig>[0] = {}, more = {}) => {
    const rig = accessRig(options);
    const origin = await servers[kind]!(createGuard({ access: rig.access, provider: 'api', ...more }));
    return { ...rig, origin };
  };

  it('hands on the app of a key or a token, wherever it stands', async () => {
    const rig = await start();
    const token = await issue(rig);
    for (const headers of [{ 'x-api-key': rig.consumerKey }, bearer(rig.consumerKey), bearer(token)]) {
      expect(await ask(rig.origin, '/v1/users?x=1', headers as never)).toMatchObject({
        status: 200,
        body: { app: 'agent', keyId: 'k1', product: 'read' },
      });
    }
  });

  it('answers 401 with the fault and a challenge that says no more to who shows nothing', async () => {
    const { origin, consumerKey } = await start({}, { realm: 'my "api"' });
    const none = await ask(origin, '/v1');
    expect(none).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="my \\"api\\""', 'cache-control': 'no-store' },
      body: { fault: { detail: { errorcode: 'oauth.v2.FailedToResolveAPIKey' } } },
    });
    const wrong = canary();
    const answers = [
      await ask(origin, '/v1', { 'x-api-key': wrong }),
      await ask(origin, '/v2', { 'x-api-key': consumerKey }),
      await ask(origin, '/v1', bearer('eyJhbGciOiJub25lIn0.e30.')),
    ];
    expect(answers.map(({ status, body }) => [status, body.fault.detail.errorcode])).toEqual([
      [401, 'oauth.v2.InvalidApiKey'],
      [401, 'oauth.v2.InvalidApiKeyForGivenResource'],
      [401, 'keymanagement.service.invalid_access_token'],
    ]);
    expect(answers[0]?.headers['www-authenticate']).toContain('error="invalid_token"');
    for (const value of [wrong, consumerKey]) expectNoLeak(answers, value);
  });

  it('takes two credentials, and what is none, for nobody', async () => {
    const { origin, consumerKey } = await start();
    for (const headers of [
      { 'x-api-key': consumerKey, ...bearer(consumerKey) },
      { 'x-api-key': consumerKey, authorization: 'Basic eDp5' },
      { authorization: `Basic ${consumerKey}` },
      { authorization: consumerKey },
      { authorization: `Bearer ${consumerKey} ${consumerKey}` },
    ]) {
      expect((await ask(origin, '/v1', headers as never)).body.fault.detail.errorcode).toBe(
        'oauth.v2.FailedToResolveAPIKey',
      );
    }
  });

  it('answers 403 for a scope that is lacking, and names it', async () => {
    const rig = await start({ product: { scopes: ['read', 'write'] } }, { scope: 'write' });
    const refused = await ask(rig.origin, '/v1', bearer(await issue(rig, 'read')));
    expect(refused).toMatchObject({
      status: 403,
      body: { fault: { detail: { errorcode: 'steps.oauth.v2.InsufficientScope' } } },
    });
    expect(refused.headers['www-authenticate']).toMatch(/error="insufficient_scope".*scope="write"/);
    expect((await ask(rig.origin, '/v1', bearer(await issue(rig, 'write')))).status).toBe(200);
  });

  it('answers 429 with the time to wait', async () => {
    const rig = await start({ product: { quota: { limit: 1, interval: 1, unit: 'hour' } }, now: Date.now });
    const headers = { 'x-api-key': rig.consumerKey };
    expect((await ask(rig.origin, '/v1', headers)).status).toBe(200);
    const refused = await ask(rig.origin, '/v1', headers);
    expect(refused).toMatchObject({
      status: 429,
      body: { fault: { detail: { errorcode: 'policies.ratelimit.QuotaViolation' } } },
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3500);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(3600);
  });

  it('answers 503 while the rules can not be looked at, and says nothing of why', async () => {
    const state = { ...memoryState(), kind: 'x', update: async () => {}, count: () => ({}) as never };
    const rig = await start({ state: { ...state, read: () => Promise.reject(new Error('redis://user:pw@host')) } });
    const answer = await ask(rig.origin, '/v1', { 'x-api-key': rig.consumerKey });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(JSON.stringify(answer)).not.toContain('redis');
  });
});

describe('a guard', () => {
  it('judges the path as it came, and lets nothing pass that could be read in another way', async () => {
    const rig = accessRig({ product: { resources: ['/v1/public/**', '/admin'] } });
    const origin = await servers['node:http']!(createGuard({ access: rig.access, provider: 'api' }));
    for (const path of [
      '/v1/public/../admin',
      '/v1/public/../../admin',
      '/v1/public/%2e%2e/x',
      '/v1/public/..%2fx',
      '/v1/public//x',
      '/V1/public/x',
      '/./admin',
      'http://other/admin',
      '*',
    ]) {
      const { body } = await ask(origin, path, { 'x-api-key': rig.consumerKey }, path === '*' ? 'OPTIONS' : 'GET');
      expect(body.fault?.detail.errorcode, path).toBe('oauth.v2.InvalidApiKeyForGivenResource');
    }
    expect((await ask(origin, '/admin', { 'x-api-key': rig.consumerKey })).status).toBe(200);
  });

  it('needs rules and a name', () => {
    for (const options of [{}, { access: accessRig().access }, { provider: 'x' }]) {
      expect(() => createGuard(options as never)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }));
    }
  });
});

describe('a consumer file', () => {
  it('gives the key or token that stands in it now, and is refused when others can read it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'claviger-consumer-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const path = join(directory, 'consumer');
    const rig = accessRig();
    const read = consumerFile(path);
    await rejects(read, 'ERR_STORE_UNAVAILABLE');
    writeFileSync(path, `${rig.consumerKey}\n`, { mode: 0o600 });
    expect(read()).toEqual({ consumerKey: rig.consumerKey });
    const token = await issue(rig);
    writeFileSync(path, token);
    expect(read()).toEqual({ accessToken: token });
    writeFileSync(path, '\n');
    await rejects(read, 'ERR_STORE_UNAVAILABLE');
    chmodSync(path, 0o640);
    const error = await rejects(read, 'ERR_STORE_PERMISSIONS');
    expect(error.message).toContain('chmod 600');
  });
});
