import type { Command } from './command.js';

/** A word of the command line; its module is loaded when it is used. */
interface Verb {
  readonly summary: string;
  /** For programs: in no list. */
  readonly hidden?: true;
  load(): Promise<Command>;
}

/** Every command by its name, as `verbs.ts` has them: no command can import that itself. */
export type Verbs = Readonly<Record<string, Verb>>;
