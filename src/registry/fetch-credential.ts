import { types } from 'node:util';
import type { Credential, SourceRequest, SourceResult } from '../credential.js';
import { parseDestination } from '../destination/destination.js';
import { ClavigerError, findClavigerError, safeCause, type ErrorCode } from '../errors.js';
import { isShort, Secret, SHORT_SECRET, versionOf } from '../secret.js';
import type { Breaker } from './breaker.js';
import type { Held } from './held.js';
import type { Provider } from './provider.js';

export interface FetchOptions {
  readonly account: string | undefined;
  readonly rejectedVersion: string | undefined;
  readonly timeoutMs: number;
  readonly breaker: Breaker;
  readonly now: () => number;
}

type Given = SourceResult & { destinations?: readonly string[] };

/** What a source or a store said, in an object of our own. */
type Answer = { readonly [Name in keyof Required<Given>]: Given[Name] | undefined };

/**
 * Asks a provider's source or store once.
 *
 * @throws ClavigerError `ERR_CREDENTIAL_NOT_FOUND`, `_EXPIRED`, `_REVOKED` for what the store said; `ERR_STORE_*` where
 * it could not say anything; `ERR_SECRET_INVALID` for an answer that is no usable secret.
 */
export async function fetchCredential(provider: Provider, options: FetchOptions): Promise<Held> {
  const answer = await options.breaker.run(() => askInTime(provider, options));
  if (answer === undefined) throw notFound(provider, options.account);
  return toHeld(provider, answer, options.now());
}

/** The source's answer, or `ERR_STORE_UNAVAILABLE` when it takes too long or fails in a way of its own. */
async function askInTime(provider: Provider, options: FetchOptions): Promise<Answer | undefined> {
  const deadline = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = unavailable(provider, `did not answer within ${options.timeoutMs} ms`);
      reject(error);
      deadline.abort(error);
    }, options.timeoutMs);
  });
  try {
    return await Promise.race([ask(provider, options, deadline.signal), late]);
  } catch (error) {
    throw asStoreError(provider, error);
  } finally {
    clearTimeout(timer);
  }
}

async function ask(provider: Provider, options: FetchOptions, signal: AbortSignal): Promise<Answer | undefined> {
  const { origin } = provider;
  const account = options.account === undefined ? {} : { account: options.account };
  if ('store' in origin) {
    const stored = await origin.store.get(origin.name, { ...account, signal });
    return stored === undefined ? undefined : { ...answerOf(stored), revoked: stored.state === 'revoked' };
  }
  const rejected = options.rejectedVersion === undefined ? {} : { rejectedVersion: options.rejectedVersion };
  const request: SourceRequest = { name: origin.name, ...account, ...rejected, signal };
  return toAnswer(provider, await origin.source(request));
}

function toAnswer(provider: Provider, result: unknown): Answer | undefined {
  if (result === undefined) return undefined;
  if (typeof result === 'string' || result instanceof Secret) return answerOf({ secret: result });
  if (typeof result === 'object' && result !== null && !Array.isArray(result) && 'secret' in result) {
    return answerOf(result as SourceResult);
  }
  throw unusable(provider, Array.isArray(result) ? 'an array' : result === null ? 'null' : `a ${typeof result}`);
}

/** Read once, and here: what a getter throws goes no further. */
function answerOf({ secret, version, expiresAt, username, revoked, destinations }: Given): Answer {
  return { secret, version, expiresAt, username, revoked, destinations };
}

function toHeld(provider: Provider, answer: Answer, now: number): Held {
  const details = { provider: provider.name, store: provider.origin.label };
  if (answer.revoked === true) {
    const message = `the credential of ${provider.name} is revoked: store a new one`;
    throw new ClavigerError('ERR_CREDENTIAL_REVOKED', message, details);
  }
  const secret = usableSecret(provider, answer.secret);
  const { expiresAt } = answer;
  if (expiresAt !== undefined && !types.isDate(expiresAt)) {
    throw new ClavigerError('ERR_SECRET_INVALID', `the expiresAt of ${provider.name} is no Date`, details);
  }
  if (expiresAt !== undefined && !(expiresAt.getTime() > now)) {
    const message = `the credential of ${provider.name} has expired: store a new one`;
    throw new ClavigerError('ERR_CREDENTIAL_EXPIRED', message, details);
  }
  const credential: Credential = {
    provider: provider.name,
    secret,
    version: answer.version ?? versionOf(secret),
    ...(answer.username === undefined ? {} : { username: answer.username }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return {
    credential: Object.freeze(credential),
    destinations: answer.destinations?.map((text) => parseDestination(text)),
  };
}

function usableSecret(provider: Provider, value: unknown): Secret {
  const secret = value instanceof Secret ? value : typeof value === 'string' ? namedSecret(provider, value) : undefined;
  if (secret === undefined) throw unusable(provider, `a ${typeof value} as the secret`);
  if (isShort(secret) && !provider.allowShortSecret) {
    const message =
      `the secret of ${provider.name} has fewer than ${SHORT_SECRET} characters and could not be redacted: ` +
      `check that it was stored whole, or set allowShortSecret`;
    throw new ClavigerError('ERR_SECRET_INVALID', message, { provider: provider.name });
  }
  return secret;
}

/** `Secret.from`, saying whose secret it was. */
function namedSecret(provider: Provider, value: string): Secret {
  try {
    return Secret.from(value);
  } catch (error) {
    const reason = (error as Error).message;
    throw new ClavigerError('ERR_SECRET_INVALID', `the secret of ${provider.name} is not usable: ${reason}`, {
      provider: provider.name,
    });
  }
}

function unusable(provider: Provider, what: string): ClavigerError {
  const message = `the source of ${provider.name} gave ${what}: return a string, a Secret, { secret } or undefined`;
  return new ClavigerError('ERR_SECRET_INVALID', message, { provider: provider.name });
}

function notFound(provider: Provider, account: string | undefined): ClavigerError {
  const { origin } = provider;
  const whose = account === undefined ? '' : ' for this account';
  const what = 'store' in origin ? `"${origin.name}" is not in the ${origin.label}` : `its source has none`;
  const message = `no credential for ${provider.name}${whose}: ${what}; store it with "claviger set ${origin.name}"`;
  return new ClavigerError('ERR_CREDENTIAL_NOT_FOUND', message, { provider: provider.name, store: origin.label });
}

function unavailable(provider: Provider, what: string, cause?: unknown): ClavigerError {
  const { label } = provider.origin;
  const details = { provider: provider.name, store: label, ...(cause === undefined ? {} : { cause }) };
  return new ClavigerError(
    'ERR_STORE_UNAVAILABLE',
    `${label} ${what}; the credential of ${provider.name} can't be fetched`,
    details,
  );
}

const passed = new Set<ErrorCode>([
  'ERR_STORE_UNAVAILABLE',
  'ERR_STORE_LOCKED',
  'ERR_STORE_DENIED',
  'ERR_STORE_CORRUPT',
  'ERR_STORE_PERMISSIONS',
  'ERR_STORE_READ_ONLY',
  'ERR_CREDENTIAL_NOT_FOUND',
  'ERR_CREDENTIAL_EXPIRED',
  'ERR_CREDENTIAL_REVOKED',
  'ERR_SECRET_INVALID',
  'ERR_CONFIG_INVALID',
  'ERR_DEPENDENCY_MISSING',
]);

/** Our own codes keep their meaning; what foreign code threw becomes "can't answer", without its message. */
function asStoreError(provider: Provider, error: unknown): ClavigerError {
  const own = findClavigerError(error);
  if (own === undefined || !passed.has(own.code)) return unavailable(provider, 'failed', safeCause(error));
  return new ClavigerError(own.code, own.message, {
    provider: provider.name,
    store: own.store ?? provider.origin.label,
    host: own.host,
    issues: own.issues,
    ...(own.cause === undefined ? {} : { cause: safeCause(own.cause) }),
  });
}
