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
    watch: (onChange) => watchLater(opened, onChange),
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

/** Watches a store once it is open. */
export function watchLater(open: () => Promise<Store>, onChange: (names: readonly string[]) => void): () => void {
  let ended = false;
  let end: (() => void) | undefined;
  open().then(
    (store) => {
      if (!ended) end = store.watch?.(onChange);
    },
    () => undefined, // whoever uses it hears why
  );
  return () => {
    ended = true;
    end?.();
  };
}

function writableOf(store: Store): Required<Pick<Store, 'set' | 'delete'>> {
  return store as Required<Store>;
}
