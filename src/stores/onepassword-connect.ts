import { importPeer } from './cloud/import-peer.js';
import { listReadable } from './cloud/list-readable.js';
import { secureEndpoint } from './cloud/secure-endpoint.js';
import { within } from './cloud/within.js';
import type { Limits } from './cloud/within.js';
import { lookupName } from './record.js';
import { secretIn } from './read-only.js';
import { Secret } from '../secret.js';
import { assertKnownOptions, refuseOptions, storeFailure } from './store-failure.js';
import type { Store, StoredSecret } from './store.js';

/** What we use of `OPConnect` of `@1password/connect`. */
export interface OnePasswordConnectLike {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the client's models fit no narrower type
  getVault(query: string): Promise<any>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  listVaults(): Promise<any[]>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  listItems(vaultId: string): Promise<any[]>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  listItemsByTitle(vaultId: string, title: string): Promise<any[]>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  getItemById(vaultId: string, itemId: string): Promise<any>;
}

interface CommonOptions {
  /** Name or id of the vault; default the only one that the token may see. */
  vault?: string;
  /** Label or id of the field that is the secret; default `credential`. */
  field?: string;
  /** For one call; default 10 000. */
  timeoutMs?: number;
}

/** A client, or what to make one of: the URL of the Connect server and a token, or a file that holds it. */
export type OnePasswordConnectStoreOptions = CommonOptions &
  (
    | { client: OnePasswordConnectLike }
    | { client?: never; endpoint: string; token: string | Secret; tokenFile?: never }
    | { client?: never; endpoint: string; token?: never; tokenFile: string }
  );

const KIND = 'onepassword-connect';
const PACKAGE = '@1password/connect';

interface Item {
  id?: string;
  title?: string;
  version?: number;
  createdAt?: Date | string;
  fields?: { id?: string; label?: string; value?: string; purpose?: string }[];
}

/**
 * A store over a 1Password Connect server, read only, through the official client, an optional peer. The name of a secret is
 * the title of its item.
 *
 * - A version is the number of the item; only the current one can be had. Its user name is the item's.
 * - Two items of one title are `ERR_CONFIG_INVALID`.
 *
 * @throws `ClavigerError` `ERR_DEPENDENCY_MISSING`, `ERR_STORE_DENIED`, `ERR_STORE_UNAVAILABLE`
 *
 * @example
 * const store = onePasswordConnectStore({ endpoint: 'http://localhost:8080', tokenFile: '/run/secrets/op', vault: 'dev' });
 */
export function onePasswordConnectStore(options: OnePasswordConnectStoreOptions): Store {
  assertKnownOptions(KIND, options, ['client', 'endpoint', 'token', 'tokenFile', 'vault', 'field', 'timeoutMs']);
  const { vault, field = 'credential', timeoutMs = 10_000 } = options;
  const open = opener(options);
  let vaultId: string | undefined;

  const ask = async <T>(limits: Limits, what: (client: OnePasswordConnectLike) => Promise<T>): Promise<T> => {
    const client = await open();
    return within(limits, () => what(client)).catch((error: unknown) => failed(error, limits));
  };
  /** A vault that is not found is a mistake in the options, and never "not here". */
  const idOfVault = async (limits: Limits): Promise<string> => {
    if (vaultId !== undefined) return vaultId;
    const found = (await ask(limits, async (client) =>
      vault === undefined ? onlyOne(await client.listVaults()) : client.getVault(vault),
    )) as { id?: unknown } | undefined;
    if (typeof found?.id !== 'string') throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, 'the vault was not found');
    vaultId = found.id;
    return vaultId;
  };

  const get: Store['get'] = async (name, { account, version, signal } = {}) => {
    signal?.throwIfAborted();
    const title = lookupName(name, account);
    if (title === undefined) return undefined;
    const limits = { timeoutMs, signal };
    const id = await idOfVault(limits);
    const answer: unknown = await ask(limits, (client) => itemsTitled(client, id, title));
    if (!Array.isArray(answer)) throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, "the answer can't be read");
    const items = (answer as Item[]).filter((item) => item.title === title);
    if (items.length > 1) throw storeFailure('ERR_CONFIG_INVALID', KIND, `${items.length} items are titled "${title}"`);
    const [item] = items;
    const found = item && storedIn(name, item, field);
    return version === undefined || version === found?.version ? found : undefined;
  };

  return {
    kind: KIND,
    get,
    async list() {
      const limits = { timeoutMs };
      const id = await idOfVault(limits);
      const items: unknown = await ask(limits, (client) => client.listItems(id));
      if (!Array.isArray(items)) throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, "the list can't be read");
      const titles = (items as Item[]).flatMap(({ title }) =>
        typeof title === 'string' && title !== '' ? [title] : [],
      );
      return listReadable([...new Set(titles)], get);
    },
  };
}

function storedIn(
  name: string,
  { fields = [], version = 1, createdAt }: Item,
  field: string,
): StoredSecret | undefined {
  const value = fields.find(({ id, label }) => label === field || id === field)?.value;
  if (value === undefined || value === '') return undefined;
  const username = fields.find(({ purpose }) => purpose === 'USERNAME')?.value;
  const created = new Date(createdAt ?? NaN);
  return {
    secret: secretIn(KIND, name, value),
    version: String(version),
    state: 'current',
    ...(Number.isFinite(created.getTime()) && { createdAt: created }),
    ...(username !== undefined && username !== '' && { username }),
  };
}

/** The client writes a title into its URL as it is: one that would end the text or the parameter there is looked for by hand. */
async function itemsTitled(client: OnePasswordConnectLike, vaultId: string, title: string): Promise<unknown> {
  if (!/["\\%&#+\p{Cc}]/u.test(title)) return client.listItemsByTitle(vaultId, title);
  const all: unknown = await client.listItems(vaultId);
  if (!Array.isArray(all)) return undefined;
  const found = (all as Item[]).filter((item) => item.title === title && item.id !== undefined);
  return Promise.all(found.map(({ id }) => client.getItemById(vaultId, id ?? '') as Promise<unknown>));
}

function onlyOne(vaults: unknown): unknown {
  if (Array.isArray(vaults) && vaults.length === 1) return vaults[0];
  return undefined;
}

function opener(options: OnePasswordConnectStoreOptions): () => Promise<OnePasswordConnectLike> {
  const given = options.client;
  if (given !== undefined) {
    if (typeof (given as Partial<OnePasswordConnectLike> | null)?.listItemsByTitle !== 'function') {
      refuseOptions(KIND, `client must be an OPConnect of ${PACKAGE}`);
    }
    return async () => given;
  }
  const { endpoint, token, tokenFile } = options;
  if (secureEndpoint(KIND, endpoint) === undefined) {
    refuseOptions(KIND, 'give a client, or the URL of a Connect server as endpoint');
  }
  if ((token === undefined) === (tokenFile === undefined)) refuseOptions(KIND, 'give a token or a tokenFile');
  const held = token === undefined ? undefined : tokenOf(token);
  let made: OnePasswordConnectLike | undefined;
  return async () => {
    if (made !== undefined) return made;
    const own = held ?? (await tokenIn(tokenFile ?? ''));
    type Sdk = { OnePasswordConnect?: Factory; default?: { OnePasswordConnect: Factory } };
    type Factory = (options: object) => OnePasswordConnectLike;
    const sdk = await importPeer<Sdk>(KIND, PACKAGE);
    const create = sdk.OnePasswordConnect ?? sdk.default?.OnePasswordConnect;
    if (create === undefined)
      throw storeFailure('ERR_DEPENDENCY_MISSING', KIND, `${PACKAGE} is not the client that it should be`);
    made = create({ serverURL: endpoint, token: own.reveal(), timeout: options.timeoutMs ?? 10_000 });
    return made;
  };
}

function tokenOf(token: string | Secret): Secret {
  try {
    return token instanceof Secret ? token : Secret.from(token);
  } catch {
    return refuseOptions(KIND, 'token is not a usable secret');
  }
}

async function tokenIn(path: string): Promise<Secret> {
  const { readFile } = await import('node:fs/promises');
  try {
    return Secret.from((await readFile(path, 'utf8')).replace(/\r?\n$/, ''));
  } catch (error) {
    throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, `can't read the token in ${path}`, error);
  }
}

/** The client rejects with what the server said, or with an error of its HTTP client. */
function failed(error: unknown, { signal }: Limits): never {
  signal?.throwIfAborted();
  const { status, statusCode, response } = (typeof error === 'object' && error !== null ? error : {}) as {
    status?: unknown;
    statusCode?: unknown;
    response?: { status?: unknown };
  };
  const code = [status, statusCode, response?.status].find((one) => typeof one === 'number');
  if (code === 401 || code === 403) {
    throw storeFailure(
      'ERR_STORE_DENIED',
      KIND,
      'the Connect server refused: check the token and the vaults it may see',
      error,
    );
  }
  const how = code === undefined ? '' : ` (${String(code)})`;
  throw storeFailure(
    'ERR_STORE_UNAVAILABLE',
    KIND,
    `the Connect server did not give an answer that can be used${how}`,
    error,
  );
}
