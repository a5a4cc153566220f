import { setTimeout as delay } from 'node:timers/promises';
import { isLoopbackHost } from '../destination/address.js';
import { mapLimited } from '../internal/map-limited.js';
import { Secret } from '../secret.js';
import { lookupName, newRecord } from './record.js';
import type { Store, StoredSecret, StoredSecretInfo } from './store.js';
import { assertKnownOptions, refuseOptions } from './store-failure.js';
import { encodePath, errorsOf, VaultClient } from './vault/client.js';
import type { VaultCall } from './vault/client.js';
import { asObject } from './vault/exchange.js';
import type { VaultAnswer } from './vault/exchange.js';
import { storedSecretOf, withSecret } from './vault/kv-secret.js';
import type { Fields, VersionMetadata } from './vault/kv-secret.js';
import { fixedToken, LoginToken, readSecretFile, tokenFromFile } from './vault/token.js';
import type { TokenSource } from './vault/token.js';

export interface VaultStoreOptions {
  /** `https://vault.example.com:8200`; plain http for a loopback address only. */
  address: string;
  /** Where the KV v2 engine is mounted; default `secret`. */
  mount?: string;
  /** One of these four says who we are. */
  token?: string | Secret;
  /** A file that an agent keeps fresh, such as the sink of Vault Agent; read at each use. */
  tokenFile?: string;
  appRole?: { roleId: string; secretId?: string | Secret; secretIdFile?: string; mount?: string };
  /** `jwtFile` defaults to where Kubernetes mounts the service account's token. */
  kubernetes?: { role: string; jwtFile?: string; mount?: string };
  /** Of Vault Enterprise, HCP or OpenBao. */
  namespace?: string;
  /** The field that holds the secret; default `value`, else the only one. */
  field?: string;
  /** For one request; default 10 000. */
  timeoutMs?: number;
  /** The clock of leases, in milliseconds. */
  now?: () => number;
}

export type VaultStore = Store & Required<Pick<Store, 'set' | 'delete' | 'close'>>;

const KUBERNETES_JWT = '/var/run/secrets/kubernetes.io/serviceaccount/token';
/** Writers that meet try again this often; of those that meet one always gets through. */
const WRITES = 40;
const AT_ONCE = 8;
/** `list` looks into no more folders and names than this. */
const MOST_NAMES = 10_000;

/**
 * A store over the KV v2 engine of HashiCorp Vault or OpenBao. The name of a secret is its path below the mount,
 * `team/github`; a version is Vault's number.
 *
 * - A deleted or destroyed version is "not here". Writes are check-and-set and leave the other fields of a secret alone;
 *   user name, expiry and destinations are kept in a field `claviger` beside it.
 * - AppRole and Kubernetes logins are renewed at two thirds of their lease; after a 403 there is one new login.
 * - Requests have connections of their own, verify certificates whatever the environment says, and follow a redirect to the
 *   same origin only.
 * - `list()` walks the folders and reads every secret that it finds, for its fingerprint.
 *
 * @throws `ClavigerError` `ERR_CONFIG_INVALID` for options that can't work, and for a secret of several fields none of which was
 * named. Methods: `ERR_STORE_LOCKED` sealed, `ERR_STORE_DENIED`, `ERR_STORE_UNAVAILABLE` for everything else that is no answer.
 *
 * @example
 * const store = vaultStore({ address: 'https://vault.example.com:8200', kubernetes: { role: 'agent' } });
 */
export function vaultStore(options: VaultStoreOptions): VaultStore {
  return new KvStore(options);
}

interface Found {
  /** Undefined where the version was deleted or destroyed. */
  readonly fields: Fields | undefined;
  readonly metadata: VersionMetadata;
}

class KvStore implements VaultStore {
  readonly kind = 'vault';
  readonly #client: VaultClient;
  readonly #tokens: TokenSource;
  readonly #mount: string;
  readonly #field: string | undefined;

  constructor(options: VaultStoreOptions) {
    const { address, mount = 'secret', namespace, field, timeoutMs = 10_000 } = options;
    assertKnownOptions('vault', options, KNOWN_OPTIONS);
    this.#client = new VaultClient(baseOf(address), namespace, timeoutMs);
    this.#tokens = tokensOf(options, this.#client);
    this.#mount = encodePath(mount.replace(/^\/+|\/+$/g, ''));
    if (this.#mount === '') refuseOptions('vault', 'mount must be the path of a KV v2 engine');
    this.#field = field;
  }

  get: Store['get'] = async (name, { account, version, signal } = {}) => {
    signal?.throwIfAborted();
    const path = pathOf(lookupName(name, account));
    if (path === undefined || (version !== undefined && !/^[1-9]\d{0,15}$/.test(version))) return undefined;
    const [latest, asked] = await Promise.all([
      this.#read(path, undefined, signal),
      version === undefined ? undefined : this.#read(path, version, signal),
    ]);
    const found = version === undefined ? latest : asked;
    if (found?.fields === undefined) return undefined;
    if (version !== undefined && String(found.metadata.version) !== version) return undefined;
    const stored = storedSecretOf(name, found.fields, found.metadata, this.#field);
    const state = found.metadata.version === latest?.metadata.version ? 'current' : 'previous';
    return stored && { ...stored, state };
  };

  list: Store['list'] = async () => {
    const names = await this.#namesIn('');
    const infos = await mapLimited(names, AT_ONCE, async (name) => {
      const stored = await this.get(name).catch(unlistable);
      return stored && infoOf(name, stored);
    });
    return infos.filter((info) => info !== undefined);
  };

  set: VaultStore['set'] = async (name, secret, metadata) => {
    const record = newRecord(name, secret, metadata);
    const path = pathOf(name) ?? refuseOptions('vault', `${JSON.stringify(name)} is no path that Vault could keep`);
    for (let attempt = 1; attempt <= WRITES; attempt++) {
      const now = await this.#read(path, undefined, undefined);
      const data = withSecret(name, now?.fields ?? {}, this.#field, secret, record);
      const body = { options: { cas: now?.metadata.version ?? 0 }, data };
      const answer = await this.#call({ method: 'POST', path: `${this.#mount}/data/${path}`, body });
      const written = answer.status < 300 ? metadataOf(answer.json?.['data']) : undefined;
      if (written !== undefined) {
        const stored = storedSecretOf(name, data, written, this.#field);
        if (stored !== undefined) return infoOf(name, { ...stored, state: 'current' });
      }
      if (answer.status !== 400 || !errorsOf(answer)?.some((text) => /check-and-set/i.test(text))) {
        throw this.#client.unavailable(`did not take "${name}" (${answer.status})`);
      }
      await delay(Math.random() * 10 * Math.min(attempt, 10));
    }
    throw this.#client.unavailable(`has "${name}" written by others all the time`);
  };

  delete: VaultStore['delete'] = async (name) => {
    const path = pathOf(lookupName(name));
    const found = path === undefined ? undefined : await this.#read(path, undefined, undefined);
    if (found === undefined) return false;
    const answer = await this.#call({ method: 'DELETE', path: `${this.#mount}/metadata/${String(path)}` });
    if (answer.status >= 300 && answer.status !== 404) {
      throw this.#client.unavailable(`did not delete "${name}" (${answer.status})`);
    }
    return found.fields !== undefined;
  };

  close: VaultStore['close'] = () => this.#client.close();

  #call(call: VaultCall): Promise<VaultAnswer> {
    return this.#client.call(this.#tokens, call);
  }

  /** Undefined where nothing was ever written, or all of it was removed. */
  async #read(path: string, version: string | undefined, signal: AbortSignal | undefined): Promise<Found | undefined> {
    const query = version === undefined ? {} : { version };
    const answer = await this.#call({ method: 'GET', path: `${this.#mount}/data/${path}`, query, signal });
    const data = asObject(answer.json?.['data']);
    const metadata = metadataOf(data?.['metadata']);
    if (metadata !== undefined && (answer.status === 200 || answer.status === 404)) {
      const fields = asObject(data?.['data']);
      if (fields !== undefined && answer.status === 200) return { fields, metadata };
      if (data?.['data'] === null) return { fields: undefined, metadata };
    }
    if (isNothing(answer)) return undefined;
    throw this.#client.unavailable(unreadable(answer));
  }

  async #namesIn(folder: string, found: string[] = []): Promise<string[]> {
    const path = `${this.#mount}/metadata/${encodePath(folder)}`;
    const answer = await this.#call({ method: 'GET', path, query: { list: 'true' } });
    if (isNothing(answer)) return found;
    const keys: unknown = asObject(answer.json?.['data'])?.['keys'];
    if (answer.status !== 200 || !Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) {
      throw this.#client.unavailable(unreadable(answer));
    }
    for (const key of keys) {
      if (found.length > MOST_NAMES) throw this.#client.unavailable(`holds more than ${MOST_NAMES} names`);
      if (key.endsWith('/')) await this.#namesIn(folder + key, found);
      else found.push(folder + key);
    }
    return found;
  }
}

const KNOWN_OPTIONS = [
  ...['address', 'mount', 'token', 'tokenFile', 'appRole', 'kubernetes'],
  ...['namespace', 'field', 'timeoutMs', 'now'],
];

function baseOf(address: unknown): URL {
  let url: URL | undefined;
  try {
    url = new URL(String(address));
  } catch {
    return refuseOptions('vault', 'address must be a URL such as https://vault.example.com:8200');
  }
  const plain = url.protocol === 'http:' && isLoopbackHost(url.hostname);
  if (url.protocol !== 'https:' && !plain) {
    refuseOptions('vault', 'address must be https: over plain http anybody on the way could read the token');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    refuseOptions('vault', 'address must be an origin, with a path at most');
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function tokensOf(options: VaultStoreOptions, client: VaultClient): TokenSource {
  const { token, tokenFile, appRole, kubernetes, now = Date.now } = options;
  const given = Object.entries({ token, tokenFile, appRole, kubernetes }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) refuseOptions('vault', 'give one of token, tokenFile, appRole and kubernetes');
  if (token !== undefined) return fixedToken(secretOption('token', token));
  if (tokenFile !== undefined) return tokenFromFile(tokenFile);
  const renew = (held: Secret) => client.renew(held);
  if (appRole !== undefined) {
    const { roleId, secretId, secretIdFile, mount = 'approle' } = appRole;
    if (typeof roleId !== 'string' || (secretId === undefined) === (secretIdFile === undefined)) {
      refuseOptions('vault', 'appRole must have a roleId and either a secretId or a secretIdFile');
    }
    const own = secretId === undefined ? undefined : secretOption('secretId', secretId);
    const login = async () => {
      const id = own ?? (await readSecretFile(secretIdFile ?? ''));
      return client.logIn('AppRole', mount, { role_id: roleId, secret_id: id.reveal() });
    };
    return new LoginToken({ login, renew }, now);
  }
  const { role, jwtFile = KUBERNETES_JWT, mount = 'kubernetes' } = kubernetes ?? { role: '' };
  if (typeof role !== 'string' || role === '') refuseOptions('vault', 'kubernetes must have a role');
  const login = async () => {
    const jwt = await readSecretFile(jwtFile);
    return client.logIn('Kubernetes', mount, { role, jwt: jwt.reveal() });
  };
  return new LoginToken({ login, renew }, now);
}

function secretOption(name: string, value: string | Secret): Secret {
  try {
    return value instanceof Secret ? value : Secret.from(value);
  } catch {
    return refuseOptions('vault', `${name} is not a usable secret`);
  }
}

/** A path that stays below the mount and that Vault takes: no empty segment, no dots alone, nothing that can't be printed. */
function pathOf(name: string | undefined): string | undefined {
  if (name === undefined || !name.isWellFormed() || /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u.test(name)) return undefined;
  return name.split('/').every((segment) => !/^\.{0,2}$/.test(segment)) ? encodePath(name) : undefined;
}

/** Vault's way to say that nothing is there; a mount that isn't there comes with an error text, and a proxy's 404 without any. */
function isNothing(answer: VaultAnswer): boolean {
  return answer.status === 404 && errorsOf(answer)?.length === 0;
}

function unreadable(answer: VaultAnswer): string {
  if (answer.status !== 404) return `gave an answer that can't be read (${answer.status})`;
  return 'knows no KV v2 engine there (404): check address, mount and namespace';
}

function metadataOf(value: unknown): VersionMetadata | undefined {
  const { version, created_time: created } = asObject(value) ?? {};
  if (!Number.isSafeInteger(version)) return undefined;
  const createdAt = typeof created === 'string' ? new Date(created) : undefined;
  return { version: version as number, createdAt: Number.isFinite(createdAt?.getTime()) ? createdAt : undefined };
}

function infoOf(name: string, { secret, ...details }: StoredSecret): StoredSecretInfo {
  return { name, ...details, fingerprint: secret.fingerprint() };
}

/** What can't be used must not keep the others from being listed; a server that can't answer is another matter. */
function unlistable(error: unknown): undefined {
  const { code } = error as { code?: string };
  if (code === 'ERR_SECRET_INVALID' || code === 'ERR_CONFIG_INVALID' || code === 'ERR_STORE_CORRUPT') return undefined;
  throw error;
}
