import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdir, readdir, rm, symlink, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { root } from '../support/built.js';
import * as clouds from '../support/cloud-servers.js';
import { folder } from './cloud-sdks.js';

// A project that has installed this package and the official clients, as a user's would.
const run = promisify(execFile);
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'claviger-clouds-'));
  const modules = join(project, 'node_modules');
  await mkdir(join(modules, 'claviger'), { recursive: true });
  for (const part of ['dist', 'package.json']) {
    await cp(fileURLToPath(new URL(part, root)), join(modules, 'claviger', part), { recursive: true });
  }
  for (const entry of folder === undefined ? [] : await readdir(join(folder, 'node_modules'))) {
    await symlink(join(folder ?? '', 'node_modules', entry), join(modules, entry));
  }
  const { privateKey } = generateKeyPairSync('rsa', {
    ...{ modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' } },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const account = { type: 'service_account', project_id: 'p', client_email: 'a@p.test', private_key: privateKey };
  await writeFile(join(project, 'account.json'), JSON.stringify(account));
});
afterAll(() => rm(project, { recursive: true, force: true }));

const stores: [string, Parameters<typeof clouds.startCloud>[0], string][] = [
  ['aws-secrets-manager', clouds.aws, `m.awsSecretsManagerStore({ region: 'us-east-1', endpoint })`],
  [
    'aws-secrets-manager',
    clouds.aws,
    `m.awsSecretsManagerStore({ client: new (await import('@aws-sdk/client-secrets-manager')).SecretsManagerClient({ region: 'us-east-1', endpoint }) })`,
  ],
  ['gcp-secret-manager', clouds.gcp, `m.gcpSecretManagerStore({ project: 'p', endpoint })`],
  [
    'onepassword-connect',
    clouds.onePassword,
    `m.onePasswordConnectStore({ endpoint, token: 'a-token', vault: 'dev' })`,
  ],
  ['onepassword-connect', clouds.onePassword, `m.onePasswordConnectStore({ endpoint, token: 'a-token' })`],
];

async function evaluate(code: string, endpoint: string): Promise<unknown> {
  const env = {
    ...{
      PATH: process.env['PATH'],
      HOME: project,
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'x',
    },
    GOOGLE_APPLICATION_CREDENTIALS: join(project, 'account.json'),
  };
  const script = `const endpoint = ${JSON.stringify(endpoint)};\n${code}`;
  const args = ['--no-warnings', '--input-type=module', '-e', script];
  return JSON.parse((await run(process.execPath, args, { cwd: project, env })).stdout);
}

describe.skipIf(folder === undefined)('a client that a store makes', () => {
  test.each(stores)('of %s reads and lists', async (name, engine, expression) => {
    const server = await clouds.startCloud(engine);
    onTestFinished(async () => server[Symbol.asyncDispose]());
    server.put('service', 'the-secret-of-the-service');
    const code = `const m = await import('claviger/stores/${name}');
      const store = ${expression};
      const found = await store.get('service');
      console.log(JSON.stringify([found.secret.reveal(), (await store.list()).length, (await store.get('none')) ?? null]));
      process.exit();`;
    expect(await evaluate(code, server.origin)).toEqual(['the-secret-of-the-service', 1, null]);
  });

  test('that is not installed is named, with how to install it', async () => {
    const code = `const { azureKeyVaultStore } = await import('claviger/stores/azure-key-vault');
      await azureKeyVaultStore({ endpoint }).get('x').catch(({ code, message }) => console.log(JSON.stringify([code, message])));`;
    const [found, message] = (await evaluate(code, 'https://127.0.0.1:1')) as [string, string];
    expect(found).toBe('ERR_DEPENDENCY_MISSING');
    expect(message).toContain('npm install @azure/identity');
  });
});
