import { ClavigerError, findClavigerError, safeCause } from '../errors.js';
import type { Store, StoredSecretInfo } from './store.js';

export interface ChainOptions {
  /**
   * What a store that can't answer does to the chain: `stop` (default) ends it with its error; `continue` asks the next, and
   * fails only if none of them has the secret.
   */
  onFailure?: 'stop' | 'continue';
}

/**
 * Several stores as one: a secret comes out of the first that has it. What is written or deleted, is so in the first store,
 * if that can be written.
 *
 * A failure is not "missing": a chain that went on past a store that is down could hand out an old secret from the next.
 *
 * @throws {@link ClavigerError} `ERR_CONFIG_INVALID` without a store; from its methods the code of the first failure, with every
 * failure in the message and, as an `AggregateError`, in `cause`.
 *
 * @example
 * const store = chainStores([envStore({ prefix: 'APP_' }), keychainStore()]);
 */
export function chainStores(stores: readonly Store[], { onFailure = 'stop' }: ChainOptions = {}): Store {
  const [first] = stores;
  if (first === undefined) throw new ClavigerError('ERR_CONFIG_INVALID', 'a chain needs at least one store');
  if (!['stop', 'continue'].includes(onFailure)) {
    throw new ClavigerError('ERR_CONFIG_INVALID', 'onFailure must be "stop" or "continue"');
  }
  /** Asks one after the other until one gives something. */
  const ask = async <T>(
    question: (store: Store) => Promise<T | undefined>,
    signal?: AbortSignal,
  ): Promise<T | undefined> => {
    const failures: ClavigerError[] = [];
    for (const store of stores) {
      try {
        const found = await question(store);
        if (found !== undefined) return found;
      } catch (error) {
        signal?.throwIfAborted();
        failures.push(failureOf(store, error));
        if (onFailure === 'stop') break;
      }
    }
    if (failures.length > 0) throw chainFailure(failures);
    return undefined;
  };

  const reading: Store = {
    kind: 'chain',
    get: (name, options) => ask((store) => store.get(name, options), options?.signal),
    async list() {
      const infos = new Map<string, StoredSecretInfo>();
      await ask(async (store) => {
        for (const info of await store.list()) if (!infos.has(info.name)) infos.set(info.name, info);
        return undefined;
      });
      return [...infos.values()];
    },
    watch(onChange) {
      const ends = stores.map((store) => store.watch?.(onChange));
      return () => ends.forEach((end) => end?.());
    },
    async close() {
      const failed = await Promise.allSettled(stores.map(async (store) => store.close?.()));
      const failures = failed.flatMap((one, index) =>
        one.status === 'rejected' ? [failureOf(stores[index] ?? first, one.reason)] : [],
      );
      if (failures.length > 0) throw chainFailure(failures);
    },
  };
  const [set, remove, revoke] = [first.set?.bind(first), first.delete?.bind(first), first.revoke?.bind(first)];
  return {
    ...reading,
    ...(set && { set }),
    ...(remove && { delete: remove }),
    ...(revoke && { revoke }),
  };
}

function failureOf(store: Store, error: unknown): ClavigerError {
  const own = findClavigerError(error);
  if (own !== undefined) return own;
  const message = `${store.kind} store: it failed`;
  return new ClavigerError('ERR_STORE_UNAVAILABLE', message, { store: store.kind, cause: safeCause(error) });
}

function chainFailure(failures: readonly ClavigerError[]): ClavigerError {
  const message = failures.map((failure) => failure.message).join('; ');
  return new ClavigerError(failures[0]?.code ?? 'ERR_STORE_UNAVAILABLE', message, {
    store: failures.map(({ store }) => store ?? 'unnamed').join(', '),
    cause: new AggregateError(failures, 'no store of the chain could answer'),
  });
}
