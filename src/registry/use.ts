import type { AuditEvent, Surface } from '../audit/event.js';
import type { Credential } from '../credential.js';
import { canonicalTarget, canonicalUrl, type CanonicalUrl } from '../destination/canonical-url.js';
import { assertAllowed, type Destination } from '../destination/destination.js';
import { findClavigerError } from '../errors.js';
import { abortable } from '../internal/abortable.js';
import { statusOf } from '../internal/status-of.js';
import type { Redactor } from '../redaction/redactor.js';
import type { CacheSlot } from './credential-cache.js';
import type { Held } from './fetch-credential.js';
import type { Provider } from './provider.js';
import { coreOf, type Auth, type RegistryCore } from './registry-contract.js';

/** A method, and a whole URL or the raw target of a request. */
export type Target =
  | { readonly method: string; readonly url: string | URL }
  | { readonly method: string; readonly origin: string; readonly path: string };

/** What a surface is handed to place. */
export interface Grant {
  readonly provider: Provider;
  readonly credential: Credential;
  /** The one reading of the URL: what was judged is what must go on the wire. */
  readonly url: CanonicalUrl | undefined;
  /** The credentials that its provider wants on the same request. */
  readonly companions: readonly { readonly provider: Provider; readonly credential: Credential }[];
  /** Knows these credentials, and every other one of the registry. */
  readonly redactor: Redactor;
}

export interface Outcome<R> {
  readonly result?: R;
  readonly error?: unknown;
}

/** One use of a credential, as a surface describes it. `P` is what `place` makes and `call` takes. */
export interface Use<P, R> {
  readonly surface: Surface;
  /** Where the call goes; without one the credential is handed over whole. */
  readonly destination?: Target | undefined;
  readonly tool?: string | undefined;
  /** Ends the wait for the credential; the call has its own. */
  readonly signal?: AbortSignal | undefined;
  /** A later hop of a call that was counted already: no event of its own unless it is refused. */
  readonly continued?: boolean;
  /** What the surface itself refuses, before anything is fetched: it throws. */
  inspect?(url: CanonicalUrl): void;
  /** Puts the credential into an object of our own making, never into the caller's. */
  place(grant: Grant): P;
  call(placed: P): R | PromiseLike<R>;
  /** Whether the upstream refused the credential. */
  isRejected(outcome: Outcome<R>): boolean;
  /** Whether the call may be made a second time. */
  repeatable(): boolean;
  /** Whether results and errors are redacted. */
  readonly redact: boolean;
}

/**
 * The path of one credential, top to bottom. Every surface comes through here and brings its own `place` and `call`.
 *
 * Warm, with a cached credential and no access rules, everything up to the call runs without waiting.
 */
export function use<P, R>(auth: Auth, step: Use<P, R>): Promise<R> {
  try {
    const registry = auth.registry();
    if (!(registry instanceof Promise)) return new CredentialUse(coreOf(registry), auth, step).run();
    return registry.then((loaded) => new CredentialUse(coreOf(loaded), auth, step).run());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** One provider's part in a use. */
interface Part {
  readonly provider: Provider;
  readonly slot: CacheSlot;
  held: Held | undefined;
}

class CredentialUse<P, R> {
  readonly #core: RegistryCore;
  readonly #auth: Auth;
  readonly #step: Use<P, R>;
  #target: Target | undefined;
  #url: CanonicalUrl | undefined;
  #main: Part | undefined;
  #companions: Part[] | undefined;
  #repeated = false;

  constructor(core: RegistryCore, auth: Auth, step: Use<P, R>) {
    this.#core = core;
    this.#auth = auth;
    this.#step = step;
  }

  run(): Promise<R> {
    try {
      this.#target = this.#step.destination;
      const main = this.#find();
      this.#canonical();
      this.#bind(main);
      main.held = main.slot.peek();
      if (main.held !== undefined && this.#companions === undefined) return this.#attempt(main);
      return this.#fetch(main).then(
        () => this.#attempt(main),
        (error: unknown) => this.#refuse(error),
      );
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /** The provider by its exact name, and those it wants beside it. */
  #find(): Part {
    const provider = this.#core.find(this.#auth.providerName);
    const { account } = this.#auth;
    const whose = typeof account === 'function' ? account() : account;
    const part = (found: Provider): Part => ({ provider: found, slot: this.#core.slot(found, whose), held: undefined });
    if (provider.companions.length > 0 && this.#target !== undefined) {
      this.#companions = provider.companions.map((name) => part(this.#core.find(name)));
    }
    this.#main = part(provider);
    return this.#main;
  }

  /** One reading of the URL, or none. */
  #canonical(): void {
    const target = this.#target;
    if (target === undefined) return;
    this.#url = 'url' in target ? canonicalUrl(target.url) : canonicalTarget(target.origin, target.path);
    this.#step.inspect?.(this.#url);
  }

  /** Only where the provider says; a companion that says nothing goes where its principal goes. */
  #bind(main: Part): void {
    this.#allow(main.provider, main.provider.destinations ?? []);
    for (const { provider } of this.#companions ?? []) {
      if (provider.destinations !== undefined) this.#allow(provider, provider.destinations);
    }
  }

  #allow(provider: Provider, destinations: readonly Destination[]): void {
    if (this.#url === undefined || this.#target === undefined) return;
    assertAllowed(provider.name, destinations, this.#target.method, this.#url);
  }

  /** From the cache or the store; the registry's redactor knows each value before it arrives here. */
  async #fetch(main: Part): Promise<void> {
    const parts = [main, ...(this.#companions ?? [])];
    await Promise.all(
      parts.map(async (part) => {
        part.held = await abortable(part.slot.get(), this.#step.signal);
      }),
    );
    this.#step.signal?.throwIfAborted();
  }

  #attempt(main: Part): Promise<R> {
    let placed: P;
    try {
      placed = this.#step.place(this.#grant(main));
    } catch (error) {
      return this.#refuse(error);
    }
    try {
      const pending = this.#step.call(placed);
      const settled = pending instanceof Promise ? (pending as Promise<R>) : Promise.resolve(pending);
      return settled.then(
        (result) => (this.#mayRefresh({ result }) ? this.#refresh(main, { result }) : this.#succeed(result)),
        (error: unknown) => (this.#mayRefresh({ error }) ? this.#refresh(main, { error }) : this.#fail(error)),
      );
    } catch (error) {
      return this.#mayRefresh({ error }) ? this.#refresh(main, { error }) : this.#fail(error);
    }
  }

  /** What was stored with a secret binds it too. */
  #grant(main: Part): Grant {
    const companions = this.#companions;
    return {
      provider: main.provider,
      credential: this.#granted(main),
      url: this.#url,
      companions:
        companions === undefined
          ? none
          : companions.map((part) => ({ provider: part.provider, credential: this.#granted(part) })),
      redactor: this.#core.redactor,
    };
  }

  #granted({ provider, held }: Part): Credential {
    if (held === undefined) throw new Error('unreachable: a credential is placed after it is fetched');
    if (held.destinations !== undefined) this.#allow(provider, held.destinations);
    return held.credential;
  }

  /** Once per call. */
  #mayRefresh(outcome: Outcome<R>): boolean {
    return !this.#repeated && this.#step.isRejected(outcome);
  }

  /** The upstream refused the credential: ask the store for a newer one, and repeat only with a newer one. */
  async #refresh(main: Part, outcome: Outcome<R>): Promise<R> {
    this.#repeated = true;
    const parts = [main, ...(this.#companions ?? [])];
    const newer = await Promise.all(parts.map((part) => this.#newer(part)));
    if (newer.includes(true) && this.#step.repeatable() && this.#step.signal?.aborted !== true)
      return this.#attempt(main);
    this.#repeated = false;
    return 'error' in outcome ? this.#fail(outcome.error) : this.#succeed(outcome.result as R);
  }

  /** A store that can't say leaves the refusal as it is. */
  async #newer(part: Part): Promise<boolean> {
    const rejected = part.held?.credential;
    if (rejected === undefined) return false;
    const found = await part.slot.refresh(rejected, this.#core.now()).catch(() => undefined);
    if (found === undefined) return false;
    part.held = found;
    return true;
  }

  #succeed(result: R): R | Promise<R> {
    if (this.#core.audit !== undefined) this.#audit('use', 'ok', statusOf(result));
    return this.#step.redact ? this.#core.redactor.value(result) : result;
  }

  #fail(error: unknown): Promise<never> {
    if (this.#core.audit !== undefined) this.#audit('use', findClavigerError(error)?.code ?? 'error', statusOf(error));
    return Promise.reject((this.#step.redact ? this.#core.redactor.error(error) : error));
  }

  /** Before the call was made. */
  #refuse(error: unknown): Promise<never> {
    if (this.#core.audit !== undefined) this.#audit('refuse', findClavigerError(error)?.code ?? 'error', undefined);
    return Promise.reject(error);
  }

  #audit(type: 'use' | 'refuse', outcome: AuditEvent['outcome'], status?: number): void {
    if (type === 'use' && this.#step.continued === true) return;
    const { tool, surface } = this.#step;
    const version = this.#main?.held?.credential.version;
    this.#core.audit?.({
      time: this.#core.now(),
      type,
      provider: this.#auth.providerName,
      surface,
      ...(this.#target === undefined ? {} : { method: this.#target.method }),
      ...(this.#url === undefined ? {} : { host: this.#url.host, path: this.#url.path }),
      ...(tool === undefined ? {} : { tool }),
      outcome,
      ...(status === undefined ? {} : { status }),
      ...(version === undefined ? {} : { version }),
      ...(this.#repeated ? { repeated: true } : {}),
    });
  }
}

const none: Grant['companions'] = Object.freeze([]);
