import { fieldIn, wantedSecret } from './cloud/field.js';
import { importPeer } from './cloud/import-peer.js';
import { listReadable } from './cloud/list-readable.js';
import { plainName, safeName } from './cloud/safe-name.js';
import { secureEndpoint } from './cloud/secure-endpoint.js';
import { within } from './cloud/within.js';
import type { Limits } from './cloud/within.js';
import { secretIn } from './read-only.js';
import { assertKnownOptions, refuseOptions, storeFailure } from './store-failure.js';
import type { Store } from './store.js';

/** What we use of `SecretClient` of `@azure/keyvault-secrets`. */
export interface SecretClientLike {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the client's options fit no narrower type
  getSecret(name: string, options?: any): Promise<any>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  listPropertiesOfSecrets(options?: any): AsyncIterable<any>;
}

interface CommonOptions {
  /** The member of a JSON secret that is the secret; `name#field` says it for one. Default: the whole. */
  field?: string;
  /** For one call, its repetitions included; default 10 000. */
  timeoutMs?: number;
}

/** A client, or the URL of a vault, to which `DefaultAzureCredential` of `@azure/identity` says who we are. */
export type AzureKeyVaultStoreOptions = CommonOptions &
  ({ client: SecretClientLike } | { client?: never; endpoint: string });

const KIND = 'azure-key-vault';
const PACKAGE = '@azure/keyvault-secrets';
const NAMES = /^[A-Za-z0-9-]{1,127}$/;

interface KeyVaultSecret {
  name?: string;
  value?: string;
  properties?: { version?: string; createdOn?: Date; expiresOn?: Date; enabled?: boolean };
}

/**
 * A store over Azure Key Vault, read only, through the official client, an optional peer: credentials and back-off are its
 * own.
 *
 * - A version is Azure's id. Azure does not tell upper from lower case: a name finds a secret only in the case it has.
 * - Names that Azure does not allow are written out: `github@alice` is the secret `github--40--alice`.
 *
 * @throws `ClavigerError` `ERR_DEPENDENCY_MISSING`, `ERR_STORE_DENIED` (a disabled secret as well), `ERR_STORE_UNAVAILABLE`
 *
 * @example
 * const store = azureKeyVaultStore({ endpoint: 'https://my-vault.vault.azure.net' });
 */
export function azureKeyVaultStore(options: AzureKeyVaultStoreOptions): Store {
  assertKnownOptions(KIND, options, ['client', 'endpoint', 'field', 'timeoutMs']);
  const { field, timeoutMs = 10_000 } = options;
  const open = opener(options);

  const read = async (name: string, version: string | undefined, limits: Limits) => {
    const client = await open();
    const found = await within(limits, (abortSignal) =>
      client.getSecret(name, { abortSignal, ...(version !== undefined && { version }) }),
    )
      .then((secret: unknown) => secret as KeyVaultSecret)
      .catch((error: unknown) => meaningOf(error, limits));
    if (found === undefined || (found.name ?? name) !== name) return undefined;
    const { value, properties } = found;
    if (typeof value !== 'string' || typeof properties?.version !== 'string') {
      throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, `the answer for "${name}" can't be read`);
    }
    return { value, ...properties, version: properties.version };
  };

  const get: Store['get'] = async (name, { account, version, signal } = {}) => {
    signal?.throwIfAborted();
    const wanted = wantedSecret(name, account, field);
    const safe = wanted && safeName(wanted.name, NAMES);
    if (wanted === undefined || safe === undefined || (version !== undefined && !/^[0-9a-f]{32}$/i.test(version)))
      return undefined;
    const limits = { timeoutMs, signal };
    const [latest, asked] = await Promise.all([
      read(safe, undefined, limits),
      version === undefined ? undefined : read(safe, version, limits),
    ]);
    const found = version === undefined ? latest : asked;
    if (found === undefined || (version !== undefined && found.version !== version)) return undefined;
    const value = fieldIn(KIND, wanted, found.value);
    if (value === undefined) return undefined;
    return {
      secret: secretIn(KIND, name, value),
      version: found.version,
      state: found.version === latest?.version ? 'current' : 'previous',
      ...(found.createdOn instanceof Date && { createdAt: found.createdOn }),
      ...(found.expiresOn instanceof Date && { expiresAt: found.expiresOn }),
    };
  };

  return {
    kind: KIND,
    get,
    async list() {
      const client = await open();
      const limits = { timeoutMs };
      const names = await within(limits, (abortSignal) => namesIn(client, abortSignal)).catch((error: unknown) => {
        meaningOf(error, limits);
        throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, 'there is no vault at that address', error);
      });
      return listReadable(names.map(plainName), get);
    },
  };
}

async function namesIn(client: SecretClientLike, abortSignal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, enabled } of client.listPropertiesOfSecrets({ abortSignal }) as AsyncIterable<{
    name?: string;
    enabled?: boolean;
  }>) {
    if (name !== undefined && enabled !== false) names.push(name);
  }
  return names;
}

function opener(options: AzureKeyVaultStoreOptions): () => Promise<SecretClientLike> {
  const given = options.client;
  if (given !== undefined && typeof (given as Partial<SecretClientLike> | null)?.getSecret !== 'function') {
    refuseOptions(KIND, `client must be a SecretClient of ${PACKAGE}`);
  }
  const { endpoint } = options as { endpoint?: string };
  if (given === undefined && typeof endpoint !== 'string')
    refuseOptions(KIND, 'give a client, or the URL of a vault as endpoint');
  secureEndpoint(KIND, endpoint);
  let made: SecretClientLike | undefined;
  return async () => {
    if (given !== undefined) return given;
    type Sdk = { SecretClient: new (url: string, credential: unknown) => SecretClientLike };
    type Identity = { DefaultAzureCredential: new () => unknown };
    const { SecretClient } = await importPeer<Sdk>(KIND, PACKAGE);
    const { DefaultAzureCredential } = await importPeer<Identity>(KIND, '@azure/identity');
    made ??= new SecretClient(endpoint ?? '', new DefaultAzureCredential());
    return made;
  };
}

/** Undefined where the vault itself says that there is none; a 404 of something before it says nothing of the kind. */
function meaningOf(error: unknown, { signal }: Limits): undefined {
  signal?.throwIfAborted();
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  if (statusCode === 404 && code === 'SecretNotFound') return undefined;
  if (statusCode === 401 || statusCode === 403) {
    throw storeFailure(
      'ERR_STORE_DENIED',
      KIND,
      'Azure refused: check the credentials, their roles, and that it is enabled',
      error,
    );
  }
  const how = typeof statusCode === 'number' ? ` (${statusCode})` : '';
  throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, `Azure did not give an answer that can be used${how}`, error);
}
