import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as client from '@modelcontextprotocol/sdk/client/index.js';
import type * as types from '@modelcontextprotocol/sdk/types.js';

/** What is used of the official SDK. */
export type Sdk = Pick<typeof client, 'Client'> & Pick<typeof types, 'McpError' | 'ErrorCode' | 'ResultSchema'>;

let loaded: Sdk | undefined;

/**
 * The official SDK, loaded when it is first used: it takes longer to load than everything else here, and a launcher never
 * needs it. Its ES modules, as the program's own `import` gives them, so that `error instanceof McpError` holds there.
 */
export function loadSdk(): Sdk {
  if (loaded !== undefined) return loaded;
  const { Client } = loadModule('@modelcontextprotocol/sdk/client/index.js') as typeof client;
  const { McpError, ErrorCode, ResultSchema } = loadModule('@modelcontextprotocol/sdk/types.js') as typeof types;
  loaded = { Client, McpError, ErrorCode, ResultSchema };
  return loaded;
}

/** One module of the SDK. */
export function loadModule(specifier: string): unknown {
  return createRequire(import.meta.url)(fileURLToPath(import.meta.resolve(specifier)));
}
