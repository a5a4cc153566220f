import type { FoundConfig, LoadedConfig } from '../../index.js';
import type { Context } from '../context.js';
import type { StoreAnswer } from './ask-stores.js';

/** One thing that was looked at. */
export interface Finding {
  /** What was looked at: `config`, `store:default`. */
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do about it, in one line. */
  readonly fix?: string;
  /** Does that, where it can be done without asking anybody; gives what was done. */
  readonly mend?: () => Promise<string>;
}

/** What the checks look at. */
export interface Patient {
  readonly context: Context;
  readonly file: FoundConfig | undefined;
  /** Undefined where the config file can't be used; `configError` says why. */
  readonly loaded: LoadedConfig | undefined;
  readonly configError: unknown;
  /** What each store answered, asked once for all checks; one that hangs has answered with that. */
  readonly stores: ReadonlyMap<string, Promise<StoreAnswer>>;
}

/** A part of the examination; it never throws for what it looks at. */
export interface Check {
  readonly name: string;
  run(patient: Patient): Promise<readonly Finding[]>;
}
