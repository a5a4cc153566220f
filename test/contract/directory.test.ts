import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { directoryStore } from '../../src/stores/directory.js';
import { testStore } from '../../src/testing/index.js';

testStore(
  'directoryStore',
  async () => {
    const path = await mkdtemp(join(tmpdir(), 'claviger-contract-'));
    return {
      store: directoryStore({ path }),
      seed: (name, value) => writeFile(join(path, name), `${value}\n`, { mode: 0o600 }),
      cleanup: () => rm(path, { recursive: true }),
    };
  },
  { describe, test, readOnly: true },
);
