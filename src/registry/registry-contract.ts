import type { Consumer } from '../access/consumer.js';
import type { AuditTrail } from '../audit/trail.js';
import type { Credential } from '../credential.js';
import type { CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import type { Redactor } from '../redaction/redactor.js';
import type { Admission } from './admission.js';
import type { CacheSlot } from './credential-cache.js';
import type { Provider, ProviderDescription } from './provider.js';

/** Which credential a call is to get, and for whom. Made by {@link apiKeyAuth} or `registry.auth()`; holds no secret. */
export interface Auth {
  readonly providerName: string;
  readonly consumer?: Consumer | (() => Consumer | undefined);
  readonly account?: string | (() => string | undefined);
  /** The registry that resolves it, at each call. */
  registry(): Registry | Promise<Registry>;
}

export interface AuthOptions {
  /** Who uses the credential; a function runs at each call (`AsyncLocalStorage`). */
  consumer?: Consumer | (() => Consumer | undefined);
  /** Whose credential; a function runs at each call. Part of every cache key. */
  account?: string | (() => string | undefined);
}

export interface ResolveOptions extends AuthOptions {
  /** Where the credential is to go: refused when its provider does not list it. */
  destination?: { method: string; url: string | URL };
  signal?: AbortSignal;
}

/**
 * The process's set of credential providers. It fetches, caches and watches; it never shows a value but through
 * {@link Registry.resolve}.
 */
export interface Registry extends AsyncDisposable {
  /** Shorthand for `apiKeyAuth({ providerName, registry: this })`. */
  auth(provider: string, options?: AuthOptions): Auth;
  /**
   * The credential itself. Prefer `withCredential`, `createFetch` or a toolset, which keep it out of your hands.
   *
   * @throws ClavigerError `ERR_PROVIDER_NOT_FOUND`, `ERR_CREDENTIAL_*`, `ERR_STORE_*`, `ERR_DESTINATION_*`,
   * `ERR_ACCESS_DENIED`, `ERR_SECRET_INVALID`, `ERR_REGISTRY_CLOSED`; `signal.reason` after an abort.
   */
  resolve(provider: string, options?: ResolveOptions): Promise<Credential>;
  /** Looks for a newer version than the one that an upstream refused: `undefined` when there is none. */
  refresh(rejected: Credential, options?: ResolveOptions): Promise<Credential | undefined>;
  /** What is defined; never a value. */
  providers(): ProviderDescription[];
  /** Knows every value that this registry has handed out. */
  readonly redactor: Redactor;
  /** Afterwards every use is `ERR_REGISTRY_CLOSED`. */
  close(): Promise<void>;
}

/** What the surfaces need of a registry beyond its public face. */
export interface RegistryCore {
  readonly redactor: Redactor;
  readonly audit: AuditTrail | undefined;
  readonly now: () => number;
  /** Undefined without access rules. */
  readonly access: Admission | undefined;
  /** @throws ClavigerError `ERR_PROVIDER_NOT_FOUND`, `ERR_REGISTRY_CLOSED` */
  find(name: string): Provider;
  /** The provider with the most specific destination. @throws ClavigerError `ERR_DESTINATION_AMBIGUOUS` on a tie */
  match(method: string, url: CanonicalUrl): Provider | undefined;
  /** The cached credential of a provider and account. */
  slot(provider: Provider, account: string | undefined): CacheSlot;
  /** Hears when a credential may have changed in its store; what it gives ends that. */
  onChange(listener: () => void): () => void;
}

/** Shared between copies of this package in one process. */
const core = Symbol.for('claviger.registry.core');

export function attachCore(registry: Registry, registryCore: RegistryCore): void {
  Object.defineProperty(registry, core, { value: registryCore });
}

/** @throws ClavigerError `ERR_CONFIG_INVALID` for anything that `createRegistry` or `loadRegistry` did not make. */
export function coreOf(registry: Registry): RegistryCore {
  const found = (registry as { [core]?: RegistryCore } | undefined)?.[core];
  if (found !== undefined) return found;
  throw new ClavigerError('ERR_CONFIG_INVALID', 'registry must come from createRegistry() or loadRegistry()');
}
