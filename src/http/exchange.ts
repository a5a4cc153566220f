import { channel } from 'node:diagnostics_channel';
import { isIP } from 'node:net';
import { addressKind } from '../destination/address.js';
import { assertHostHeader, type CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import { applyToRequest } from '../placement/apply-to-request.js';
import type { RequestHead } from '../placement/apply-to-request.js';
import type { Auth } from '../registry/registry-contract.js';
import { use, type Grant, type Outcome, type Use } from '../registry/use.js';
import { Attempt } from './attempt.js';
import type { Dispatch, DispatchHandler, DispatchOptions } from './dispatch.js';
import { HopController } from './hop-controller.js';
import type { Journey } from './journey.js';
import { isReplayable } from './replayable-body.js';
import { cleanHeaders, flatHeaders, headerPairs, logicalOrigin, rawTarget, valuesOf } from './request-head.js';
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
  readonly redact: boolean;
  readonly #hop: Hop;
  readonly #pairs: RequestHead['headers'];
  readonly #hosts: readonly string[];
  readonly #controller = new HopController();
  #abort: AbortController | undefined;
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
    this.redact = hop.redact;
    this.#controller.onAbort = (reason) => this.#abort?.abort(reason);
  }

  /** Asked for only where there is something to wait for. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#controller.aborted) this.#abort.abort(this.#controller.reason);
    return this.#abort.signal;
  }

  inspect(url: CanonicalUrl): void {
    for (const host of this.#hosts) assertHostHeader(url, host);
    if (this.#hosts.length > 1) throw ambiguousHost(url);
    if (this.#hop.options.upgrade && this.redact) throw upgradeRefused(url);
    assertReachable(url);
  }

  place(grant: Grant): Placed {
    const { options, journey, redact } = this.#hop;
    const { url } = grant;
    if (url === undefined) throw new Error('unreachable: an exchange has a destination');
    const { headers, close } = cleanHeaders(this.#pairs, !redact);
    const head: RequestHead = { search: url.search, headers };
    for (const part of [grant, ...grant.companions]) {
      addMissing(head, part.provider.headers);
      for (const placement of part.provider.placements) applyToRequest(head, placement, part.credential);
    }
    refuseStorage(head);
    head.headers.push(['Accept-Encoding', 'identity']);
    warnOfListeners(grant);
    journey.carry(grant);
    const sent: DispatchOptions = { ...options };
    sent.path = url.path + head.search;
    sent.maxRedirections = 0; // nothing further in may take the credential along
    if (url.origin === originOf(options)) {
      sent.origin = url.origin;
      sent.servername = undefined;
    } else {
      head.headers.push(['Host', url.host]);
      sent.servername = url.hostname;
    }
    sent.headers = flatHeaders(head.headers);
    if (options.query !== undefined) sent.query = undefined; // it is in the path
    if (close) sent.reset = true;
    return { grant, options: sent };
  }

  call({ options, grant }: Placed): Promise<{ statusCode: number }> {
    this.#attempt?.discard();
    const response = new ResponseHandler(this.#hop.handler, {
      controller: this.#controller,
      method: options.method,
      host: grant.url?.host ?? '',
      redactor: this.redact ? grant.redactor : undefined,
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
    this.#hop.handler.onResponseError?.(this.#controller, error);
  }
}

function originOf({ origin }: DispatchOptions): string | undefined {
  if (typeof origin !== 'object') return origin?.replace(/\/$/, '');
  return origin.origin;
}

/** Constant companions; the caller's own value wins. */
function addMissing(head: RequestHead, companions: readonly (readonly [string, string])[]): void {
  for (const [name, value] of companions) {
    if (valuesOf(head.headers, name.toLowerCase()).length === 0) head.headers.push([name, value]);
  }
}

/** RFC 9111 §3.5 keeps shared caches off `Authorization` only. */
function refuseStorage(head: RequestHead): void {
  if (valuesOf(head.headers, 'authorization').length > 0) return;
  const stated = valuesOf(head.headers, 'cache-control');
  if (stated.some((value) => /no-store/i.test(value))) return;
  head.headers.push(['Cache-Control', 'no-store']);
}

const requestCreated = channel('undici:request:create');
let warned = false;

/** undici's diagnostics hand the path, with the query, to whoever listens. */
function warnOfListeners({ provider, companions }: Grant): void {
  if (warned || !requestCreated.hasSubscribers) return;
  const providers = [provider, ...companions.map((part) => part.provider)];
  if (!providers.some(({ placements }) => placements.some((placement) => placement.in === 'query'))) return;
  warned = true;
  const message =
    `something listens to undici's diagnostics channels and sees the credential of ${provider.name}, which goes into ` +
    `the query: place it in a header if the API takes one (reported once)`;
  process.emitWarning(message, 'ClavigerWarning');
}

const MAX_REMEMBERED = 1024;
const reachable = new Set<string>();

/** Metadata services and "this host" are nobody's destination, whoever lists them. */
export function assertReachable({ hostname, host }: CanonicalUrl): void {
  if (reachable.has(hostname)) return;
  const address = hostname.replace(/^\[|\]$/g, '');
  const kind = isIP(address) === 0 ? 'public' : addressKind(address);
  if (kind !== 'linkLocal' && kind !== 'unspecified') {
    if (reachable.size < MAX_REMEMBERED) reachable.add(hostname);
    return;
  }
  throw new ClavigerError('ERR_DESTINATION_DENIED', `${host} is a link-local or unspecified address`, { host });
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
