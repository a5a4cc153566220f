import type { Consumer } from '../access/consumer.js';
import type { Surface } from '../audit/event.js';
import type { Credential } from '../credential.js';
import type { CanonicalUrl } from '../destination/canonical-url.js';
import type { Redactor } from '../redaction/redactor.js';
import type { Unit } from './admission.js';
import type { Provider } from './provider.js';

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

/** What the functions of an auth said at the first hop of a call: the next ones run in whatever async context. */
export interface Asked {
  consumer?: { readonly value: Consumer | undefined };
  account?: { readonly value: string | undefined };
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
  /** Whether the call has ended already, where that is known without a signal: one is made only if there is something to wait for. */
  readonly aborted?: boolean | undefined;
  /** A later hop of a call that was counted already: no event of its own unless it is refused. */
  readonly continued?: boolean;
  /** Shared by the hops of a call, so that all of them are for the same consumer and account. */
  readonly asked?: Asked | undefined;
  /** What it is counted with where access rules have quotas; default: as a unit of its own. */
  readonly unit?: Unit | 'skip' | undefined;
  /** What the surface itself refuses, before anything is fetched: it throws. */
  inspect?(url: CanonicalUrl): void;
  /** Puts the credential into an object of our own making, never into the caller's. */
  place(grant: Grant): P;
  call(placed: P): R | PromiseLike<R>;
  /** Whether the upstream refused the credential; default: its status is 401. */
  readonly isRejected?: ((outcome: Outcome<R>) => boolean) | undefined;
  /** Whether the call may be made a second time. */
  repeatable(): boolean;
  /** Whether results and errors are redacted. */
  readonly redact: boolean;
}
