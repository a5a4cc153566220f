import { appendPath } from '../destination/append-path.js';
import { assertHostHeader, canonicalUrl, type CanonicalUrl } from '../destination/canonical-url.js';
import { REFUSED_METHODS } from '../destination/parse-destination.js';
import { ClavigerError, findClavigerError } from '../errors.js';
import type { Unit } from '../registry/admission.js';
import { coreOf, type Auth } from '../registry/registry-contract.js';
import { use } from '../registry/use.js';
import { assertCount } from './create-agent.js';
import { dispatchOf, type Dispatch, type Dispatching, type DispatchHandler, type DispatchOptions } from './dispatch.js';
import { HttpPolicy, type HttpOptions } from './http-policy.js';
import { Journey } from './journey.js';
import { modernHandler } from './legacy-handler.js';
import { ownDispatch } from './own-dispatch.js';
import { tooMany } from './redirect.js';
import { RecordedBody } from './replayable-body.js';
import { createUpstream } from './upstream.js';

export interface FetchOptions {
  /** Where requests go on with their credential: an Agent, a Pool, a ProxyAgent of undici 7 or 8. Default: one of our own. */
  dispatcher?: Dispatching;
  /** `false` passes responses as they are. */
  redact?: boolean;
  /** Default 20, which is also the most that `fetch` follows. */
  maxRedirections?: number;
}

type FetchInput = Parameters<typeof fetch>[0];
type FetchInit = NonNullable<Parameters<typeof fetch>[1]>;

/** Node's own, whatever stands under that name later: what this returns may itself be put there. */
const nodeFetch = globalThis.fetch;

/**
 * `fetch` with a credential. It gives and takes Node's own `Request`, `Response`, `Headers` and `FormData`.
 *
 * With `{ auth }` the URL has to be inside the provider's destinations, and a path such as `'/users/1'` is appended to its
 * `baseUrl`. With `{ registry }` the provider with the most specific destination serves, and what matches none passes
 * untouched. Redirects are followed by Fetch's rules, the credential going only to its destinations, decided anew on each hop.
 * A `dispatcher` or `agent` in a call's own options is ignored: it could not be trusted with the credential.
 *
 * @returns Rejects with a `ClavigerError` itself until the head of the response is there, later with one as the `cause`.
 *
 * @example
 * const github = createFetch({ auth: apiKeyAuth({ providerName: 'github' }) });
 * const user = await (await github('/user')).json();
 */
export function createFetch(options: HttpOptions, fetchOptions: FetchOptions = {}): typeof fetch {
  const counted = createCountedFetch(options, fetchOptions);
  return (input, init) => counted(input, init);
}

/** The same, with a word on how a request counts where access rules have quotas; default: as a unit of its own. */
export function createCountedFetch(
  options: HttpOptions,
  { dispatcher, redact = true, maxRedirections = 20 }: FetchOptions,
): (input: FetchInput, init?: FetchInit, unit?: Unit | 'skip') => Promise<Response> {
  assertCount(maxRedirections);
  const policy = new HttpPolicy(options, redact);
  const dispatch = dispatcher === undefined ? ownDispatch(createUpstream()) : dispatchOf(dispatcher);
  return async (input, init, unit) => {
    const journey = new Journey(unit);
    const call = new FetchCall(policy, dispatch, maxRedirections, bodyIsStream(init?.body), journey);
    try {
      return await nodeFetch(...(await request(policy, input, init, call)));
    } catch (error) {
      throw findClavigerError(error) ?? (isRedirectLimit(error) ? tooMany(call.last) : error);
    }
  };
}

/** The dispatcher of one call. It sees the hops that `fetch` makes, one after the other. */
class FetchCall {
  readonly #policy: HttpPolicy;
  readonly #dispatch: Dispatch;
  readonly #oneShot: boolean;
  readonly #journey: Journey;
  #left: number;
  /** Where the last hop went. */
  last = new URL('http://localhost');

  constructor(policy: HttpPolicy, dispatch: Dispatch, maxRedirections: number, oneShot: boolean, journey: Journey) {
    this.#policy = policy;
    this.#dispatch = dispatch;
    this.#oneShot = oneShot;
    this.#journey = journey;
    this.#left = maxRedirections + 1;
  }

  dispatch(options: DispatchOptions, handler: DispatchHandler): boolean {
    if (this.#left-- <= 0) throw tooMany(new URL(options.origin ?? ''));
    this.last = new URL(options.origin ?? '');
    const { body } = options;
    const recorded = this.#oneShot || !isAsyncIterable(body) ? options : { ...options, body: new RecordedBody(body) };
    return this.#policy.send(recorded, modernHandler(handler), this.#dispatch, this.#journey);
  }
}

/** The arguments for Node's `fetch`: the URL in its one reading, and our dispatcher. */
async function request(
  policy: HttpPolicy,
  input: FetchInput,
  init: FetchInit | undefined,
  call: FetchCall,
): Promise<[FetchInput, FetchInit]> {
  const isPath = typeof input === 'string' && input.startsWith('/');
  if (isPath && policy.auth === undefined) {
    throw new TypeError('a path needs { auth }, whose provider has a base URL: give a whole URL with { registry }');
  }
  const target = isPath && policy.auth !== undefined ? await onBaseUrl(policy.auth, input) : input;
  const url = await readable(policy, target, init);
  const dispatcher = call as unknown as NonNullable<FetchInit['dispatcher']>;
  const source = typeof target === 'object' && 'url' in target ? target : (url ?? target);
  if (init === undefined || isPlain(init)) return [source, { ...init, dispatcher }];
  return [new Request(source, init), { dispatcher }];
}

/** @throws ClavigerError `ERR_CONFIG_INVALID` without a base URL, `ERR_DESTINATION_AMBIGUOUS` for a path that leaves it. */
async function onBaseUrl(auth: Auth, path: string): Promise<string> {
  const { baseUrl } = coreOf(await auth.registry()).find(auth.providerName);
  if (baseUrl !== undefined) return appendPath(baseUrl, path);
  const provider = auth.providerName;
  throw new ClavigerError('ERR_CONFIG_INVALID', `${provider} has no baseUrl that a path could be appended to`, {
    provider,
  });
}

/** As it was written: the parser of `fetch` would repair what is to be refused. Undefined where it goes on as it is, to be judged by the hop. */
async function readable(
  policy: HttpPolicy,
  input: FetchInput,
  init: FetchInit | undefined,
): Promise<string | undefined> {
  const isRequest = typeof input === 'object' && 'url' in input;
  const url = isRequest ? input.url : input;
  const method = init?.method ?? (isRequest ? input.method : 'GET');
  // Node's fetch refuses these itself, in its own words, and drops a Host header
  if (policy.auth !== undefined && REFUSED_METHODS.has(method.toUpperCase())) return refuse(policy.auth, url, method);
  try {
    const canonical = canonicalUrl(url);
    const { href } = canonical;
    if (policy.auth !== undefined) assertOwnHost(canonical, init?.headers);
    return policy.auth === undefined ? undefined : href;
  } catch (error) {
    if (policy.auth !== undefined) return refuse(policy.auth, url, method, error);
    if (
      findClavigerError(error)?.code === 'ERR_DESTINATION_AMBIGUOUS' &&
      policy.knows(findClavigerError(error)?.host)
    ) {
      throw error;
    }
    return undefined;
  }
}

/** Through `use()`, so that it is written down. */
function refuse(auth: Auth, url: string | URL, method: string, reason?: unknown): Promise<never> {
  return use<never, never>(auth, {
    surface: 'http',
    destination: { method, url },
    inspect: () => {
      if (findClavigerError(reason) !== undefined) throw reason;
    },
    place: () => {
      throw new Error('unreachable: a URL that can not be read is refused before');
    },
    call: (placed) => placed,
    isRejected: () => false,
    repeatable: () => false,
    redact: false,
  });
}

function assertOwnHost(url: CanonicalUrl, headers: FetchInit['headers']): void {
  const host = headers === undefined ? null : new Headers(headers).get('host');
  if (host !== null) assertHostHeader(url, host);
}

/** What Node's own fetch says after the twentieth redirect. */
function isRedirectLimit(error: unknown): boolean {
  return ((error as Error).cause as Error | undefined)?.message === 'redirect count exceeded';
}

function bodyIsStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && (body instanceof ReadableStream || isAsyncIterable(body));
}

function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** A copy of anything else, a `Request` for one, would lose what it inherits. */
function isPlain(init: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(init);
  return prototype === Object.prototype || prototype === null;
}
