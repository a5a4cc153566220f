import type { ClientName } from '../../mcp-clients/client-files.js';

export interface ImportFlags {
  readonly client: ClientName | undefined;
  readonly files: readonly string[];
  readonly portable: boolean;
  /** Whether what is a key by its name alone stays. */
  readonly sure: boolean;
}
