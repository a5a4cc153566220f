import type { RequestPlacement } from '../placement/placement.js';

/** A well-known API: what a provider definition needs to say about it, and what helps people with its keys. */
export interface CatalogEntry extends CatalogDefinition {
  readonly id: string;
  readonly title: string;
  /** Where the vendor tells how requests are authenticated. */
  readonly docs: string;
  /** Further names in use for the variable, after `environmentVariable`. */
  readonly otherVariables?: string[];
  /** What its keys look like, older forms that still work included. A mismatch is a warning, never a refusal: vendors change formats. */
  readonly keyShape?: { prefix?: string[]; pattern?: string; minLength?: number };
  /** What the check needs beyond a path: a JSON body to send, and conditions that a 2xx must meet. */
  readonly checkDetails?: {
    body?: unknown;
    okWhen?: { pointer: string; equals?: unknown; absent?: boolean }[];
  };
  /** Names in braces that have to be filled in, each with what it is. */
  readonly fill?: Record<string, string>;
  /** What to store as the user name, where the credential needs one of its own. */
  readonly username?: string;
  readonly note?: string;
  /** Fields that rest on public code or a single source and not on the vendor's own pages. */
  readonly unverified?: string[];
}

/** The part of an entry that a provider definition can take over as it is, once nothing in it is in braces. */
export interface CatalogDefinition {
  readonly baseUrl: string;
  readonly destinations: string[];
  readonly placement: RequestPlacement | RequestPlacement[];
  /** Where else official clients put the key; the broker looks for its placeholder there too. */
  readonly alternatives?: RequestPlacement[];
  readonly headers?: Record<string, string>;
  readonly environmentVariable: string;
  /** One form of key that the vendor issues, as placeholders are made; to tell a key, use `keyShape`. */
  readonly shape?: { prefix?: string; suffix?: string; length?: number; alphabet?: string; jwt?: boolean };
  readonly check?: { method?: string; path: string };
}
