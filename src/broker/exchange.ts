import type { IncomingMessage, ServerResponse } from 'node:http';
import { assertHostHeader, type CanonicalUrl } from '../destination/canonical-url.js';
import { Attempt } from '../http/attempt.js';
import type { Dispatch, DispatchOptions } from '../http/dispatch.js';
import { HopController } from '../http/hop-controller.js';
import { assertReachable } from '../http/reachable.js';
import { ResponseHandler } from '../http/response-handler.js';
import type { RequestHead } from '../placement/apply-to-request.js';
import type { Redactor } from '../redaction/redactor.js';
import { use, type Grant, type Outcome, type Use } from '../registry/use.js';
import { ClientResponse } from './client-response.js';
import { refusalOf, refuse, upstreamFailure } from './refusal.js';
import type { RequestBody } from './request-body.js';
import { linksToBroker } from './rewrite-links.js';
import type { Match } from './session-table.js';
import { upstreamRequest } from './upstream-request.js';

export interface BrokeredRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly pairs: RequestHead['headers'];
  readonly body: RequestBody;
  readonly match: Match;
  /** Where it goes: the provider's origin in reverse mode, in forward mode that of the request. */
  readonly origin: string;
  readonly target: string;
  /** Reverse mode: the broker's own origin, for links. */
  readonly brokerOrigin: string | undefined;
  readonly dispatch: Dispatch;
}

interface Placed {
  readonly options: DispatchOptions;
  readonly grant: Grant;
}

/** Carries out one request whose placeholder was found: through `use()`, as every surface does. */
export function exchange(brokered: BrokeredRequest): void {
  const carried = new Exchange(brokered);
  brokered.response.once('close', () => carried.callerLeft());
  const gathered = brokered.body.gather();
  if (gathered === undefined) carried.run();
  else
    gathered.then(
      () => carried.run(),
      (error: unknown) => carried.fail(error),
    );
}

class Exchange implements Use<Placed, { statusCode: number }> {
  readonly surface = 'broker';
  readonly destination: { method: string; origin: string; path: string };
  /** What comes back is redacted on its way, as it streams. */
  readonly redact = false;
  readonly #brokered: BrokeredRequest;
  readonly #controller = new HopController();
  #attempt: Attempt | undefined;
  #redactor: Redactor | undefined;

  constructor(brokered: BrokeredRequest) {
    this.#brokered = brokered;
    const { request, origin, target } = brokered;
    this.destination = { method: request.method ?? '', origin, path: target };
  }

  run(): void {
    use(this.#brokered.match.grantee.auth, this)
      .then(() => this.#attempt?.release())
      .catch((error: unknown) => this.fail(error));
  }

  get isAborted(): boolean {
    return this.#controller.aborted;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  inspect(url: CanonicalUrl): void {
    const { brokerOrigin, request } = this.#brokered;
    if (brokerOrigin === undefined) assertHostHeader(url, request.headers.host ?? '');
    assertReachable(url);
  }

  place(grant: Grant): Placed {
    const { request, pairs, match, body } = this.#brokered;
    this.#redactor = match.session.redactorFor(grant);
    return { grant, options: upstreamRequest(request.method ?? '', pairs, match, grant, body) };
  }

  call({ options, grant }: Placed): Promise<{ statusCode: number }> {
    this.#attempt?.discard();
    const { response, match, body, brokerOrigin, dispatch } = this.#brokered;
    const { url } = grant;
    const rewrite =
      brokerOrigin === undefined || url === undefined ? undefined : linksToBroker(match.grantee, url, brokerOrigin);
    const handler = new ResponseHandler(new ClientResponse(response, rewrite, () => body.discard()), {
      controller: this.#controller,
      method: options.method,
      host: url?.host ?? '',
      redactor: this.#redactor,
      injected: false,
    });
    const attempt = new Attempt(this.#controller, handler);
    this.#attempt = attempt;
    dispatch({ ...options, body: body.take() }, attempt);
    return attempt.answered.catch((error: unknown) => {
      throw upstreamFailure(url?.host ?? '', error);
    });
  }

  isRejected({ result }: Outcome<{ statusCode: number }>): boolean {
    return result?.statusCode === 401;
  }

  repeatable(): boolean {
    return this.#brokered.body.isReplayable && !this.#controller.aborted;
  }

  fail(error: unknown): void {
    refuse(this.#brokered.response, refusalOf(error));
  }

  callerLeft(): void {
    if (!this.#brokered.response.writableFinished) this.#controller.abort(new Error('the caller has gone'));
  }
}
