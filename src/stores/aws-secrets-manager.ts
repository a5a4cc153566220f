import { mapLimited } from '../internal/map-limited.js';
import { fieldIn, wantedSecret } from './cloud/field.js';
import type { Wanted } from './cloud/field.js';
import { importPeer } from './cloud/import-peer.js';
import { secureEndpoint } from './cloud/secure-endpoint.js';
import { within } from './cloud/within.js';
import type { Limits } from './cloud/within.js';
import { secretIn, textOf } from './read-only.js';
import { assertKnownOptions, refuseOptions, storeFailure } from './store-failure.js';
import type { Store, StoredSecret, StoredSecretInfo } from './store.js';

/** What we use of `SecretsManager` or `SecretsManagerClient` of `@aws-sdk/client-secrets-manager`. */
export interface SecretsManagerLike {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the SDK's overloads fit no narrower type
  send(command: any, options?: any): Promise<any>;
}

interface CommonOptions {
  /** The member of a JSON secret that is the secret; `name#field` says it for one. Default: the whole. */
  field?: string;
  /** For one call, its repetitions included; default 10 000. */
  timeoutMs?: number;
}

/** A client, or what to make one of. */
export type AwsSecretsManagerStoreOptions = CommonOptions &
  ({ client: SecretsManagerLike } | { client?: never; region?: string; endpoint?: string });

const KIND = 'aws-secrets-manager';
const PACKAGE = '@aws-sdk/client-secrets-manager';

/** As many as one BatchGetSecretValue takes. */
const BATCH = 20;
const DENIED = /^(AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|InvalidClientTokenId|NotAuthorized)/;

interface SecretValue {
  Name?: string;
  SecretString?: string;
  SecretBinary?: Uint8Array;
  VersionId?: string;
  VersionStages?: string[];
  CreatedDate?: Date;
}

/**
 * A store over AWS Secrets Manager, read only, through the official client, an optional peer: credentials, endpoints and
 * back-off when AWS throttles are its own.
 *
 * - A version is AWS's `VersionId`; `AWSCURRENT` and `AWSPREVIOUS` are its states. One that waits for deletion is not here.
 * - `list()` tells those that may be read, 20 at a call (BatchGetSecretValue).
 *
 * @throws `ClavigerError` `ERR_DEPENDENCY_MISSING`, `ERR_STORE_DENIED`, `ERR_STORE_UNAVAILABLE`
 *
 * @example
 * const store = awsSecretsManagerStore({ region: 'eu-central-1' });
 * await store.get('prod/db#password');
 */
export function awsSecretsManagerStore(options: AwsSecretsManagerStoreOptions = {}): Store {
  assertKnownOptions(KIND, options, ['client', 'region', 'endpoint', 'field', 'timeoutMs']);
  const { field, timeoutMs = 10_000 } = options;
  const call = caller(options);

  const read = async ({ name, field }: Wanted, version: string | undefined, limits: Limits) => {
    const input = { SecretId: name, ...(version === undefined ? {} : { VersionId: version }) };
    const value = (await call('GetSecretValue', input, limits).catch(missing)) as SecretValue | undefined;
    if (value === undefined || (version !== undefined && value.VersionId !== version)) return undefined;
    return storedIn({ name, field }, value);
  };

  return {
    kind: KIND,

    async get(name, { account, version, signal } = {}) {
      signal?.throwIfAborted();
      const wanted = wantedSecret(name, account, field);
      if (wanted === undefined || !/^[A-Za-z0-9/_+=.@!:-]{1,512}$/.test(wanted.name)) return undefined;
      if (version !== undefined && !/^[\w-]{32,64}$/.test(version)) return undefined;
      return read(wanted, version, { timeoutMs, signal });
    },

    async list() {
      const names = await namesIn(call, timeoutMs);
      const batches = Array.from({ length: Math.ceil(names.length / BATCH) }, (_, index) =>
        names.slice(index * BATCH, (index + 1) * BATCH),
      );
      return (await mapLimited(batches, 2, (batch) => infosOf(call, batch, field, timeoutMs))).flat();
    },
  };
}

type Call = (operation: string, input: object, limits: Limits) => Promise<unknown>;

/** One call of the client. The aggregated client has a method for each, the bare one takes command objects. */
function caller(options: AwsSecretsManagerStoreOptions): Call {
  const given = options.client;
  if (given !== undefined && typeof (given as Partial<SecretsManagerLike> | null)?.send !== 'function') {
    refuseOptions(KIND, `client must be a SecretsManagerClient of ${PACKAGE}`);
  }
  type Sdk = Record<string, new (input: object) => SecretsManagerLike>;
  const sdk = () => importPeer<Sdk>(KIND, PACKAGE);
  secureEndpoint(KIND, (options as { endpoint?: string }).endpoint);
  let made: SecretsManagerLike | undefined;
  const client = async (): Promise<SecretsManagerLike> => {
    if (given !== undefined) return given;
    const { region, endpoint } = options as { region?: string; endpoint?: string };
    const { SecretsManager } = await sdk();
    if (SecretsManager === undefined) throw storeFailure('ERR_DEPENDENCY_MISSING', KIND, `${PACKAGE} is too old`);
    made ??= new SecretsManager({
      ...(region !== undefined && { region }),
      ...(endpoint !== undefined && { endpoint }),
    });
    return made;
  };
  return async (operation, input, limits) => {
    const target = await client();
    const method = (target as unknown as Record<string, unknown>)[
      operation.charAt(0).toLowerCase() + operation.slice(1)
    ];
    const Command = typeof method === 'function' ? undefined : (await sdk())[`${operation}Command`];
    try {
      return await within(limits, (abortSignal) =>
        Command === undefined
          ? (method as (...args: unknown[]) => Promise<unknown>).call(target, input, { abortSignal })
          : (target.send(new Command(input), { abortSignal }) as Promise<unknown>),
      );
    } catch (error) {
      limits.signal?.throwIfAborted();
      throw meaningOf(error);
    }
  };
}

/** A secret that is not there, as an error that never leaves this module. */
class Missing extends Error {}

function missing(error: unknown): undefined {
  if (error instanceof Missing) return undefined;
  throw error;
}

function meaningOf(error: unknown): unknown {
  const { name = '', message = '', $metadata } = error as Partial<Error> & { $metadata?: { httpStatusCode?: number } };
  if (name === 'ResourceNotFoundException') return new Missing();
  if (name === 'InvalidRequestException' && /deletion|deleted/i.test(message)) return new Missing();
  const status = $metadata?.httpStatusCode;
  if (DENIED.test(name) || status === 401 || status === 403) {
    return storeFailure('ERR_STORE_DENIED', KIND, 'AWS refused: check the credentials and their policies', error);
  }
  const how = status === undefined ? '' : ` (${status})`;
  return storeFailure('ERR_STORE_UNAVAILABLE', KIND, `AWS did not give an answer that can be used${how}`, error);
}

function storedIn(wanted: Wanted, value: SecretValue): StoredSecret | undefined {
  const { SecretString, SecretBinary, VersionId, VersionStages = [], CreatedDate } = value;
  const text = SecretString ?? (SecretBinary === undefined ? undefined : textOf(SecretBinary));
  if (text === undefined || VersionId === undefined) {
    throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, `the answer for "${wanted.name}" can't be read`);
  }
  const found = fieldIn(KIND, wanted, text);
  if (found === undefined) return undefined;
  const state = VersionStages.includes('AWSCURRENT')
    ? ({ state: 'current' } as const)
    : VersionStages.includes('AWSPREVIOUS') && ({ state: 'previous' } as const);
  return {
    secret: secretIn(KIND, wanted.name, found),
    version: VersionId,
    ...(CreatedDate instanceof Date && { createdAt: CreatedDate }),
    ...state,
  };
}

async function namesIn(call: Call, timeoutMs: number): Promise<string[]> {
  const names: string[] = [];
  let next: string | undefined;
  do {
    const input = { MaxResults: 100, ...(next !== undefined && { NextToken: next }) };
    const page = (await call('ListSecrets', input, { timeoutMs })) as {
      SecretList?: SecretValue[];
      NextToken?: string;
    };
    if (page.SecretList === undefined) throw storeFailure('ERR_STORE_UNAVAILABLE', KIND, "the list can't be read");
    names.push(...page.SecretList.flatMap(({ Name }) => (Name === undefined ? [] : [Name])));
    next = page.NextToken;
  } while (next !== undefined);
  return names;
}

/** Those that may be read; one that can't be used must not keep the others from being listed. */
async function infosOf(call: Call, names: string[], field: string | undefined, timeoutMs: number) {
  const answer = (await call('BatchGetSecretValue', { SecretIdList: names }, { timeoutMs })) as {
    SecretValues?: SecretValue[];
  };
  return (answer.SecretValues ?? []).flatMap((value): StoredSecretInfo[] => {
    const name = value.Name ?? '';
    try {
      const { secret, ...info } = storedIn({ name, field }, value) ?? { secret: undefined };
      return secret === undefined
        ? []
        : [{ name, ...(info as Omit<StoredSecret, 'secret'>), fingerprint: secret.fingerprint() }];
    } catch {
      return [];
    }
  });
}
