import type { Judgement } from '../access/access.js';
import type { Consumer } from '../access/consumer.js';
import type { AuditEvent } from '../audit/event.js';
import type { Credential } from '../credential.js';
import { canonicalTarget, canonicalUrl, type CanonicalUrl } from '../destination/canonical-url.js';
import { assertAllowed, type Destination } from '../destination/destination.js';
import { findClavigerError } from '../errors.js';
import { abortable } from '../internal/abortable.js';
import { statusOf } from '../internal/status-of.js';
import type { Redactor } from '../redaction/redactor.js';
import { assertAdmitted, consumerOf, type Admission, type Unit } from './admission.js';
import type { CacheSlot } from './credential-cache.js';
import type { Held } from './held.js';
import type { Provider } from './provider.js';
import { coreOf, type Auth, type RegistryCore } from './registry-contract.js';
import type { Grant, Target, Use } from './use-step.js';

export type { Asked, Grant, Outcome, Target, Use } from './use-step.js';

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

/** One use on its way. It is its own grant, so that the warm path makes no object for it. */
class CredentialUse<P, R> implements Grant, Part {
  provider!: Provider;
  slot!: CacheSlot;
  held: Held | undefined = undefined;
  url: CanonicalUrl | undefined = undefined;
  readonly #core: RegistryCore;
  readonly #auth: Auth;
  readonly #step: Use<P, R>;
  #target: Target | undefined = undefined;
  #beside: Part[] | undefined = undefined;
  #repeated = false;
  #judgement: Judgement | undefined = undefined;

  constructor(core: RegistryCore, auth: Auth, step: Use<P, R>) {
    this.#core = core;
    this.#auth = auth;
    this.#step = step;
  }

  run(): Promise<R> {
    try {
      this.#target = this.#step.destination;
      this.#find();
      this.#canonical();
      if (this.#core.access === undefined) return this.#proceed();
      return this.#admit(this.#core.access).then(
        () => this.#proceed(),
        (error: unknown) => this.#refuse(error),
      );
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #proceed(): Promise<R> {
    try {
      this.#bind();
      if (this.#isAborted) return this.#refuse(this.#step.signal?.reason);
      this.held = this.slot.peek();
      if (this.held !== undefined && this.#beside === undefined) return this.#attempt();
      return this.#fetch().then(
        () => this.#attempt(),
        (error: unknown) => this.#refuse(error),
      );
    } catch (error) {
      return this.#refuse(error);
    }
  }

  /** The provider by its exact name, and those it wants beside it. */
  #find(): void {
    const { providerName, account } = this.#auth;
    const whose = typeof account === 'function' ? this.#account(account) : account;
    this.provider = this.#core.find(providerName);
    this.slot = this.#core.slot(this.provider, whose);
    if (this.provider.companions.length === 0 || this.#target === undefined) return;
    this.#beside = this.provider.companions.map((name) => {
      const provider = this.#core.find(name);
      return { provider, slot: this.#core.slot(provider, whose), held: undefined };
    });
  }

  #account(ask: () => string | undefined): string | undefined {
    const { asked } = this.#step;
    if (asked === undefined) return ask();
    asked.account ??= { value: ask() };
    return asked.account.value;
  }

  #consumer(): Consumer | undefined {
    const { asked } = this.#step;
    if (asked === undefined) return consumerOf(this.#auth);
    asked.consumer ??= { value: consumerOf(this.#auth) };
    return asked.consumer.value;
  }

  /** One reading of the URL, or none. */
  #canonical(): void {
    const target = this.#target;
    if (target === undefined) return;
    this.url = 'url' in target ? canonicalUrl(target.url) : canonicalTarget(target.origin, target.path);
    this.#step.inspect?.(this.url);
  }

  /** The consumer may use each of them here; together they are one unit of quota. */
  async #admit(access: Admission): Promise<void> {
    const consumer = this.#consumer();
    const { signal, unit = new Map() as Unit } = this.#step;
    for (const { provider } of this.#parts()) {
      const use = { provider: provider.name, method: this.#target?.method, url: this.url };
      this.#judgement = await abortable(access.judge(consumer, use, unit), signal);
      assertAdmitted(this.#judgement, provider.name);
    }
  }

  /** Only where the provider says; a companion that says nothing goes where its principal goes. */
  #bind(): void {
    if (this.url === undefined) return;
    this.#allow(this.provider, this.provider.destinations ?? []);
    for (const { provider } of this.#beside ?? []) {
      if (provider.destinations !== undefined) this.#allow(provider, provider.destinations);
    }
  }

  #allow(provider: Provider, destinations: readonly Destination[]): void {
    if (this.url === undefined || this.#target === undefined) return;
    assertAllowed(provider.name, destinations, this.#target.method, this.url);
  }

  /** From the cache or the store; the registry's redactor knows each value before it arrives here. */
  async #fetch(): Promise<void> {
    await Promise.all(
      this.#parts().map(async (part) => {
        part.held = await abortable(part.slot.get(), this.#step.signal);
      }),
    );
    this.#step.signal?.throwIfAborted();
  }

  get #isAborted(): boolean {
    return this.#step.aborted ?? this.#step.signal?.aborted === true;
  }

  #parts(): Part[] {
    return [this, ...(this.#beside ?? [])];
  }

  #attempt(): Promise<R> {
    let placed: P;
    try {
      placed = this.#step.place(this);
    } catch (error) {
      return this.#refuse(error);
    }
    let pending: R | PromiseLike<R>;
    try {
      pending = this.#step.call(placed);
    } catch (error) {
      return this.#failed(error);
    }
    const settled = pending instanceof Promise ? (pending as Promise<R>) : Promise.resolve(pending);
    return settled.then(
      (result) => this.#succeeded(result),
      (error: unknown) => this.#failed(error),
    );
  }

  get credential(): Credential {
    return this.#granted(this);
  }

  get companions(): Grant['companions'] {
    if (this.#beside === undefined) return none;
    return this.#beside.map((part) => ({ provider: part.provider, credential: this.#granted(part) }));
  }

  get redactor(): Redactor {
    return this.#core.redactor;
  }

  /** What was stored with a secret binds it too. */
  #granted({ provider, held }: Part): Credential {
    if (held === undefined) throw new Error('unreachable: a credential is placed after it is fetched');
    if (held.destinations !== undefined) this.#allow(provider, held.destinations);
    return held.credential;
  }

  #succeeded(result: R): R | Promise<R> {
    let isRejected: boolean;
    try {
      isRejected = !this.#repeated && this.#isRejected(result, undefined);
    } catch (error) {
      return this.#fail(error); // it saw the unredacted result
    }
    if (!isRejected) return this.#pass(result);
    return this.#refresh().then((newer) => (newer ? this.#attempt() : this.#pass(result)));
  }

  #failed(error: unknown): Promise<R> {
    let isRejected: boolean;
    try {
      isRejected = !this.#repeated && this.#isRejected(undefined, error);
    } catch (thrown) {
      return this.#fail(thrown);
    }
    if (!isRejected) return this.#fail(error);
    return this.#refresh().then((newer) => (newer ? this.#attempt() : this.#fail(error)));
  }

  #isRejected(result: R | undefined, error: unknown): boolean {
    const { isRejected } = this.#step;
    if (isRejected === undefined) return statusOf(error ?? result) === 401;
    return isRejected(error === undefined ? { result: result as R } : { error });
  }

  /** The upstream refused the credential: ask the store for a newer one; only with a newer one the call is repeated. */
  async #refresh(): Promise<boolean> {
    const newer = await Promise.all(this.#parts().map((part) => this.#newer(part)));
    this.#repeated = newer.includes(true) && this.#step.repeatable() && !this.#isAborted;
    return this.#repeated;
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

  #pass(result: R): R {
    if (this.#core.audit !== undefined) this.#audit('use', 'ok', statusOf(result));
    return this.#step.redact ? this.#core.redactor.value(result) : result;
  }

  #fail(error: unknown): Promise<never> {
    if (this.#core.audit !== undefined) this.#audit('use', findClavigerError(error)?.code ?? 'error', statusOf(error));
    return Promise.reject(this.#step.redact ? this.#core.redactor.error(error) : error);
  }

  /** Before the call was made. */
  #refuse(error: unknown): Promise<never> {
    if (this.#core.audit !== undefined) this.#audit('refuse', findClavigerError(error)?.code ?? 'error', undefined);
    return Promise.reject(error);
  }

  #audit(type: 'use' | 'refuse', outcome: AuditEvent['outcome'], status: number | undefined): void {
    if (type === 'use' && this.#step.continued === true) return;
    const { tool, surface } = this.#step;
    const version = this.held?.credential.version;
    const { keyId, app, verification } = this.#judgement ?? {};
    this.#core.audit?.({
      time: this.#core.now(),
      type,
      provider: this.#auth.providerName,
      surface,
      ...(keyId === undefined ? {} : { consumer: keyId }),
      ...(app === undefined ? {} : { app }),
      ...(this.#target === undefined ? {} : { method: this.#target.method }),
      ...(this.url === undefined ? {} : { host: this.url.host, path: this.url.path }),
      ...(tool === undefined ? {} : { tool }),
      outcome,
      ...(verification?.ok === false ? { fault: verification.fault.code } : {}),
      ...(status === undefined ? {} : { status }),
      ...(version === undefined ? {} : { version }),
      ...(this.#repeated ? { repeated: true } : {}),
    });
  }
}

const none: Grant['companions'] = Object.freeze([]);
