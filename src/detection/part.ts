import type { ValueContext } from './finding.js';

/** A part of a value that may be a key, and what is known of its place. */
export interface Part {
  readonly start: number;
  readonly end: number;
  readonly context: ValueContext;
}
