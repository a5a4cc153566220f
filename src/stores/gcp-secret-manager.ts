import { fieldIn, wantedSecret } from './cloud/field.js';
import { importPeer } from './cloud/import-peer.js';
import { listReadable } from './cloud/list-readable.js';
import { plainName, safeName } from './cloud/safe-name.js';
import { secureEndpoint } from './cloud/secure-endpoint.js';
import { within } from './cloud/within.js';
import type { Limits } from './cloud/within.js';
import { secretIn, textOf } from './read-only.js';
import { assertKnownOptions, refuseOptions, storeFailure } from './store-failure.js';
import type { Store } from './store.js';

/** What we use of `SecretManagerServiceClient` of `@google-cloud/secret-manager`. */
export interface SecretManagerLike {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the client's overloads fit no narrower type
  accessSecretVersion(request: any, options?: any): Promise<any>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  listSecrets(request: any, options?: any): Promise<any>;
}

interface CommonOptions {
  /** The id or number of the project. */
  project: string;
  /** The member of a JSON secret that is the secret; `name#field` says it for one. Default: the whole. */
  field?: string;
  /** For one call, its repetitions included; default 10 000. */
  timeoutMs?: number;
}

/** A client, or what to make one of. */
export type GcpSecretManagerStoreOptions = CommonOptions &
  ({ client: SecretManagerLike } | { client?: never; endpoint?: string });

const KIND = 'gcp-secret-manager';
const PACKAGE = '@google-cloud/secret-manager';
const NAMES = /^[A-Za-z0-9_-]{1,255}$/;

/** Codes of gRPC. */
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;
const UNAUTHENTICATED = 16;

/**
 * A store over Google Secret Manager, read only, through the official client, an optional peer: credentials and back-off
 * are its own.
 *
 * - A version is Google's number. A disabled or destroyed version is not here.
 * - Names that Google does not allow are written out: `github@alice` is the secret `github--40--alice`.
 *
 * @throws `ClavigerError` `ERR_DEPENDENCY_MISSING`, `ERR_STORE_DENIED`, `ERR_STORE_UNAVAILABLE`
 *
 * @example
 * const store = gcpSecretManagerStore({ project: 'my-project' });
 */
export function gcpSecretManagerStore(options: GcpSecretManagerStoreOptions): Store {
  assertKnownOptions(KIND, options, ['client', 'project', 'endpoint', 'field', 'timeoutMs']);
  const { project, field, timeoutMs = 10_000 } = options;
  if (typeof project !== 'string' || !/^[\w.:-]+$/.test(project))
    refuseOptions(KIND, 'project must be the id of a project');
  const open = opener(options);

  const access = async (name: string, version: string, limits: Limits) => {
    const client = await open();
    const path = `projects/${project}/secrets/${name}/versions/${version}`;
    const answer = await within(limits, () => client.accessSecretVersion({ name: path }, { timeout: timeoutMs }))
      .then(([first]: [unknown]) => first as { name?: string; payload?: { data?: Uint8Array | string } })
      .catch((error: unknown) => meaningOf(error, limits));
    if (answer === undefined) return undefined;
    const data = answer.payload?.data;
    const text = typeof data === 'string' ? textOf(Buffer.from(data, 'base64')) : data && textOf(data);
    const [number] = /(?<=\/versions\/)\d+$/.exec(answer.name ?? '') ?? [];
    if (text === undefined || number === undefined) {
      throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, `the answer for "${name}" can't be read`);
    }
    return { text, version: number };
  };

  const get: Store['get'] = async (name, { account, version, signal } = {}) => {
    signal?.throwIfAborted();
    const wanted = wantedSecret(name, account, field);
    const safe = wanted && safeName(wanted.name, NAMES);
    if (wanted === undefined || safe === undefined || (version !== undefined && !/^[1-9]\d{0,9}$/.test(version)))
      return undefined;
    const limits = { timeoutMs, signal };
    const [latest, asked] = await Promise.all([
      access(safe, 'latest', limits),
      version === undefined ? undefined : access(safe, version, limits),
    ]);
    const found = version === undefined ? latest : asked;
    if (found === undefined || (version !== undefined && found.version !== version)) return undefined;
    const value = fieldIn(KIND, wanted, found.text);
    if (value === undefined) return undefined;
    const state = found.version === latest?.version ? 'current' : 'previous';
    return { secret: secretIn(KIND, name, value), version: found.version, state };
  };

  return {
    kind: KIND,
    get,
    async list() {
      const client = await open();
      const limits = { timeoutMs };
      const secrets = await within(limits, () =>
        client.listSecrets({ parent: `projects/${project}` }, { timeout: timeoutMs }),
      )
        .then(([first]: [unknown]) => first as { name?: string }[])
        .catch((error: unknown) => meaningOf(error, limits));
      const names = (secrets ?? []).flatMap(({ name }) => /(?<=\/secrets\/)[^/]+$/.exec(name ?? '') ?? []);
      return listReadable(names.map(plainName), get);
    },
  };
}

function opener(options: GcpSecretManagerStoreOptions): () => Promise<SecretManagerLike> {
  const given = options.client;
  if (given !== undefined && typeof (given as Partial<SecretManagerLike> | null)?.accessSecretVersion !== 'function') {
    refuseOptions(KIND, `client must be a SecretManagerServiceClient of ${PACKAGE}`);
  }
  const url = secureEndpoint(KIND, (options as { endpoint?: string }).endpoint);
  let made: SecretManagerLike | undefined;
  return async () => {
    if (given !== undefined) return given;
    type Sdk = { SecretManagerServiceClient: new (input: object) => SecretManagerLike };
    const { SecretManagerServiceClient } = await importPeer<Sdk>(KIND, PACKAGE);
    // REST over HTTP 1.1: a fraction of what gRPC costs to load.
    made ??= new SecretManagerServiceClient({
      fallback: true,
      ...(url && { apiEndpoint: url.hostname, port: Number(url.port || 443), protocol: url.protocol.slice(0, -1) }),
    });
    return made;
  };
}

/** Undefined where the engine itself says that there is none; a 404 of something before it says nothing of the kind. */
function meaningOf(error: unknown, { signal }: Limits): undefined {
  signal?.throwIfAborted();
  const { code } = error as { code?: unknown };
  const status = restStatus(error);
  if (code === NOT_FOUND || status === 'NOT_FOUND') return undefined;
  if (code === FAILED_PRECONDITION || status === 'FAILED_PRECONDITION') return undefined;
  if (code === PERMISSION_DENIED || code === UNAUTHENTICATED || code === 401 || code === 403) {
    throw storeFailure('ERR_STORE_DENIED', KIND, 'Google refused: check the credentials and their roles', error);
  }
  throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, 'Google did not give an answer that can be used', error);
}

/** Over REST the client's error has the answer as its message: `{"error":{"status":"NOT_FOUND",…}}`. */
function restStatus(error: unknown): unknown {
  try {
    return (JSON.parse((error as Error).message) as { error?: { status?: unknown } }).error?.status;
  } catch {
    return undefined;
  }
}
