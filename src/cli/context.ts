import type { Terminal } from './terminal.js';

/** What every command works with. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** `--config` */
  readonly configFile: string | undefined;
  /** `--json` */
  readonly json: boolean;
}
