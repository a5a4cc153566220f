import type { LoadedConfig, Secret, Store } from '../index.js';

/** A store that is slower than this is left out. */
const STORE_MS = 5_000;

interface AllStored {
  readonly secrets: { readonly name: string; readonly secret: Secret }[];
  /** Of stores that could not answer. */
  readonly failures: unknown[];
}

/** Every secret of the stores that can list what they hold. A store that fails takes nothing from the others. */
export async function allStored({ options }: LoadedConfig): Promise<AllStored> {
  const secrets: AllStored['secrets'] = [];
  const failures: unknown[] = [];
  for (const store of Object.values(options.stores)) {
    try {
      secrets.push(...(await secretsOf(store, AbortSignal.timeout(STORE_MS))));
    } catch (error) {
      failures.push(error);
    }
  }
  return { secrets, failures };
}

async function secretsOf(store: Store, signal: AbortSignal): Promise<AllStored['secrets']> {
  const infos = await store.list();
  const names = [...new Set(infos.map(({ name }) => name))];
  const secrets: AllStored['secrets'] = [];
  for (const name of names) {
    const stored = await store.get(name, { signal });
    if (stored !== undefined) secrets.push({ name, secret: stored.secret });
  }
  return secrets;
}
