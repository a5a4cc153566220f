import { findInRequest, type Found } from '../placement/find-in-request.js';
import type { RequestHead } from '../placement/apply-to-request.js';
import type { RequestPlacement } from '../placement/placement.js';
import { digestOf, type Grantee } from './grantee.js';
import type { BrokerSession } from './session.js';

/** A placeholder that stood in its place in a request. */
export interface Match {
  readonly session: BrokerSession;
  readonly grantee: Grantee;
  readonly placement: RequestPlacement;
  /** What the caller showed. */
  readonly shown: string;
}

/** No placeholder is longer. */
const MAX_PLACEHOLDER = 4096;

/** The live sessions: finds them by what a caller shows. */
export class SessionTable {
  readonly #sessions = new Set<BrokerSession>();
  readonly #byDigest = new Map<string, { readonly session: BrokerSession; readonly grantee: Grantee }>();
  readonly #byProxyDigest = new Map<string, BrokerSession>();
  /** The places in which some placeholder may stand, with how many sessions look there. */
  readonly #places = new Map<string, { readonly placement: RequestPlacement; count: number }>();

  add(session: BrokerSession): void {
    this.#sessions.add(session);
    for (const grantee of session.grantees) {
      this.#byDigest.set(grantee.digest, { session, grantee });
      for (const { key, placement } of grantee.placements) {
        const place = this.#places.get(key);
        if (place === undefined) this.#places.set(key, { placement, count: 1 });
        else place.count++;
      }
    }
  }

  addProxy(digest: string, session: BrokerSession): void {
    if (session.isLive) this.#byProxyDigest.set(digest, session);
  }

  /** Whether anybody was given the proxy. */
  get hasProxies(): boolean {
    return this.#byProxyDigest.size > 0;
  }

  remove(session: BrokerSession): void {
    if (!this.#sessions.delete(session)) return;
    if (session.proxyDigest !== undefined) this.#byProxyDigest.delete(session.proxyDigest);
    for (const { digest, placements } of session.grantees) {
      this.#byDigest.delete(digest);
      for (const { key } of placements) {
        const place = this.#places.get(key);
        if (place !== undefined && --place.count === 0) this.#places.delete(key);
      }
    }
  }

  get all(): readonly BrokerSession[] {
    return [...this.#sessions];
  }

  /** The session whose proxy password this is. */
  byProxyPassword(password: string): BrokerSession | undefined {
    return this.#byProxyDigest.get(digestOf(password.slice(0, MAX_PLACEHOLDER)));
  }

  /**
   * The placeholders that stand in the places of their own providers, one for each grantee. `admits` says who may be found
   * here at all.
   */
  find(head: RequestHead, admits: (session: BrokerSession, grantee: Grantee) => boolean): Match[] {
    const matches: Match[] = [];
    for (const [key, { placement }] of this.#places) {
      for (const { value } of findInRequest(head, placement)) {
        const entry = value.length > MAX_PLACEHOLDER ? undefined : this.#byDigest.get(digestOf(value));
        if (entry?.session.isLive !== true) continue;
        const { session, grantee } = entry;
        if (!grantee.placements.some((each) => each.key === key) || !admits(session, grantee)) continue;
        if (!matches.some((match) => match.grantee === grantee))
          matches.push({ session, grantee, placement, shown: value });
      }
    }
    return matches.length < 2 ? matches : withoutCompanions(matches);
  }

  /** Whether somebody's placeholder would come in Basic credentials: clients such as git send them only when asked. */
  expectsBasic(admits: (session: BrokerSession, grantee: Grantee) => boolean): boolean {
    return this.all.some((session) =>
      session.grantees.some(
        (grantee) => admits(session, grantee) && grantee.placements.some(({ placement }) => placement.in === 'basic'),
      ),
    );
  }
}

/** What stands in a place of this placement and is the placeholder that was found: the caller's own is compared with itself. */
export function placeholderIn(head: RequestHead, placement: RequestPlacement, { shown }: Match): Found | undefined {
  return findInRequest(head, placement).find(({ value }) => value === shown);
}

/** The credentials that one provider wants beside its own come with it: their placeholders ask for nothing of their own. */
function withoutCompanions(matches: readonly Match[]): Match[] {
  const companions = new Set(matches.flatMap(({ grantee }) => grantee.provider.companions));
  const principals = matches.filter(({ grantee }) => !companions.has(grantee.provider.name));
  return principals.length === 0 ? [...matches] : principals;
}
