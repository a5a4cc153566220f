import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import { commandStore } from '../../src/stores/command.js';
import { testStore } from '../../src/testing/index.js';

testStore(
  'commandStore',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'claviger-contract-'));
    const script = 'if [ -e "$0/$1" ]; then cat "$0/$1"; fi';
    return {
      store: commandStore({ command: 'sh', args: ['-c', script, directory, '{name}'] }),
      seed: (name, value) => writeFile(join(directory, name), `${value}\n`),
      cleanup: () => rm(directory, { recursive: true }),
    };
  },
  { describe, test, readOnly: true },
);
