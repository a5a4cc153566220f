import { canonicalPath } from '../destination/canonical-path.js';
import { isClavigerError } from '../errors.js';
import { configInvalid } from '../internal/validation.js';
import { attachAccessCore, type Access, type AccessCore, type Judgement, type Verification } from './access.js';
import type { VerifyAccessTokenRequest, VerifyApiKeyRequest } from './access.js';
import { Administration } from './administration.js';
import { ApplyDefinitions } from './apply-definitions.js';
import type { IntendedUse } from './compiled.js';
import type { Consumer } from './consumer.js';
import { assertDefinitions } from './definition-schema.js';
import type { App, Developer, Product } from './definitions.js';
import { describeAccess } from './describe-access.js';
import { Judge, refusal, type Question } from './judge.js';
import { memoryState } from './memory-state.js';
import { QuotaCounter, type Counting } from './quota.js';
import { Rules } from './rules.js';
import type { AccessState } from './state.js';

export interface AccessOptions {
  products?: Product[];
  developers?: Developer[];
  apps?: App[];
  /** Where issued keys, statuses, signing keys and counters are kept; default this process's memory. */
  state?: AccessState;
  /** Counters somewhere else: quotas in Redis, for one, and the rest in a file. Default: in `state`. */
  quotas?: AccessState;
  /** What happens while uses can't be counted; default `'closed'`, which refuses them. */
  quotaFailure?: 'closed' | 'open';
  /** The clock, in milliseconds. */
  now?: () => number;
}

/**
 * Makes access rules: products, developers, apps and their consumer keys.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`, with every finding in `issues`
 *
 * @example
 * const access = createAccess({
 *   products: [{ name: 'read-users', providers: ['users-api'], resources: ['/v1/users/**'], methods: ['GET'] }],
 *   apps: [{ name: 'report-agent' }],
 *   state: fileState('/var/lib/reports/access.json'),
 * });
 * const { consumerKey } = await access.issueKey({ app: 'report-agent', products: ['read-users'] });
 * const registry = createRegistry({ providers, access });
 * const auth = registry.auth('users-api', { consumer: { consumerKey } });
 */
export function createAccess(options: AccessOptions): Access {
  const { products = [], developers = [], apps = [], state = memoryState(), quotas = state, quotaFailure } = options;
  assertDefinitions({ products, developers, apps }, 'the access rules');
  assertState('state', state);
  assertState('quotas', quotas);
  if (quotaFailure !== undefined && !['closed', 'open'].includes(quotaFailure)) {
    throw configInvalid('the access rules', [{ path: 'quotaFailure', message: 'must be "closed" or "open"' }]);
  }
  return new OpenAccess({ ...options, state, quotas }, new Rules({ products, developers, apps }));
}

class OpenAccess implements Access, AccessCore {
  readonly issueKey: Access['issueKey'];
  readonly setStatus: Access['setStatus'];
  readonly issueAccessToken: Access['issueAccessToken'];
  readonly describe: Access['describe'];
  readonly apply: Access['apply'];
  readonly #state: AccessState;
  readonly #judge: Judge;
  readonly #listeners = new Set<(secret: string) => void>();

  constructor(options: AccessOptions & { state: AccessState; quotas: AccessState }, rules: Rules) {
    const { state, quotas, quotaFailure = 'closed', now = Date.now } = options;
    this.#state = state;
    this.#judge = new Judge({ rules, quotas: new QuotaCounter({ state: quotas, failure: quotaFailure }), now });
    const administration = new Administration({ state, rules, now, onSecret: (secret) => this.#tell(secret) });
    const definitions = new ApplyDefinitions({ state, rules });
    this.issueKey = (issued) => administration.issueKey(issued);
    this.setStatus = (target, status) => administration.setStatus(target, status);
    this.issueAccessToken = (issued) => administration.issueAccessToken(issued);
    this.describe = async () => describeAccess(rules, await state.read(), now());
    this.apply = (given, applied) => definitions.apply(given, applied);
    attachAccessCore(this, this);
  }

  verifyApiKey(request: VerifyApiKeyRequest): Promise<Verification> {
    const { consumerKey, peek } = request;
    return this.#verified(intendedUse(request), countingFor(peek), (question) =>
      this.#judge.key(consumerKey, question),
    );
  }

  verifyAccessToken(request: VerifyAccessTokenRequest): Promise<Verification> {
    const { accessToken, scope, peek } = request;
    return this.#verified(intendedUse(request), countingFor(peek), (question) =>
      this.#judge.token(accessToken, question, scope),
    );
  }

  admit(consumer: Consumer | undefined, use: IntendedUse, counting: Counting): Judgement | Promise<Judgement> {
    const { consumerKey, accessToken } = (consumer ?? {}) as { consumerKey?: unknown; accessToken?: unknown };
    // Of two, one could be somebody else's.
    if ((consumerKey === undefined) === (accessToken === undefined)) return refusal('none');
    return this.#withRecords(use, counting, (question) =>
      accessToken === undefined ? this.#judge.key(consumerKey, question) : this.#judge.token(accessToken, question),
    );
  }

  onSecret(listener: (secret: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(secret: string): void {
    for (const listener of this.#listeners) listener(secret);
  }

  #verified(
    use: IntendedUse | undefined,
    counting: Counting,
    judge: (question: Question) => Judgement | Promise<Judgement>,
  ): Promise<Verification> {
    try {
      const judged = this.#withRecords(use, counting, judge);
      if (judged instanceof Promise) return judged.then(({ verification }) => verification);
      return Promise.resolve(judged.verification);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #withRecords(
    use: IntendedUse | undefined,
    counting: Counting,
    judge: (question: Question) => Judgement | Promise<Judgement>,
  ): Judgement | Promise<Judgement> {
    const records = this.#state.read();
    return records instanceof Promise
      ? records.then((read) => judge({ records: read, use, counting }))
      : judge({ records, use, counting });
  }
}

function countingFor(peek: boolean | undefined): Counting {
  return peek === true ? 'peek' : 'take';
}

/** The use in its one reading; undefined where there are two, which no product covers. */
function intendedUse({ provider, method, path }: Omit<VerifyApiKeyRequest, 'consumerKey'>): IntendedUse | undefined {
  try {
    return { provider, method: spelled(method), path: path === undefined ? undefined : canonicalPath(path) };
  } catch (error) {
    if (!isClavigerError(error)) throw error;
    return undefined;
  }
}

/** Clients spell the usual methods in small letters too; anything else is another method (RFC 9110 §9.1). */
function spelled(method: string | undefined): string | undefined {
  return method !== undefined && /^[a-z]+$/.test(method) ? method.toUpperCase() : method;
}

function assertState(name: string, state: AccessState): void {
  const { read, update, count } = state as Partial<AccessState>;
  if ([read, update, count].every((method) => typeof method === 'function')) return;
  throw configInvalid('the access rules', [{ path: name, message: 'must be a state, as memoryState() gives it' }]);
}
