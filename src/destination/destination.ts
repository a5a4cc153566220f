import { ClavigerError } from '../errors.js';
import type { CanonicalUrl } from './canonical-url.js';
import { matchHost } from './host-pattern.js';
import { REFUSED_METHODS, type Destination } from './parse-destination.js';
import { matchPath } from './path-pattern.js';

export { destinationsOf, parseBaseUrl, parseDestination, type Destination } from './parse-destination.js';

/** Whether a request is inside a destination. TRACE, TRACK and CONNECT never are; methods are case-sensitive. */
export function matchDestination(destination: Destination, method: string, url: CanonicalUrl): boolean {
  return (
    destination.port === url.port &&
    destination.protocol === url.protocol &&
    matchHost(destination.host, url.hostname) &&
    admitsMethod(destination, method) &&
    matchPath(destination.path, url.path)
  );
}

/**
 * Refuses plain http to any host that is not loopback. Decided before any list of destinations.
 *
 * @throws `ERR_DESTINATION_INSECURE`
 */
export function assertSecure(url: CanonicalUrl): void {
  if (url.protocol === 'https:' || url.loopback) return;
  throw new ClavigerError(
    'ERR_DESTINATION_INSECURE',
    `a credential is not sent to ${url.host} over plain http; use https (http is for loopback hosts only)`,
    { host: url.host },
  );
}

/**
 * Refuses a request outside the destinations of a provider. An empty list admits nothing.
 *
 * @throws `ERR_DESTINATION_INSECURE` (see {@link assertSecure}), then `ERR_DESTINATION_DENIED`, which says what is
 * allowed and how to change it
 */
export function assertAllowed(
  provider: string,
  destinations: readonly Destination[],
  method: string,
  url: CanonicalUrl,
): void {
  assertSecure(url);
  if (destinations.some((destination) => matchDestination(destination, method, url))) return;
  throw new ClavigerError(
    'ERR_DESTINATION_DENIED',
    `provider "${provider}" may not be used for this request to ${url.host}: ${denialReason(destinations, method, url)}`,
    { provider, host: url.host },
  );
}

/** Something that owns destinations: a provider, as a rule. The name is for the error. */
export interface DestinationOwner<T> {
  readonly item: T;
  readonly name: string;
  readonly destinations: readonly Destination[];
}

/** Finds whose destination a request is inside of; hosts are looked up, not walked through. */
export interface DestinationIndex<T> {
  /**
   * The owner of the most specific destination: exact host over wildcard, then the longer literal path, then fewer
   * wildcards, then a method list. None = `undefined`.
   *
   * @throws `ERR_DESTINATION_AMBIGUOUS`, naming them, if two owners are equally specific
   */
  find(method: string, url: CanonicalUrl): T | undefined;
}

/** Builds the index once; each `find` is then one or a few map look-ups, however many owners there are. */
export function createDestinationIndex<T>(owners: Iterable<DestinationOwner<T>>): DestinationIndex<T> {
  const byName = new Map<string, Candidate<T>[]>();
  let wildcards = false;
  for (const owner of owners) {
    for (const destination of owner.destinations) {
      const { name, wildcard } = destination.host;
      const candidates = byName.get(name) ?? [];
      if (candidates.push({ owner, destination }) === 1) byName.set(name, candidates);
      wildcards ||= wildcard;
    }
  }
  return {
    find(method, url) {
      const { hostname } = url;
      const exact = best(byName.get(hostname) ?? [], method, url);
      if (exact !== undefined || !wildcards || hostname.length > MAX_NAME_LENGTH) return exact?.item;
      const candidates: Candidate<T>[] = [];
      // A wildcard's name starts with a dot, so that it is never taken for an exact host.
      for (let dot = hostname.indexOf('.'); dot !== -1; dot = hostname.indexOf('.', dot + 1)) {
        candidates.push(...(byName.get(hostname.slice(dot)) ?? []));
      }
      return best(candidates, method, url)?.item;
    },
  };
}

/**
 * The item with the most specific destination for a request, out of a list that is looked at once. For a list that
 * stays, use {@link createDestinationIndex}; the rules are the same.
 *
 * @throws `ERR_DESTINATION_AMBIGUOUS`
 */
export function mostSpecific<T>(
  candidates: Iterable<DestinationOwner<T>>,
  method: string,
  url: CanonicalUrl,
): T | undefined {
  const all: Candidate<T>[] = [];
  for (const owner of candidates) {
    for (const destination of owner.destinations) {
      if (matchDestination(destination, method, url)) all.push({ owner, destination });
    }
  }
  return best(all, method, url)?.item;
}

interface Candidate<T> {
  readonly owner: DestinationOwner<T>;
  readonly destination: Destination;
}

/** No DNS name is longer (RFC 1035, 2.3.4), so none has to be cut at each of its dots. */
const MAX_NAME_LENGTH = 253;

function best<T>(
  candidates: readonly Candidate<T>[],
  method: string,
  url: CanonicalUrl,
): DestinationOwner<T> | undefined {
  let winner: Candidate<T> | undefined;
  let tied: DestinationOwner<T>[] = [];
  for (const candidate of candidates) {
    if (!matchDestination(candidate.destination, method, url)) continue;
    const order = winner === undefined ? 1 : compareSpecificity(candidate.destination, winner.destination);
    if (order > 0) {
      winner = candidate;
      tied = [];
    } else if (order === 0 && candidate.owner.item !== winner?.owner.item) {
      tied.push(candidate.owner);
    }
  }
  if (winner !== undefined && tied.length > 0) throw tie([winner.owner, ...tied], url);
  return winner?.owner;
}

/** Positive if the first is more specific. */
function compareSpecificity(a: Destination, b: Destination): number {
  return (
    Number(b.host.wildcard) - Number(a.host.wildcard) ||
    a.path.literalLength - b.path.literalLength ||
    b.path.wildcards - a.path.wildcards ||
    Number(a.methods !== undefined) - Number(b.methods !== undefined)
  );
}

function tie(owners: readonly DestinationOwner<unknown>[], url: CanonicalUrl): ClavigerError {
  const names = [...new Set(owners.map(({ name }) => `"${name}"`))].join(', ');
  return new ClavigerError(
    'ERR_DESTINATION_AMBIGUOUS',
    `a request to ${url.host} is equally meant by the destinations of ${names}; make one of them more specific`,
    { host: url.host },
  );
}

function admitsMethod({ methods }: Destination, method: string): boolean {
  if (methods !== undefined) return methods.has(method);
  return !REFUSED_METHODS.has(method) && !REFUSED_METHODS.has(method.toUpperCase());
}

/** Names the rule that said no. The path of the request stays out: some services carry keys in it. */
function denialReason(destinations: readonly Destination[], method: string, url: CanonicalUrl): string {
  if (destinations.length === 0) return 'it has no destinations; give it "destinations" or a "baseUrl"';
  if (REFUSED_METHODS.has(method.toUpperCase())) return 'a credential never goes with TRACE, TRACK or CONNECT';
  const shown = destinations.slice(0, 5).map(({ text }) => text);
  if (destinations.length > shown.length) shown.push(`and ${destinations.length - shown.length} more`);
  const sameHost = destinations.some(
    ({ host, port, protocol }) => port === url.port && protocol === url.protocol && matchHost(host, url.hostname),
  );
  const missed = sameHost ? 'this method and path' : 'this host';
  return `its destinations are ${shown.join('; ')}; if ${missed} should get the credential, add a destination`;
}
