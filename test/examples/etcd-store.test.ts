import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret, type Store } from '../../src/index.js';
import { expectNoLeak } from '../../src/testing/index.js';
import type * as Testing from '../../src/testing/index.js';
import { root } from '../support/built.js';
import { canary } from '../support/canary.js';
import { freePort } from '../support/free-port.js';
import { needs } from '../support/needs.js';

const load = <Module>(path: string) => import(new URL(path, root).href) as Promise<Module>;
const { testStore } = await load<typeof Testing>('dist/testing/index.js');
const { etcdStore } = await load<{
  etcdStore: (options: { endpoint: string; prefix?: string; timeoutMs?: number }) => Required<Store>;
}>('examples/own-store/etcd-store.mjs');

const hasEtcd = needs('etcd');
const directory = mkdtempSync(join(tmpdir(), 'claviger-etcd-'));
let etcd: ChildProcess | undefined;
let endpoint: string;

/** An etcd of its own on loopback. */
async function startEtcd(): Promise<void> {
  const [client, peer] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`) as [
    string,
    string,
  ];
  const urls = { client, peer };
  etcd = spawn(
    'etcd',
    [
      ...['--data-dir', directory, '--listen-client-urls', urls.client, '--advertise-client-urls', urls.client],
      ...['--listen-peer-urls', urls.peer, '--initial-advertise-peer-urls', urls.peer],
      ...['--initial-cluster', `default=${urls.peer}`, '--log-level', 'error'],
    ],
    { stdio: 'ignore' },
  );
  endpoint = client;
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await fetch(`${client}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await delay(50);
  }
  throw new Error('etcd did not start');
}

beforeAll(async () => {
  if (hasEtcd) await startEtcd();
}, 30_000);
afterAll(async () => {
  if (etcd?.exitCode === null) {
    const exited = once(etcd, 'exit');
    etcd.kill('SIGKILL');
    await exited;
  }
  rmSync(directory, { recursive: true, force: true });
});

describe.skipIf(!hasEtcd)('over a real etcd', () => {
  let stores = 0;
  testStore(
    'the example of a store over a service',
    async () => {
      const prefix = `test-${(stores += 1)}/`;
      return { store: etcdStore({ endpoint, prefix }), reopen: async () => etcdStore({ endpoint, prefix }) };
    },
    { describe, test },
  );

  test('an etcd that is not there is unavailable, never "not here", and no error holds the secret', async () => {
    const store = etcdStore({ endpoint: `http://127.0.0.1:${await freePort()}` });
    const key = canary();
    for (const call of [() => store.get('x'), () => store.list(), () => store.set('x', Secret.from(key))]) {
      const error = await call().catch((failure: unknown) => failure);
      expect(error).toMatchObject({ code: 'ERR_STORE_UNAVAILABLE', store: 'etcd' });
      expectNoLeak(error, key);
    }
  });
});
