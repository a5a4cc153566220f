import type { CountRequest, Count } from './fixed-window.js';

/**
 * What changes while access rules are in force: issued keys, statuses, signing keys. Plain JSON values by name, each
 * replaced as a whole and never altered.
 */
export type Records = ReadonlyMap<string, unknown>;

/** What is to become of records: a value, or `undefined` for none. */
export type Changes = ReadonlyMap<string, unknown>;

/**
 * Where access rules keep what changes. One state may be shared by many processes.
 *
 * A state that can't answer throws `ERR_STORE_*`: then nobody is admitted.
 */
export interface AccessState {
  readonly kind: string;
  /** The records as they are now; at once where that is possible. */
  read(): Records | Promise<Records>;
  /** Changes records while nobody else can, all or none; nothing if `change` gives `undefined`. */
  update(change: (now: Records) => Changes | undefined): Promise<void>;
  /** Counts one use, or only looks. Exact, whoever else counts. */
  count(request: CountRequest): Count | Promise<Count>;
}

/** A copy of records with changes made to it. */
export function changed(records: Records, changes: Changes): Map<string, unknown> {
  const copy = new Map(records);
  applyChanges(copy, changes);
  return copy;
}

export function applyChanges(records: Map<string, unknown>, changes: Changes): void {
  for (const [name, value] of changes) {
    if (value === undefined) records.delete(name);
    else records.set(name, value);
  }
}
