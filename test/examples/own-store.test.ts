import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'vitest';
import type { Store } from '../../src/index.js';
import type * as Testing from '../../src/testing/index.js';
import { root } from '../support/built.js';

const load = <Module>(path: string) => import(new URL(path, root).href) as Promise<Module>;
const { testStore } = await load<typeof Testing>('dist/testing/index.js');
const { jsonFileStore } = await load<{ jsonFileStore: (path: string) => Store }>(
  'examples/own-store/json-file-store.mjs',
);

testStore(
  'the example of a store of your own',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'claviger-example-'));
    const open = () => jsonFileStore(join(directory, 'secrets.json'));
    return { store: open(), reopen: async () => open(), cleanup: () => rm(directory, { recursive: true }) };
  },
  { describe, test },
);
