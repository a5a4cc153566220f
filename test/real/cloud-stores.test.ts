import type { ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { awsSecretsManagerStore } from '../../src/stores/aws-secrets-manager.js';
import { azureKeyVaultStore } from '../../src/stores/azure-key-vault.js';
import { gcpSecretManagerStore } from '../../src/stores/gcp-secret-manager.js';
import { onePasswordConnectStore } from '../../src/stores/onepassword-connect.js';
import type { Store } from '../../src/stores/store.js';
import { testStore } from '../../src/testing/index.js';
import { faultMatrix, type Faulty } from '../stores/fault-matrix.js';
import * as clouds from '../support/cloud-servers.js';
import { startServer } from '../support/http-server.js';
import { rejects } from '../support/rejects.js';
import { awsClient, azureClient, folder, gcpClient, onePasswordClient } from './cloud-sdks.js';

interface Cloud {
  readonly name: string;
  readonly engine: Parameters<typeof clouds.startCloud>[0];
  /** The name under which a secret stands there. */
  readonly safe: (name: string) => string;
  readonly open: (origin: string, token?: string, more?: { field?: string; timeoutMs?: number }) => Store;
  readonly faulty: Omit<Faulty, 'open' | 'answer'>;
}

const written = (name: string) => name.replaceAll('@', '--40--');
const kept = (value: string, id = '1'): clouds.Kept => new Map([['service', [{ id, value }]]]);

const list: Cloud[] = [
  {
    name: 'awsSecretsManagerStore',
    engine: clouds.aws,
    safe: (name) => name,
    open: (origin, token, more) => awsSecretsManagerStore({ client: awsClient(origin, token), ...more }),
    faulty: {
      denied: (response) => clouds.send(response, [400, { __type: 'AccessDeniedException', Message: 'no' }]),
      absent: (response) => clouds.send(response, [400, { __type: 'ResourceNotFoundException' }]),
      throttled: (response) => clouds.send(response, [400, { __type: 'ThrottlingException' }]),
    },
  },
  {
    name: 'gcpSecretManagerStore',
    engine: clouds.gcp,
    safe: written,
    open: (origin, token, more) => gcpSecretManagerStore({ client: gcpClient(origin, token), project: 'p', ...more }),
    faulty: {
      denied: (response) => clouds.send(response, clouds.gcpError(403, 'PERMISSION_DENIED')),
      absent: (response) => clouds.send(response, clouds.gcpError(404, 'NOT_FOUND')),
      throttled: (response) => clouds.send(response, clouds.gcpError(429, 'RESOURCE_EXHAUSTED')),
    },
  },
  {
    name: 'azureKeyVaultStore',
    engine: clouds.azure,
    safe: written,
    open: (origin, token, more) => azureKeyVaultStore({ client: azureClient(origin, token), ...more }),
    faulty: {
      denied: (response) => clouds.send(response, [403, { error: { code: 'Forbidden', message: 'no' } }]),
      absent: (response) => clouds.send(response, [404, { error: { code: 'SecretNotFound', message: 'none' } }]),
    },
  },
  {
    name: 'onePasswordConnectStore',
    engine: clouds.onePassword,
    safe: (name) => name,
    open: (origin, token, more) =>
      onePasswordConnectStore({ client: onePasswordClient(origin, token), vault: clouds.vaultId, ...more }),
    faulty: {
      denied: (response) => clouds.send(response, [403, { status: 403, message: 'no' }]),
      absent: (response, request) => clouds.send(response, clouds.onePassword.answer(new Map(), request)),
    },
  },
];

describe.skipIf(folder === undefined).each(list)(
  '$name, by the official client',
  ({ name, engine, safe, open, faulty }) => {
    const start = async () => {
      const server = await clouds.startCloud(engine);
      onTestFinished(() => server[Symbol.asyncDispose]());
      return server;
    };

    testStore(
      name,
      async () => {
        const server = await clouds.startCloud(engine);
        const seed = (entry: string, value: string) => server.put(safe(entry), value);
        return { store: open(server.origin), seed, cleanup: async () => server[Symbol.asyncDispose]() };
      },
      { describe, test, readOnly: true },
    );

    faultMatrix(name, {
      ...faulty,
      open: (origin, token, timeoutMs) => open(origin, token, { timeoutMs }),
      answer: (request, response, value) => {
        if (/^.v1.vaults.[a-z]+.items.[0-9a-f]+$/.test(request.url))
          return clouds.send(response, [200, clouds.onePasswordItem('service', kept(value))]);
        clouds.send(response, engine.answer(kept(value, engine.newId(1)), { ...request, url: request.url }));
      },
    });

    test('tells the current version from the one before, and a rotation at the next read', async () => {
      const server = await start();
      const store = open(server.origin);
      server.put('service', 'the-first-value');
      const first = await store.get('service');
      server.put('service', 'the-second-value');
      const second = await store.get('service');
      expect([first, second].map((found) => found?.secret.reveal())).toEqual(['the-first-value', 'the-second-value']);
      expect(second).toMatchObject({ state: 'current' });
      expect(first?.version).not.toBe(second?.version);
      const before = await store.get('service', { version: first?.version ?? '' });
      if (name.startsWith('one')) expect(before).toBeUndefined();
      else expect([before?.secret.reveal(), before?.state]).toEqual(['the-first-value', 'previous']);
    });

    test('lists all pages, with fingerprints and no values', async () => {
      const server = await start();
      const names = Array.from({ length: 25 }, (_, index) => `service-${index}`);
      for (const each of names) server.put(each, `the-secret-of-${each}`);
      const infos = await open(server.origin).list();
      expect(infos.map((info) => info.name).sort()).toEqual(names.sort());
      expect(JSON.stringify(infos)).not.toContain('the-secret');
    });

    test('an abort ends a call under way, with its reason', async () => {
      const server = await start();
      server.put('service', 'the-secret');
      const abort = new AbortController();
      const asked = open(server.origin).get('service', { signal: abort.signal });
      const reason = new Error('enough');
      abort.abort(reason);
      await expect(asked).rejects.toBe(reason);
    });

    // an item of 1Password has fields of its own
    if (!name.startsWith('one'))
      test('takes a field of a JSON secret, by option or in the name', async () => {
        const server = await start();
        server.put('db', JSON.stringify({ username: 'app', password: 'the-password', port: 5432 }));
        server.put('plain', 'no-json-at-all');
        const store = open(server.origin, undefined, { field: 'password' });
        expect((await store.get('db'))?.secret.reveal()).toBe('the-password');
        expect((await open(server.origin).get('db#password'))?.secret.reveal()).toBe('the-password');
        expect(await store.get('db#none')).toBeUndefined();
        expect(await store.get('db#toString')).toBeUndefined();
        await rejects(store.get('db#port'), 'ERR_SECRET_INVALID');
        await rejects(store.get('plain'), 'ERR_STORE_UNAVAILABLE');
      });

    test('asks for no name that the engine can not have, and never leaves its folder', async () => {
      const server = await start();
      const store = open(server.origin);
      for (const odd of ['', '../x', 'x'.repeat(600), 'a\nb', 'a/../../b'])
        expect(await store.get(odd)).toBeUndefined();
      expect(server.received.filter(({ url }) => url.split('?')[0]?.includes('..'))).toEqual([]);
    });
  },
);

test.each([
  () => awsSecretsManagerStore({ endpoint: 'http://aws.example.com' }),
  () => gcpSecretManagerStore({ project: 'p', endpoint: 'http://gcp.example.com' }),
  () => azureKeyVaultStore({ endpoint: 'http://vault.example.com' }),
  () => onePasswordConnectStore({ endpoint: 'http://connect.example.com', token: 'a-token' }),
  () => onePasswordConnectStore({ endpoint: 'no URL', token: 'a-token' }),
  () => awsSecretsManagerStore({ client: {} as never }),
  () => gcpSecretManagerStore({ project: '../x' }),
])('options that can not work are refused at creation (%#)', async (open) => {
  await rejects(open, 'ERR_CONFIG_INVALID');
});

describe.skipIf(folder === undefined)('an engine that throttles', () => {
  const throttled: [string, Cloud['engine'], (origin: string) => Store, (response: ServerResponse) => void][] = [
    [
      'AWS',
      clouds.aws,
      (origin) => awsSecretsManagerStore({ client: awsClient(origin, undefined, 3) }),
      (response) => clouds.send(response, [400, { __type: 'ThrottlingException' }]),
    ],
    [
      'Azure',
      clouds.azure,
      (origin) => azureKeyVaultStore({ client: azureClient(origin, undefined, 3) }),
      (response) => response.writeHead(429, { 'retry-after': '0' }).end(),
    ],
  ];

  test.each(throttled)('is asked again, later, by the client of %s', async (_, engine, open, refuse) => {
    let asked = 0;
    const kept: clouds.Kept = new Map([['service', [{ id: engine.newId(1), value: 'the-secret-of-the-service' }]]]);
    await using server = await startServer((request, response) => {
      asked += 1;
      if (asked < 3) refuse(response);
      else clouds.send(response, engine.answer(kept, request));
    });
    expect((await open(server.origin).get('service'))?.secret.reveal()).toBe('the-secret-of-the-service');
    expect(asked).toBe(3);
  });
});
