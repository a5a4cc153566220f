import type { Store } from './store.js';

/** The encrypted file in the user's data directory, opened at its first use: whoever never needs it never loads it. */
export function embeddedStore(options: Record<string, unknown> = {}): Store & Required<Pick<Store, 'set' | 'delete' | 'close'>> {
  let opened: Promise<Required<Store>> | undefined;
  const open = () => {
    opened ??= import('./file.js').then(({ fileStore }) => fileStore(options) as Required<Store>);
    return opened;
  };
  return {
    kind: 'file',
    get: async (name, getOptions) => (await open()).get(name, getOptions),
    list: async () => (await open()).list(),
    set: async (name, secret, metadata) => (await open()).set(name, secret, metadata),
    delete: async (name) => (await open()).delete(name),
    close: async () => {
      if (opened !== undefined) await (await opened).close();
    },
  };
}
