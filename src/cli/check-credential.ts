import { findClavigerError } from '../errors.js';
import { createFetch } from '../http/index.js';
import type { AuditEvent, AuthOptions, ProviderDescription, Registry } from '../index.js';
import { exitCodes } from './command-error.js';
import type { LastResult, TestOutcome } from './last-results.js';
import { looksLikeValue } from './looks-like-value.js';
import { exitCodeFor } from './report-error.js';

/** What a who-am-I request told of one credential. */
export interface CheckResult extends LastResult {
  readonly name: string;
  /** For people. */
  readonly message: string;
  /** Whose key it is, where the answer says so in a member that is known to hold nothing else. */
  readonly who?: string;
  readonly exitCode: number;
}

interface CheckOptions {
  readonly registry: Registry;
  readonly whose: AuthOptions;
  readonly timeoutMs: number;
  /** The events of all uses so far. */
  readonly uses: readonly AuditEvent[];
}

type Found = Pick<CheckResult, 'outcome' | 'message' | 'exitCode'> & Partial<CheckResult>;

/** Makes the who-am-I request of a provider. Nothing of the answer is kept but its status and, where it says, whose key it is. */
export async function checkCredential(provider: ProviderDescription, options: CheckOptions): Promise<CheckResult> {
  const found = await (provider.check === undefined ? unchecked(provider) : ask(provider, provider.check, options));
  const version = options.uses.findLast((event) => event.provider === provider.name)?.version;
  return { name: provider.name, time: Date.now(), ...found, ...(version === undefined ? {} : { version }) };
}

function unchecked({ name, baseUrl }: ProviderDescription): Found {
  const base = baseUrl === undefined ? 'a "baseUrl" and ' : '';
  const message = `no request is known that tells: add ${base}"check": { "path": "/…" } to ${name} in the config file, an endpoint that only answers who one is`;
  return { outcome: 'unchecked', message, exitCode: exitCodes.failure };
}

async function ask(
  { name }: ProviderDescription,
  { method = 'GET', path }: NonNullable<ProviderDescription['check']>,
  { registry, whose, timeoutMs }: CheckOptions,
): Promise<Found> {
  const client = createFetch({ auth: registry.auth(name, whose) });
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const headers = { accept: 'application/json' };
    // what answers elsewhere, a page to log in for one, has not seen the key
    const response = await client(path, { method, headers, redirect: 'manual', signal: timeout });
    const found = judge(response.status);
    const who = found.outcome === 'ok' ? await identityIn(response) : undefined;
    await response.body?.cancel().catch(() => undefined);
    return { ...found, status: response.status, ...(who === undefined ? {} : { who }) };
  } catch (error) {
    return failure(error, timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : undefined);
  }
}

/** What a status says of the key. 403 is for keys that are known but may not, and with some providers for all bad ones. */
function judge(status: number): Found {
  if (status < 300) return { outcome: 'ok', message: `HTTP ${status}`, exitCode: exitCodes.ok };
  if (status === 401)
    return { outcome: 'rejected', message: 'HTTP 401: the key is refused', exitCode: exitCodes.rejected };
  if (status === 403) {
    const message = 'HTTP 403: the key is refused, or may not ask this';
    return { outcome: 'rejected', message, exitCode: exitCodes.rejected };
  }
  if (status >= 500) {
    const message = `HTTP ${status}: the provider is in trouble, which tells nothing of the key`;
    return { outcome: 'unreachable', message, exitCode: exitCodes.failure };
  }
  const message = `HTTP ${status}: tells nothing of the key; is "check" right?`;
  return { outcome: 'unexpected', message, exitCode: exitCodes.failure };
}

const outcomes: Readonly<Record<number, TestOutcome>> = {
  [exitCodes.notFound]: 'missing',
  [exitCodes.locked]: 'locked',
  [exitCodes.refused]: 'refused',
};

function failure(error: unknown, timeout: string | undefined): Found {
  const own = findClavigerError(error);
  if (own !== undefined) {
    const exitCode = exitCodeFor(own);
    return { outcome: outcomes[exitCode] ?? 'failed', code: own.code, message: own.message, exitCode };
  }
  const { code, cause } = error as NodeJS.ErrnoException;
  const known = timeout === undefined ? ((cause as NodeJS.ErrnoException | undefined)?.code ?? code) : 'ETIMEDOUT';
  const message = timeout ?? `it can't be reached${known === undefined ? '' : ` (${known})`}`;
  const told = known === undefined ? {} : { code: String(known) };
  return { outcome: 'unreachable', message, exitCode: exitCodes.failure, ...told };
}

/** A longer answer is no who-am-I. */
const maxBytes = 256 * 1024;
/** Members that name an account. Addresses and free text stay where they are. */
const identities = ['login', 'username', 'user', 'name'];
const plainName = /^[\p{L}\p{N}][\p{L}\p{N} ._@/-]{0,63}$/u;

/** Whose key it is: a short plain name at the top of the answer, or nothing. */
async function identityIn({ body }: Response): Promise<string | undefined> {
  if (body === null) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    if ((size += chunk.length) > maxBytes) return undefined;
  }
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof answer !== 'object' || answer === null) return undefined;
  const named = identities.map((name) => (answer as Record<string, unknown>)[name]);
  return named.find(
    (value): value is string => typeof value === 'string' && plainName.test(value) && !looksLikeValue(value),
  );
}
