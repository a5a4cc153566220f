import { Dispatcher, type Agent } from 'undici';
import { ClavigerError } from '../errors.js';
import type { Dispatch, DispatchOptions } from './dispatch.js';
import { HttpPolicy, type HttpOptions } from './http-policy.js';
import { Journey } from './journey.js';
import { modernHandler } from './legacy-handler.js';
import { ownDispatch } from './own-dispatch.js';
import { RedirectHandler, type SendHop } from './redirect.js';
import { createUpstream, type UpstreamOptions } from './upstream.js';

export type AgentOptions = UpstreamOptions & {
  /** How many redirects are followed; default 0. A request's own `maxRedirections` goes before it. */
  maxRedirections?: number;
  /** `false` passes responses as they are. */
  redact?: boolean;
};

/**
 * What undici's `request`, `stream`, `fetch` and `compose`, and Node's `fetch`, take as a dispatcher. It works with undici 8
 * too, whose types are others: there, cast it, or give an Agent of undici 8 the {@link credentialInterceptor}.
 */
export type DispatcherLike = Dispatcher & NodeDispatcher;

/** What the types of Node say that its `fetch` takes: those of the undici in it. */
type NodeDispatcher = RequestInit extends { dispatcher?: infer D } ? NonNullable<D> : unknown;

/**
 * An undici Agent that adds the credential, in the one safe order: what follows redirects is outside, what knows the
 * credential inside, so that the rules run anew on every hop.
 *
 * Its connections verify certificates whatever the environment says. Further options are those of undici's Agent, but for
 * `factory`, `tls`, `socketPath` and a `connect` function, which could lead elsewhere.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`
 *
 * @example
 * const dispatcher = createAgent({ auth: registry.auth('github') }, { maxRedirections: 5 });
 * const { body } = await request('https://api.github.com/user', { dispatcher });
 */
export function createAgent(
  options: HttpOptions,
  { maxRedirections = 0, redact = true, ...upstreamOptions }: AgentOptions = {},
): DispatcherLike {
  assertCount(maxRedirections);
  const policy = new HttpPolicy(options, redact);
  return new CredentialAgent(policy, createUpstream(upstreamOptions), maxRedirections) as unknown as DispatcherLike;
}

class CredentialAgent extends Dispatcher {
  readonly #policy: HttpPolicy;
  readonly #upstream: Agent;
  readonly #maxRedirections: number;
  readonly #dispatch: Dispatch;

  constructor(policy: HttpPolicy, upstream: Agent, maxRedirections: number) {
    super();
    this.#policy = policy;
    this.#upstream = upstream;
    this.#maxRedirections = maxRedirections;
    this.#dispatch = ownDispatch(upstream);
  }

  override dispatch(requested: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const options: DispatchOptions = requested;
    const journey = new Journey();
    const modern = modernHandler(handler);
    const { maxRedirections = this.#maxRedirections } = options;
    if (maxRedirections === 0) return this.#policy.send(options, modern, this.#dispatch, journey);
    const send: SendHop = (hop, hopHandler) => this.#policy.send(hop, hopHandler, this.#dispatch, journey);
    const single = { ...options, maxRedirections: 0 };
    return send(single, new RedirectHandler(send, single, modern, maxRedirections));
  }

  override close(...callback: [() => void] | []): Promise<void> {
    return this.#ending(this.#upstream.close(), callback[0]);
  }

  override destroy(...args: [(Error | null | (() => void))?, (() => void)?]): Promise<void> {
    const error = typeof args[0] === 'function' ? null : (args[0] ?? null);
    return this.#ending(
      this.#upstream.destroy(error),
      args.find((each) => typeof each === 'function'),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ending(ended: Promise<void>, callback: (() => void) | undefined): Promise<void> {
    return callback === undefined ? ended : ended.then(callback);
  }
}

export function assertCount(maxRedirections: number): void {
  if (Number.isInteger(maxRedirections) && maxRedirections >= 0) return;
  throw new ClavigerError('ERR_CONFIG_INVALID', 'maxRedirections must be a whole number from 0');
}
