import { describe, test } from 'vitest';
import { vaultStore } from '../../src/stores/vault.js';
import { testStore } from '../../src/testing/index.js';
import { startVault } from '../support/vault-server.js';

testStore(
  'vaultStore',
  async () => {
    const vault = await startVault();
    const open = () => vaultStore({ address: vault.origin, token: vault.root });
    const others: ReturnType<typeof open>[] = [];
    return {
      store: open(),
      reopen: async () => {
        const store = open();
        others.push(store);
        return store;
      },
      cleanup: async () => {
        for (const store of others) await store.close();
        await vault[Symbol.asyncDispose]();
      },
    };
  },
  { describe, test },
);
