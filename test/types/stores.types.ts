import { entryName, type Store } from '../../src/index.js';
import { awsSecretsManagerStore } from '../../src/stores/aws-secrets-manager.js';
import { azureKeyVaultStore } from '../../src/stores/azure-key-vault.js';
import { commandPresets, commandStore } from '../../src/stores/command.js';
import { directoryStore } from '../../src/stores/directory.js';
import { fileStore } from '../../src/stores/file.js';
import { gcpSecretManagerStore } from '../../src/stores/gcp-secret-manager.js';
import { keychainStore } from '../../src/stores/keychain.js';
import { onePasswordConnectStore } from '../../src/stores/onepassword-connect.js';
import { vaultStore } from '../../src/stores/vault.js';

const stores: Store[] = [
  commandStore({ command: 'op', args: ['read', 'op://dev/{name}/credential'] }),
  commandStore(commandPresets.op({ vault: 'dev' })),
  directoryStore({ path: '/run/secrets' }),
  vaultStore({ address: 'https://vault.example.com', kubernetes: { role: 'agent' }, namespace: 'team', field: 'key' }),
  awsSecretsManagerStore(),
  awsSecretsManagerStore({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:1', field: 'password' }),
  awsSecretsManagerStore({ client: { send: async () => ({}) } }),
  gcpSecretManagerStore({ project: 'p' }),
  azureKeyVaultStore({ endpoint: 'https://my-vault.vault.azure.net' }),
  onePasswordConnectStore({ endpoint: 'http://localhost:8080', token: 'x', vault: 'dev' }),
  onePasswordConnectStore({ endpoint: 'http://localhost:8080', tokenFile: '/run/secrets/op' }),
  keychainStore(),
  keychainStore({ service: 'mine' }),
  fileStore({ keychain: true }),
];
// @ts-expect-error a client, or what to make one of
awsSecretsManagerStore({ client: { send: async () => ({}) }, region: 'eu-central-1' });
// @ts-expect-error Google's has a project
gcpSecretManagerStore({});
// @ts-expect-error which vault
azureKeyVaultStore({});
// @ts-expect-error a token or a file that holds it
onePasswordConnectStore({ endpoint: 'http://localhost:8080' });
// @ts-expect-error unknown option
keychainStore({ account: 'x' });
vaultStore({ address: 'https://vault.example.com', token: 'x' }).set satisfies NonNullable<Store['set']>;
// @ts-expect-error an AppRole has a role
vaultStore({ address: 'https://vault.example.com', appRole: { secretId: 'x' } });
// @ts-expect-error there is no shell that would take a line apart
commandStore({ command: 'op', args: 'read {name}' });
// @ts-expect-error 1Password's needs a vault
commandPresets.op({});
// @ts-expect-error unknown option
directoryStore({ directory: '/run/secrets' });
entryName('github', 'alice') satisfies string;
// @ts-expect-error whose, not which version
entryName('github', 1);
