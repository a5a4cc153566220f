import { Secret } from '../../secret.js';
import type { EntryRecord } from '../record.js';
import { storeFailure } from '../store-failure.js';
import type { StoredSecret } from '../store.js';
import { asObject } from './exchange.js';

/** The fields of one version of a KV v2 secret. */
export type Fields = Readonly<Record<string, unknown>>;

/** What Vault says of one version. */
export interface VersionMetadata {
  readonly version: number;
  readonly createdAt: Date | undefined;
}

/** The field that holds what Vault has no place for: user name, expiry, destinations. */
const OURS = 'claviger';

/**
 * The field that holds the secret: the one asked for, else `value`, else the only one; undefined where there is none.
 *
 * @throws {@link ClavigerError} `ERR_CONFIG_INVALID` where several could be meant
 */
function secretField(name: string, fields: Fields, field: string | undefined): string | undefined {
  if (field !== undefined) return Object.hasOwn(fields, field) ? field : undefined;
  if (Object.hasOwn(fields, 'value')) return 'value';
  const others = Object.keys(fields).filter((key) => key !== OURS);
  if (others.length <= 1) return others[0];
  const what = `"${name}" has ${others.length} fields and none is named value: say which with field`;
  throw storeFailure('ERR_CONFIG_INVALID', 'vault', what);
}

/** The fields with a new secret in its place; those of others stay. */
export function withSecret(
  name: string,
  before: Fields,
  field: string | undefined,
  secret: Secret,
  record: EntryRecord,
) {
  const { [OURS]: _before, ...others } = before;
  const { expiresAt, username, destinations } = record;
  const ours = {
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    ...(username !== undefined && { username }),
    ...(destinations !== undefined && { destinations }),
  };
  return {
    ...others,
    [field ?? secretField(name, before, undefined) ?? 'value']: secret.reveal(),
    ...(Object.keys(ours).length > 0 && { [OURS]: ours }),
  };
}

/** @throws {@link ClavigerError} `ERR_SECRET_INVALID` for a field that is no usable secret, `ERR_STORE_CORRUPT` for details that can't be read */
export function storedSecretOf(
  name: string,
  fields: Fields,
  { version, createdAt }: VersionMetadata,
  field: string | undefined,
): StoredSecret | undefined {
  const key = secretField(name, fields, field);
  if (key === undefined) return undefined;
  const { username } = fields;
  return {
    secret: secretOf(name, fields[key]),
    version: String(version),
    ...(createdAt !== undefined && { createdAt }),
    ...(typeof username === 'string' && key !== 'username' && { username }),
    ...detailsOf(name, fields[OURS]),
  };
}

function secretOf(name: string, value: unknown): Secret {
  try {
    return Secret.from(value as string);
  } catch (error) {
    throw storeFailure('ERR_SECRET_INVALID', 'vault', `"${name}": ${(error as Error).message}`);
  }
}

/** Destinations that can't be read must not be taken for none: that would widen where the secret may go. */
function detailsOf(name: string, value: unknown): Pick<StoredSecret, 'expiresAt' | 'username' | 'destinations'> {
  if (value === undefined) return {};
  const { expiresAt, username, destinations, ...rest } = asObject(value) ?? { unreadable: true };
  const expiry = typeof expiresAt === 'string' ? new Date(expiresAt) : undefined;
  const isRead =
    Object.keys(rest).length === 0 &&
    (expiresAt === undefined || Number.isFinite(expiry?.getTime())) &&
    (username === undefined || typeof username === 'string') &&
    (destinations === undefined ||
      (Array.isArray(destinations) && destinations.every((one) => typeof one === 'string')));
  if (!isRead) {
    throw storeFailure('ERR_STORE_CORRUPT', 'vault', `the field "${OURS}" of "${name}" is not as claviger writes it`);
  }
  return {
    ...(expiry !== undefined && { expiresAt: expiry }),
    ...(username !== undefined && { username }),
    ...(destinations !== undefined && { destinations }),
  };
}
