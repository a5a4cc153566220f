import type { Store } from './store.js';

/** A store whose module is loaded at its first use: whoever never needs it never pays for it. */
export function lazyStore(kind: string, open: () => Promise<Store>, writable = false): Store {
  let opening: Promise<Store> | undefined;
  const opened = () => {
    opening ??= open();
    return opening;
  };
  const reading: Store = {
    kind,
    get: async (name, options) => (await opened()).get(name, options),
    list: async () => (await opened()).list(),
    close: async () => {
      await (await opening?.catch(() => undefined))?.close?.();
    },
  };
  if (!writable) return reading;
  return {
    ...reading,
    set: async (name, secret, metadata) => writableOf(await opened()).set(name, secret, metadata),
    delete: async (name) => writableOf(await opened()).delete(name),
  };
}

function writableOf(store: Store): Required<Pick<Store, 'set' | 'delete'>> {
  return store as Required<Store>;
}
