import type { CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import { checkPlacement } from '../placement/check-placement.js';
import {
  isRequestPlacement,
  parameter,
  type ParameterPlacement,
  type RequestPlacement,
} from '../placement/placement.js';
import { assertAuth } from '../registry/auth.js';
import type { Auth } from '../registry/registry-contract.js';
import { use, type Grant, type Outcome, type Target, type Use } from '../registry/use.js';
import { findSignal } from './find-signal.js';
import type { AnyFunction, Into, WithoutCredential } from './injected-type.js';
import { isAsyncGeneratorFunction, iterateLater } from './iterate-later.js';
import { placeParameter } from './place-parameter.js';
import { placeRequest } from './place-request.js';
import { assertOwnHost, isReplayable, readRequest, type RequestCall } from './request-call.js';

export interface WithCredentialOptions<I extends Into = Into> {
  auth: Auth;
  /** A property of the first argument, a position that is inserted, or a place in an HTTP request. */
  into: I;
  /** Whether the upstream refused the credential; sees the unredacted outcome. Default: status 401. */
  isRejected?: (outcome: { result?: unknown; error?: unknown }) => boolean;
  /** Whether the call may be repeated once with a newer credential; default true. */
  idempotent?: boolean;
  /** Whether results and errors are redacted; default true. */
  redact?: boolean;
}

/**
 * Wraps a function so that its credential is fetched and placed at each call, and never passes through the caller.
 *
 * - The type of the result lacks the parameter. Overloads and type parameters can't be transformed by TypeScript: name
 *   the resulting type, `withCredential<F>(…)`.
 * - The caller's objects are never changed. Without a credential the function is not called, and the promise rejects
 *   with the coded error (`ERR_CREDENTIAL_*`, `ERR_STORE_*`, `ERR_PROVIDER_NOT_FOUND`, `ERR_PLACEMENT_INVALID`, …).
 * - A refused credential (401) is refreshed once; the call is repeated once if the store had a newer one.
 * - A request placement judges the URL, the method and the headers that it then sends, and refuses options that lead a client
 *   elsewhere (`baseURL`, `agent`, `dispatcher`, `lookup`, `proxy`, …): only the function itself may set those. Redirects are not
 *   followed unless the caller sets `redirect`, `maxRedirects` or `followRedirect`. fetch, `undici.request`, Node's http, axios
 *   and got itself can be wrapped; a function that calls got takes `redirect` out of the options, which got does not know.
 * - Requests that the function makes *itself* are not bound by the provider's destinations: use `createFetch` in it.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID` at once, for options that can't work.
 *
 * @example
 * const getUser = withCredential(
 *   async ({ id, apiKey }: { id: number; apiKey: string }) => callApi(id, apiKey),
 *   { auth: apiKeyAuth({ providerName: 'users-api' }), into: 'apiKey' },
 * );
 * await getUser({ id: 123 });
 */
export function withCredential<F extends AnyFunction, const I extends Into>(
  fn: F,
  options: WithCredentialOptions<I>,
): WithoutCredential<F, I>;
export function withCredential<F extends AnyFunction>(fn: AnyFunction, options: WithCredentialOptions): F;
export function withCredential(fn: AnyFunction, options: WithCredentialOptions): AnyFunction {
  if (typeof fn !== 'function') throw new ClavigerError('ERR_CONFIG_INVALID', 'withCredential wraps a function');
  assertAuth(options.auth);
  const call = callerOf(fn, options);
  const wrapped = isAsyncGeneratorFunction(fn)
    ? function (this: unknown, ...args: unknown[]) {
        return iterateLater(() => call(this, args) as Promise<AsyncGenerator>);
      }
    : function (this: unknown, ...args: unknown[]) {
        return call(this, args);
      };
  return Object.defineProperty(wrapped, 'name', { value: fn.name, configurable: true });
}

/** What is the same for every call of one wrapped function. */
interface Settings<I> {
  readonly fn: AnyFunction;
  readonly into: I;
  readonly isRejected: ((outcome: Outcome<unknown>) => boolean) | undefined;
  readonly idempotent: boolean;
  readonly redact: boolean;
}

function callerOf(
  fn: AnyFunction,
  options: WithCredentialOptions,
): (self: unknown, args: unknown[]) => Promise<unknown> {
  const { auth, isRejected, idempotent = true, redact = true } = options;
  const into = placementOf(options.into);
  if (into.in === 'parameter') {
    const settings = { fn, into, isRejected, idempotent, redact };
    return (self, args) => use(auth, new ParameterUse(settings, self, args));
  }
  const settings = { fn, into, isRejected, idempotent, redact };
  return (self, args) => use(auth, new RequestUse(settings, self, args));
}

function placementOf(into: Into): ParameterPlacement | RequestPlacement {
  const placement = typeof into === 'string' || typeof into === 'number' ? parameter(into) : into;
  checkPlacement(placement);
  if (placement.in === 'parameter' || isRequestPlacement(placement)) return placement;
  const { in: kind } = placement as { in: string };
  const message = `a function can't take a credential in ${kind}: name a parameter, a position or a request placement`;
  throw new ClavigerError('ERR_PLACEMENT_INVALID', message);
}

/** One call of a wrapped function. The warm path makes one small object and no closures. */
abstract class FunctionUse<I> implements Use<unknown[], unknown> {
  readonly settings: Settings<I>;
  readonly self: unknown;
  readonly args: unknown[];

  constructor(settings: Settings<I>, self: unknown, args: unknown[]) {
    this.settings = settings;
    this.self = self;
    this.args = args;
  }

  abstract place(grant: Grant): unknown[];

  get surface(): 'function' {
    return 'function';
  }

  get redact(): boolean {
    return this.settings.redact;
  }

  get isRejected(): Settings<I>['isRejected'] {
    return this.settings.isRejected;
  }

  get signal(): AbortSignal | undefined {
    return findSignal(this.args);
  }

  repeatable(): boolean {
    return this.settings.idempotent;
  }

  call(placed: unknown[]): unknown {
    return Reflect.apply(this.settings.fn, this.self, placed);
  }
}

/** The credential becomes an argument. */
class ParameterUse extends FunctionUse<ParameterPlacement> {
  place({ credential }: Grant): unknown[] {
    return placeParameter(this.args, this.settings.into.name, credential.secret.reveal());
  }
}

/** The credential goes onto the request that the arguments describe. */
class RequestUse extends FunctionUse<RequestPlacement> {
  #request: RequestCall | undefined;

  get destination(): Target {
    return this.#read().target;
  }

  inspect(url: CanonicalUrl): void {
    assertOwnHost(this.#read(), url);
  }

  place(grant: Grant): unknown[] {
    return placeRequest(this.settings.fn, this.#read(), grant, this.settings.into);
  }

  override repeatable(): boolean {
    return this.settings.idempotent && isReplayable(this.#read());
  }

  #read(): RequestCall {
    return (this.#request ??= readRequest(this.args));
  }
}
