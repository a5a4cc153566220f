import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { fileStore } from '../../src/stores/file.js';
import { testStore } from '../../src/testing/index.js';

testStore(
  'fileStore',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'claviger-contract-'));
    const options = { path: join(directory, 'home', 'secrets'), masterKey: randomBytes(32), env: {} };
    return {
      store: fileStore(options),
      reopen: async () => fileStore(options),
      cleanup: () => rm(directory, { recursive: true }),
    };
  },
  { describe, test },
);
