import type { Change } from './document/change.js';
import type { FoundKey } from './entry-keys.js';
import type { Launcher } from './launcher-entry.js';
import type { ServerEntry } from './server-entry.js';

/** What a key is needed for once it is no longer in the file. */
export interface KeyUse {
  readonly key: FoundKey;
  readonly secret: string;
  /** Given to a child: in this variable, or in an argument. */
  readonly variable?: string;
  /** Put on the requests to an address. */
  readonly request?: {
    readonly url: string;
    readonly placement: { in: 'header'; name: string; prefix?: string } | { in: 'query'; name: string };
    /** What goes along on each request and is no secret. */
    readonly headers: Readonly<Record<string, string>>;
    /** Further keys on the same request. */
    readonly with: readonly KeyUse[];
  };
}

/** How credentials are called, by their value. */
export type NameOf = (use: KeyUse) => string;

/** What is to be done with an entry. */
export type EntryPlan = {
  readonly entry: ServerEntry;
  readonly keys: readonly FoundKey[];
  /** What people should know of it. */
  readonly notes: readonly string[];
} & (
  | { readonly action: 'none' }
  /** It has keys, and can't be rewritten. */
  | { readonly action: 'left'; readonly reason: string }
  | {
      readonly action: 'run' | 'connect';
      readonly uses: readonly KeyUse[];
      changes(launcher: Launcher, nameOf: NameOf): readonly Change[];
    }
);

/** Why an entry stays as it is. */
export class LeftAsItIs extends Error {}
