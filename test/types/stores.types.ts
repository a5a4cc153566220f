import type { Store } from '../../src/index.js';
import { commandPresets, commandStore } from '../../src/stores/command.js';
import { directoryStore } from '../../src/stores/directory.js';

const stores: Store[] = [
  commandStore({ command: 'op', args: ['read', 'op://dev/{name}/credential'] }),
  commandStore(commandPresets.op({ vault: 'dev' })),
  directoryStore({ path: '/run/secrets' }),
];
// @ts-expect-error there is no shell that would take a line apart
commandStore({ command: 'op', args: 'read {name}' });
// @ts-expect-error 1Password's needs a vault
commandPresets.op({});
// @ts-expect-error unknown option
directoryStore({ directory: '/run/secrets' });
