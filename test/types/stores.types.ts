import type { Store } from '../../src/index.js';
import { commandPresets, commandStore } from '../../src/stores/command.js';
import { directoryStore } from '../../src/stores/directory.js';
import { fileStore } from '../../src/stores/file.js';
import { keychainStore } from '../../src/stores/keychain.js';
import { vaultStore } from '../../src/stores/vault.js';

const stores: Store[] = [
  commandStore({ command: 'op', args: ['read', 'op://dev/{name}/credential'] }),
  commandStore(commandPresets.op({ vault: 'dev' })),
  directoryStore({ path: '/run/secrets' }),
  vaultStore({ address: 'https://vault.example.com', kubernetes: { role: 'agent' }, namespace: 'team', field: 'key' }),
  keychainStore(),
  keychainStore({ service: 'mine' }),
  fileStore({ keychain: true }),
];
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
