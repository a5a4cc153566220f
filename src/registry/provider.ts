import type { Source } from '../credential.js';
import type { Destination } from '../destination/destination.js';
import type { Placement, RequestPlacement } from '../placement/placement.js';
import type { Store } from '../stores/store.js';
import type { CacheSlot } from './credential-cache.js';

/** What the keys of a provider look like; placeholders and entry checks use it. */
export interface KeyShape {
  prefix?: string;
  suffix?: string;
  /** Characters, prefix and suffix included. */
  length?: number;
  /** The allowed characters; default letters and digits. */
  alphabet?: string;
  /** Three dot-separated parts. */
  jwt?: boolean;
}

/**
 * A named credential provider: where its key rests, where the key may go, and how a call carries it.
 *
 * @example
 * { name: 'github', baseUrl: 'https://api.github.com', environmentVariable: 'GITHUB_TOKEN' }
 */
export interface ProviderDefinition {
  /** `[a-z0-9][a-z0-9._:-]{0,62}` */
  name: string;
  /** Start from this entry of the catalog; own fields override. */
  uses?: string;
  /** Yields the credential; or name a store. */
  source?: Source;
  /** A store, or the name of one; default `"default"`. */
  store?: string | Store;
  /** The name in the store; default the provider's. */
  secretName?: string;
  /** How an HTTP call carries the credential: header, query, cookie or basic; default `bearer()`. */
  placement?: Placement | Placement[];
  /** Further placements that a placeholder may stand in; official SDKs differ from the documentation. */
  alternatives?: Placement[];
  /** Further providers whose credentials go onto the same request. */
  with?: string[];
  /** Where it may go; default `[baseUrl + "/**"]`. With neither, HTTP refuses. An empty list is nowhere. */
  destinations?: string[];
  baseUrl?: string;
  /** Constant, not secret companions of every request, such as an API version; the caller's own value wins. */
  headers?: Record<string, string>;
  /** The variable that servers and tools conventionally read. */
  environmentVariable?: string;
  shape?: KeyShape;
  /** A who-am-I request. */
  check?: { method?: string; path: string };
  /** Allows a secret under 8 characters; it is placed and *not* redacted. */
  allowShortSecret?: boolean;
}

/** A definition that has been checked and compiled. */
export interface Provider {
  readonly name: string;
  readonly definition: Readonly<ProviderDefinition>;
  readonly origin: Origin;
  readonly placements: readonly RequestPlacement[];
  readonly companions: readonly string[];
  /** Undefined when the definition has neither destinations nor a base URL. */
  readonly destinations: readonly Destination[] | undefined;
  readonly baseUrl: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly allowShortSecret: boolean;
  /** What is cached of it, by account. */
  readonly slots: Map<string | undefined, CacheSlot>;
}

/** Where a provider's credential is fetched: a source of its own, or a name in a store. */
export type Origin =
  | { readonly source: Source; readonly name: string; readonly label: string }
  | { readonly store: Store; readonly name: string; readonly label: string };

/** What may be told of a provider. */
export interface ProviderDescription {
  readonly name: string;
  readonly placements: readonly RequestPlacement[];
  readonly destinations: readonly string[];
  readonly with: readonly string[];
  readonly store?: string;
  readonly secretName?: string;
  readonly baseUrl?: string;
  readonly environmentVariable?: string;
  /** Its who-am-I request, below the base URL. */
  readonly check?: { readonly method?: string; readonly path: string };
}

/** The other half of a pair, where the secret is the user name, may be one too. */
function withoutPassword(placement: RequestPlacement): RequestPlacement {
  if (placement.in !== 'basic') return placement;
  const { password: _, ...shown } = placement;
  return shown;
}

export function describeProvider(provider: Provider): ProviderDescription {
  const { definition, origin } = provider;
  return {
    name: provider.name,
    placements: provider.placements.map(withoutPassword),
    destinations: (provider.destinations ?? []).map((destination) => destination.text),
    with: [...provider.companions],
    ...('store' in origin ? { store: origin.label, secretName: origin.name } : {}),
    ...(provider.baseUrl === undefined ? {} : { baseUrl: provider.baseUrl }),
    ...(definition.environmentVariable === undefined ? {} : { environmentVariable: definition.environmentVariable }),
    ...(definition.check === undefined ? {} : { check: { ...definition.check } }),
  };
}
