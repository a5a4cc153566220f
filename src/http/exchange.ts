import { assertHostHeader, type CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import type { RequestHead } from '../placement/apply-to-request.js';
import type { Auth } from '../registry/registry-contract.js';
import { use, type Grant, type Outcome, type Use } from '../registry/use.js';
import { Attempt } from './attempt.js';
import type { Dispatch, DispatchHandler, DispatchOptions } from './dispatch.js';
import { HopController } from './hop-controller.js';
import type { Journey } from './journey.js';
import { placeOnRequest } from './place-on-request.js';
import { assertReachable } from './reachable.js';
import { isReplayable } from './replayable-body.js';
import { headerPairs, logicalOrigin, rawTarget, valuesOf } from './request-head.js';
import { ResponseHandler } from './response-handler.js';

/** One hop of a call, as it was asked for. */
export interface Hop {
  readonly options: DispatchOptions;
  readonly handler: DispatchHandler;
  readonly dispatch: Dispatch;
  readonly journey: Journey;
  readonly redact: boolean;
}

/** A request with its credential in it, and what the answer will need. */
interface Placed {
  readonly options: DispatchOptions;
  readonly grant: Grant;
}

/** Sends one hop with a credential: joins `use()`, which promises, to undici's dispatch, which calls back. */
export function exchange(auth: Auth, hop: Hop): boolean {
  const sent = new Exchange(hop);
  use(auth, sent).then(
    () => sent.release(),
    (error: unknown) => sent.fail(error as Error),
  );
  sent.await();
  return true;
}

class Exchange implements Use<Placed, { statusCode: number }> {
  readonly surface = 'http';
  readonly destination: { method: string; origin: string; path: string };
  readonly continued: boolean;
  /** What comes back is redacted on its way, as it streams. */
  readonly redact = false;
  readonly #hop: Hop;
  readonly #pairs: RequestHead['headers'];
  readonly #hosts: readonly string[];
  readonly #controller = new HopController();
  #attempt: Attempt | undefined;

  constructor(hop: Hop) {
    const { options, journey } = hop;
    this.#hop = hop;
    this.#pairs = headerPairs(options.headers);
    this.#hosts = valuesOf(this.#pairs, 'host');
    this.destination = {
      method: options.method,
      origin: logicalOrigin(options, this.#hosts) ?? '',
      path: rawTarget(options),
    };
    this.continued = journey.isUnderWay;
  }

  get unit(): Journey['unit'] {
    return this.#hop.journey.unit;
  }

  get asked(): Journey['asked'] {
    return this.#hop.journey.asked;
  }

  /** Asked for only where there is something to wait for. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isAborted(): boolean {
    return this.#controller.aborted;
  }

  inspect(url: CanonicalUrl): void {
    for (const host of this.#hosts) assertHostHeader(url, host);
    if (this.#hosts.length > 1) throw ambiguousHost(url);
    if (this.#hop.options.upgrade && this.#hop.redact) throw upgradeRefused(url);
    assertReachable(url);
  }

  place(grant: Grant): Placed {
    const { options, journey, redact } = this.#hop;
    journey.carry(grant);
    return { grant, options: placeOnRequest(options, this.#pairs, grant, redact) };
  }

  call({ options, grant }: Placed): Promise<{ statusCode: number }> {
    this.#attempt?.discard();
    const response = new ResponseHandler(this.#hop.handler, {
      controller: this.#controller,
      method: options.method,
      host: grant.url?.host ?? '',
      redactor: this.#hop.redact ? grant.redactor : undefined,
      injected: true,
    });
    const attempt = new Attempt(this.#controller, response);
    this.#attempt = attempt;
    this.#hop.dispatch(options, attempt);
    return attempt.answered;
  }

  isRejected({ result }: Outcome<{ statusCode: number }>): boolean {
    return result?.statusCode === 401;
  }

  repeatable(): boolean {
    return isReplayable(this.#hop.options.body) && !this.#controller.aborted;
  }

  /** Before there is a connection the handler must be able to abort. */
  await(): void {
    if (this.#attempt === undefined) this.#controller.announce(this.#hop.handler, {});
  }

  release(): void {
    this.#attempt?.release();
  }

  fail(error: Error): void {
    const redactor = this.#hop.redact ? this.#hop.journey.redactor : undefined;
    this.#hop.handler.onResponseError?.(this.#controller, redactor?.error(error) ?? error);
  }
}

function ambiguousHost({ host }: CanonicalUrl): ClavigerError {
  const message = `the request to ${host} has more than one Host header`;
  return new ClavigerError('ERR_DESTINATION_AMBIGUOUS', message, { host });
}

function upgradeRefused({ host }: CanonicalUrl): ClavigerError {
  const message =
    `an upgraded connection to ${host} can't be searched for secrets, so it gets no credential: ` +
    `set redact: false if its messages may hold one`;
  return new ClavigerError('ERR_DESTINATION_DENIED', message, { host });
}
