import type { Consumer } from '../access/consumer.js';
import { canonicalTarget, type CanonicalUrl } from '../destination/canonical-url.js';
import { assertAllowed, assertSecure } from '../destination/destination.js';
import { matchHost } from '../destination/host-pattern.js';
import { ClavigerError, findClavigerError } from '../errors.js';
import { clearPlacement, removeHeader, type RequestHead } from '../placement/apply-to-request.js';
import type { Redactor } from '../redaction/redactor.js';
import { assertAuth, createAuth } from '../registry/auth.js';
import type { Provider } from '../registry/provider.js';
import { coreOf, type Auth, type Registry, type RegistryCore } from '../registry/registry-contract.js';
import type { Dispatch, DispatchHandler, DispatchOptions } from './dispatch.js';
import { exchange } from './exchange.js';
import { HopController } from './hop-controller.js';
import type { Journey } from './journey.js';
import { assertReachable } from './reachable.js';
import { flatHeaders, headerPairs, logicalOrigin, rawTarget, valuesOf } from './request-head.js';
import { ResponseHandler } from './response-handler.js';

/** One credential for every request, or the one that a request's URL asks for. */
export type HttpOptions =
  | { auth: Auth; registry?: undefined; consumer?: undefined }
  | {
      auth?: undefined;
      registry: Registry;
      /** Who uses the credential; a function runs at each call (`AsyncLocalStorage`). */
      consumer?: Consumer | (() => Consumer | undefined);
    };

/** What a hop is sent with: a credential, none but stripped of what belongs elsewhere, or just as it came. */
type Route = { readonly auth: Auth } | { readonly bare: CanonicalUrl } | 'untouched';

/** Decides hop by hop, from the start each time, and sends. */
export class HttpPolicy {
  readonly #auth: Auth | undefined;
  readonly #registry: { readonly self: Registry; readonly core: RegistryCore } | undefined;
  readonly #consumer: Consumer | (() => Consumer | undefined) | undefined;
  readonly #redact: boolean;
  readonly #auths = new Map<string, Auth>();

  /** @throws ClavigerError `ERR_CONFIG_INVALID` unless there is exactly one of `auth` and `registry`. */
  constructor(options: HttpOptions, redact = true) {
    const { auth, registry, consumer } = options;
    if ((auth === undefined) === (registry === undefined)) {
      throw new ClavigerError('ERR_CONFIG_INVALID', 'give either auth or registry');
    }
    if (auth !== undefined) assertAuth(auth);
    this.#auth = auth;
    this.#registry = registry === undefined ? undefined : { self: registry, core: coreOf(registry) };
    this.#consumer = consumer;
    this.#redact = redact;
  }

  /** The credential of every request, where there is one only. */
  get auth(): Auth | undefined {
    return this.#auth;
  }

  send(options: DispatchOptions, handler: DispatchHandler, dispatch: Dispatch, journey: Journey): boolean {
    const route = this.#route(options, journey);
    if (typeof route === 'object' && 'auth' in route) {
      return exchange(route.auth, { options, handler, dispatch, journey, redact: this.#redact });
    }
    const sent = route === 'untouched' ? options : stripped(options, route.bare, journey.carried);
    return dispatch(sent, this.#withoutSecrets(options, handler, journey));
  }

  #route(options: DispatchOptions, journey: Journey): Route {
    if (this.#auth !== undefined && !journey.isUnderWay) return { auth: this.#auth };
    const url = this.#readable(options);
    if (url === undefined) return this.#refusal(journey);
    const inside = this.#inside(options.method, url, journey);
    if (inside !== undefined) return { auth: inside };
    if (!journey.isUnderWay) return 'untouched';
    return mayGoBare(options, url, journey.redactor) ? { bare: url } : this.#refusal(journey);
  }

  /** The URL in its one reading. A request to a host that no provider knows is nobody's business, however it reads. */
  #readable(options: DispatchOptions): CanonicalUrl | undefined {
    try {
      return readTarget(options);
    } catch (error) {
      if (this.#registry === undefined || findClavigerError(error) === undefined) return undefined;
      if (this.knows(findClavigerError(error)?.host)) throw error;
      return undefined;
    }
  }

  /** Whether a provider may be used at a host; a host that could not be read is anybody's. */
  knows(host: string | undefined): boolean {
    if (host === undefined || this.#registry === undefined) return true;
    const { self, core } = this.#registry;
    const { hostname } = new URL(`https://${host}`);
    return self
      .providers()
      .some(({ name }) => (core.find(name).destinations ?? []).some((each) => matchHost(each.host, hostname)));
  }

  #inside(method: string, url: CanonicalUrl, journey: Journey): Auth | undefined {
    if (this.#auth === undefined) return this.#authOf(this.#registry?.core.match(method, url));
    const provider = journey.carried[0];
    return provider !== undefined && isInside(provider, method, url) ? this.#auth : undefined;
  }

  /** Through `use()`, which says why not and writes it down. */
  #refusal(journey: Journey): Route {
    const auth = this.#auth ?? this.#authOf(journey.carried[0]);
    return auth === undefined ? 'untouched' : { auth };
  }

  #authOf(provider: Provider | undefined): Auth | undefined {
    const registry = this.#registry?.self;
    if (provider === undefined || registry === undefined) return undefined;
    let auth = this.#auths.get(provider.name);
    if (auth === undefined) {
      const consumer = this.#consumer === undefined ? {} : { consumer: this.#consumer };
      this.#auths.set(provider.name, (auth = createAuth(provider.name, () => registry, consumer)));
    }
    return auth;
  }

  /** By session, not by rule: what was handed out before may come back from anywhere. */
  #withoutSecrets(options: DispatchOptions, handler: DispatchHandler, journey: Journey): DispatchHandler {
    const redactor = journey.redactor ?? this.#registry?.core.redactor;
    if (!this.#redact || redactor === undefined || redactor.size === 0 || options.upgrade) return handler;
    return new ResponseHandler(handler, {
      controller: new HopController(),
      method: options.method,
      host: String(options.origin ?? ''),
      redactor,
      injected: false,
    });
  }
}

/** The one reading of where a request goes. */
function readTarget(options: DispatchOptions): CanonicalUrl {
  const hosts = valuesOf(headerPairs(options.headers), 'host');
  return canonicalTarget(logicalOrigin(options, hosts) ?? '', rawTarget(options));
}

function isInside(provider: Provider, method: string, url: CanonicalUrl): boolean {
  try {
    assertAllowed(provider.name, provider.destinations ?? [], method, url);
    return true;
  } catch {
    return false;
  }
}

/** Outside its destinations a call goes on by GET or HEAD only, over https or to loopback, and never with a secret in its URL. */
function mayGoBare({ method, body }: DispatchOptions, url: CanonicalUrl, redactor: Redactor | undefined): boolean {
  if ((method !== 'GET' && method !== 'HEAD') || (body !== undefined && body !== null)) return false;
  if (redactor !== undefined && redactor.text(url.href) !== url.href) return false;
  try {
    assertSecure(url);
    assertReachable(url);
    return true;
  } catch {
    return false;
  }
}

/** Without the caller's own values too of what the providers so far would have placed. */
function stripped(options: DispatchOptions, url: CanonicalUrl, carried: readonly Provider[]): DispatchOptions {
  const head: RequestHead = { search: url.search, headers: headerPairs(options.headers) };
  for (const { placements } of carried) for (const placement of placements) clearPlacement(head, placement);
  for (const name of ['authorization', 'proxy-authorization', 'cookie', 'host']) removeHeader(head, name);
  return {
    ...options,
    query: undefined,
    maxRedirections: 0,
    servername: undefined,
    origin: url.origin,
    path: url.path + head.search,
    headers: flatHeaders(head.headers),
  };
}
