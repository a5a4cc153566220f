import type { Access } from '../access/access.js';
import type { AuditSink } from '../audit/event.js';
import { createAuditTrail, type AuditTrail } from '../audit/trail.js';
import { canonicalUrl } from '../destination/canonical-url.js';
import { createDestinationIndex, type DestinationIndex } from '../destination/destination.js';
import { ClavigerError } from '../errors.js';
import { abortable } from '../internal/abortable.js';
import { didYouMean } from '../internal/near-names.js';
import { assertValid } from '../internal/validation.js';
import { createRedactor } from '../redaction/redactor.js';
import { isShort, SHORT_SECRET } from '../secret.js';
import { embeddedStore } from '../stores/embedded.js';
import { lookupName } from '../stores/record.js';
import type { Store } from '../stores/store.js';
import { Admission } from './admission.js';
import { admitAgain } from './admit-again.js';
import { createAuth } from './auth.js';
import { createBreaker, type Breaker } from './breaker.js';
import { compileProviders } from './compile-provider.js';
import { CacheSlot, type CacheOptions, type CachePolicy } from './credential-cache.js';
import { registrySchema } from './definition-schema.js';
import { fetchCredential } from './fetch-credential.js';
import type { Held } from './held.js';
import { listRegistry } from './living-registries.js';
import { describeProvider, type Provider, type ProviderDefinition } from './provider.js';
import { attachCore, type Registry, type RegistryCore } from './registry-contract.js';
import { use, type Target } from './use.js';

export interface RegistryOptions {
  providers: ProviderDefinition[];
  /** By name; `default` is the embedded encrypted file unless given. The registry does not close what it is given. */
  stores?: Record<string, Store>;
  /** Who may use what: given, every use needs a consumer. From `createAccess` of `claviger/access`. */
  access?: Access;
  /** Gets one event per use, refusal, refresh and change; never a value. */
  audit?: AuditSink;
  /** `false` fetches at every use. */
  cache?: CacheOptions | false;
  /** After this a store counts as unavailable; default 10 000. */
  resolveTimeoutMs?: number;
  /** The clock, in milliseconds. Given, lifetimes have no jitter. */
  now?: () => number;
}

/** A longer timer of Node's rings at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Accounts of one provider that are cached at once; the oldest goes first. */
const MAX_SLOTS = 10_000;

/**
 * Makes a registry from definitions.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`, with every finding in `issues`.
 *
 * @example
 * const registry = createRegistry({
 *   providers: [{ name: 'github', baseUrl: 'https://api.github.com', source: () => readKeySomehow() }],
 * });
 * const listRepos = withCredential(listReposWithKey, { auth: registry.auth('github'), into: 'apiKey' });
 */
export function createRegistry(options: RegistryOptions): Registry {
  assertValid(registrySchema, options, 'the registry');
  return new OpenRegistry(options);
}

class OpenRegistry implements Registry, RegistryCore {
  readonly redactor = createRedactor();
  readonly audit: AuditTrail | undefined;
  readonly now: () => number;
  readonly access: Admission | undefined;
  readonly #providers: Map<string, Provider>;
  readonly #principals: DestinationIndex<Provider>;
  readonly #companions: DestinationIndex<Provider>;
  readonly #breakers = new Map<unknown, Breaker>();
  readonly #policy: CachePolicy | undefined;
  readonly #timeoutMs: number;
  readonly #embedded: Store | undefined;
  readonly #warned = new Set<string>();
  /** What ends the watching of each store. */
  readonly #watched = new Map<Store, () => void>();
  readonly #listeners = new Set<() => void>();
  #closed = false;

  constructor(options: RegistryOptions) {
    const stores = new Map(Object.entries(options.stores ?? {}));
    if (!stores.has('default')) {
      this.#embedded = embeddedStore();
      stores.set('default', this.#embedded);
    }
    this.now = options.now ?? Date.now;
    this.access = options.access === undefined ? undefined : new Admission(options.access, this.redactor);
    const { audit } = options;
    // A path, or a version that a source gave, may hold what only the redactor knows to be a secret.
    this.audit = audit === undefined ? undefined : createAuditTrail((event) => audit(this.redactor.value(event)));
    this.#timeoutMs = Math.min(options.resolveTimeoutMs ?? 10_000, MAX_TIMER_MS);
    this.#policy = policyOf(options);
    this.#providers = compileProviders(options.providers, {
      names: [...stores.keys()],
      get: (name) => stores.get(name),
    });
    const { principals, companions } = candidates(this.#providers);
    this.#principals = createDestinationIndex(principals);
    this.#companions = createDestinationIndex(companions);
    attachCore(this, this);
    listRegistry(this);
  }

  auth: Registry['auth'] = (provider, options) => createAuth(provider, () => this, options);

  resolve: Registry['resolve'] = (provider, { destination, signal, ...whose } = {}) =>
    use(this.auth(provider, whose), {
      surface: 'registry',
      destination: destination satisfies Target | undefined,
      signal,
      place: ({ credential }) => credential,
      call: (credential) => credential,
      isRejected: () => false,
      repeatable: () => false,
      redact: false,
    });

  refresh: Registry['refresh'] = async (rejected, { account, signal, consumer, destination } = {}) => {
    const provider = this.find(rejected.provider);
    if (this.access !== undefined) {
      const where = destination === undefined ? {} : { method: destination.method, url: canonicalUrl(destination.url) };
      await admitAgain({ providerName: provider.name, consumer }, this, 'registry', where);
    }
    const slot = this.slot(provider, typeof account === 'function' ? account() : account);
    return (await abortable(slot.refresh(rejected, this.now()), signal))?.credential;
  };

  providers: Registry['providers'] = () => [...this.#providers.values()].map(describeProvider);

  close: Registry['close'] = async () => {
    this.#closed = true;
    this.access?.close();
    for (const provider of this.#providers.values()) provider.slots.clear();
    for (const end of this.#watched.values()) end();
    this.#watched.clear();
    await this.audit?.settled();
    await this.#embedded?.close?.();
  };

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  find(name: string): Provider {
    if (this.#closed) throw closed();
    const provider = this.#providers.get(name);
    if (provider !== undefined) return provider;
    throw notFound(name, [...this.#providers.keys()]);
  }

  match(method: string, url: Parameters<RegistryCore['match']>[1]): Provider | undefined {
    if (this.#closed) throw closed();
    return this.#principals.find(method, url) ?? this.#companions.find(method, url);
  }

  slot(provider: Provider, account: string | undefined): CacheSlot {
    return provider.slots.get(account) ?? this.#newSlot(provider, account);
  }

  #newSlot(provider: Provider, account: string | undefined): CacheSlot {
    const { slots, origin } = provider;
    if ('store' in origin) this.#watchStore(origin.store);
    const slot = new CacheSlot(this.#loader(provider, account), this.#policy);
    if (slots.size >= MAX_SLOTS) {
      for (const oldest of slots.keys()) {
        slots.delete(oldest);
        break;
      }
    }
    slots.set(account, slot);
    return slot;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From the first use of a store on, its changes reach the credentials that are cached. */
  #watchStore(store: Store): void {
    if (this.#closed || this.#policy === undefined || this.#watched.has(store) || store.watch === undefined) return;
    const onChange = (names: readonly string[]) => {
      const changed = new Set(names);
      for (const { origin, slots } of this.#providers.values()) {
        if (!('store' in origin) || origin.store !== store) continue;
        for (const [account, slot] of slots) if (changed.has(lookupName(origin.name, account) ?? '')) slot.expire();
      }
      for (const listener of this.#listeners) listener();
    };
    this.#watched.set(store, store.watch(onChange));
  }

  /** Fetches for one slot; the redactor learns the value before anybody else sees it. */
  #loader(provider: Provider, account: string | undefined): (rejectedVersion?: string) => Promise<Held> {
    const breaker = this.#breaker(provider);
    let version: string | undefined;
    return async (rejectedVersion) => {
      const options = { account, rejectedVersion, timeoutMs: this.#timeoutMs, breaker, now: this.now };
      const held = await fetchCredential(provider, options).catch((error: unknown) => {
        if (rejectedVersion !== undefined) this.#record('refresh', provider, (error as ClavigerError).code);
        throw error;
      });
      this.#watch(provider, held);
      if (rejectedVersion !== undefined) this.#record('refresh', provider, 'ok', held);
      if (version !== undefined && version !== held.credential.version) this.#record('change', provider, 'ok', held);
      version = held.credential.version;
      return held;
    };
  }

  /** One for each store; a source of a provider's own has its own. */
  #breaker({ origin }: Provider): Breaker {
    const key = 'store' in origin ? origin.store : origin;
    let breaker = this.#breakers.get(key);
    if (breaker === undefined) this.#breakers.set(key, (breaker = createBreaker(origin.label, this.now)));
    return breaker;
  }

  #watch(provider: Provider, { credential }: Held): void {
    if (!isShort(credential.secret)) {
      this.redactor.add(credential.secret);
    } else if (!this.#warned.has(provider.name)) {
      this.#warned.add(provider.name);
      const message = `the secret of ${provider.name} has fewer than ${SHORT_SECRET} characters and is not redacted`;
      process.emitWarning(message, 'ClavigerWarning');
    }
  }

  #record(type: 'refresh' | 'change', provider: Provider, outcome: 'ok' | ClavigerError['code'], held?: Held): void {
    this.audit?.({
      time: this.now(),
      type,
      provider: provider.name,
      surface: 'registry',
      outcome,
      ...(held === undefined ? {} : { version: held.credential.version }),
    });
  }
}

function policyOf({ cache, now }: RegistryOptions): CachePolicy | undefined {
  if (cache === false) return undefined;
  return {
    ttlMs: cache?.ttlMs ?? 300_000,
    staleIfErrorMs: cache?.staleIfErrorMs ?? 3_600_000,
    negativeTtlMs: cache?.negativeTtlMs ?? 5_000,
    now: now ?? Date.now,
    jitter: now === undefined ? (ttlMs) => ttlMs * 0.1 * Math.random() : () => 0,
  };
}

/** A provider that others name in `with` stands back where one of those matches. */
function candidates(providers: Map<string, Provider>) {
  const named = new Set([...providers.values()].flatMap((provider) => provider.companions));
  const all = [...providers.values()].map((provider) => ({
    item: provider,
    name: provider.name,
    destinations: provider.destinations ?? [],
  }));
  return {
    principals: all.filter(({ name }) => !named.has(name)),
    companions: all.filter(({ name }) => named.has(name)),
  };
}

function closed(): ClavigerError {
  return new ClavigerError('ERR_REGISTRY_CLOSED', 'this registry is closed: create or load another one');
}

function notFound(name: string, known: readonly string[]): ClavigerError {
  const near = didYouMean(name, known);
  const hint =
    near !== '' ? near : known.length === 0 ? ' (none is defined)' : ` (defined: ${known.slice(0, 10).join(', ')})`;
  const message = `no provider is named "${name}"${hint}: define it, or run "claviger add ${name}"`;
  return new ClavigerError('ERR_PROVIDER_NOT_FOUND', message, { provider: name });
}
