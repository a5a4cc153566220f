import {
  createRegistry,
  type LoadedConfig,
  type ProviderDescription,
  type Store,
  type StoredSecretInfo,
} from '../index.js';
import { ClavigerError } from '../errors.js';
import { nearNames } from '../internal/near-names.js';

type Definition = LoadedConfig['options']['providers'][number];

/** A name of the command line: the provider of that name and where its secret rests; without one, a secret of the default store. */
export interface Place {
  readonly name: string;
  readonly definition: Definition | undefined;
  readonly storeName: string;
  readonly store: Store;
  readonly secretName: string;
}

/** What is known of one credential; never its value. */
export interface CredentialRow {
  readonly name: string;
  /** Whether a provider of that name is defined; otherwise it is only a stored secret. */
  readonly defined: boolean;
  readonly store: string;
  readonly secretName: string;
  readonly state: 'current' | 'previous' | 'revoked' | 'expired' | 'missing' | 'unavailable';
  readonly info: Partial<StoredSecretInfo>;
  readonly provider: ProviderDescription | undefined;
}

export interface Listing {
  readonly rows: readonly CredentialRow[];
  /** Stores that could not answer, each with its error. */
  readonly failures: readonly { readonly store: string; readonly error: unknown }[];
}

/** Everything that is defined or stored. A store that fails hides its own entries only. */
export async function listCredentials({ options }: LoadedConfig): Promise<Listing> {
  const described = new Map(
    createRegistry(options)
      .providers()
      .map((provider) => [provider.name, provider]),
  );
  const failures: { store: string; error: unknown }[] = [];
  const listed = new Map<string, StoredSecretInfo[]>();
  for (const [name, store] of Object.entries(options.stores)) {
    try {
      listed.set(name, await store.list());
    } catch (error) {
      failures.push({ store: name, error });
    }
  }
  const defined = await Promise.all(
    options.providers.map(async (definition) => {
      const place = placeOfDefinition(options, definition);
      const infos = listed.get(place.storeName);
      const info = infos?.find(({ name }) => name === place.secretName) ?? (await askedFor(place, infos !== undefined));
      return row(place, info, infos !== undefined, described.get(definition.name));
    }),
  );
  const claimed = new Set(defined.map(({ store, secretName }) => JSON.stringify([store, secretName])));
  const others = [...listed].flatMap(([storeName, infos]) =>
    infos
      .filter(({ name }) => !claimed.has(JSON.stringify([storeName, name])))
      .map((info) =>
        row({ name: info.name, definition: undefined, storeName, secretName: info.name }, info, true, undefined),
      ),
  );
  return { rows: [...defined, ...others], failures };
}

/** Where the secret of a name rests. @param storeName Instead of the one that its provider names. */
export function placeOf({ options }: LoadedConfig, name: string, storeName?: string): Place {
  const definition = options.providers.find((provider) => provider.name === name);
  if (definition !== undefined && storeName === undefined) return placeOfDefinition(options, definition);
  const wanted = storeName ?? 'default';
  return {
    name,
    definition,
    storeName: wanted,
    store: storeNamed(options, wanted),
    secretName: definition?.secretName ?? name,
  };
}

/** Nothing of that name is there. The name is repeated only if it can't be a value. */
export function notStored(shown: string, names: readonly string[], wanted: string): ClavigerError {
  const near = nearNames(wanted, names).map((name) => `"${name}"`);
  const hint = near.length === 0 ? 'see claviger ls' : `did you mean ${near.join(' or ')}?`;
  return new ClavigerError('ERR_CREDENTIAL_NOT_FOUND', `nothing is stored under ${shown}: ${hint}`);
}

function placeOfDefinition(options: LoadedConfig['options'], definition: Definition): Place {
  const { name, secretName = name } = definition;
  const storeName = typeof definition.store === 'string' ? definition.store : 'default';
  return { name, definition, storeName, store: storeNamed(options, storeName), secretName };
}

function storeNamed({ stores }: LoadedConfig['options'], name: string): Store {
  const store = Object.hasOwn(stores, name) ? stores[name] : undefined;
  if (store !== undefined) return store;
  const known = Object.keys(stores).map((other) => `"${other}"`);
  throw new ClavigerError('ERR_CONFIG_INVALID', `no store is named "${name}": there is ${known.join(', ')}`);
}

/** Stores that can't tell what they hold are asked for the one entry. */
async function askedFor(
  { store, secretName }: Place,
  answers: boolean,
): Promise<Partial<StoredSecretInfo> | undefined> {
  if (!answers || store.kind === 'file') return undefined;
  const stored = await store.get(secretName);
  if (stored === undefined) return undefined;
  const { secret, ...info } = stored;
  return { ...info, fingerprint: secret.fingerprint() };
}

function row(
  { name, definition, storeName, secretName }: Omit<Place, 'store'>,
  info: Partial<StoredSecretInfo> | undefined,
  answered: boolean,
  provider: ProviderDescription | undefined,
): CredentialRow {
  const state = info === undefined ? (answered ? 'missing' : 'unavailable') : stateOf(info);
  return { name, defined: definition !== undefined, store: storeName, secretName, state, info: info ?? {}, provider };
}

function stateOf({ state = 'current', expiresAt }: Partial<StoredSecretInfo>): CredentialRow['state'] {
  if (state === 'revoked') return state;
  return expiresAt !== undefined && expiresAt.getTime() <= Date.now() ? 'expired' : state;
}
