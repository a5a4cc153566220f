import type * as http from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { loadModule } from './sdk.js';

/** The SDK's client side of Streamable HTTP, loaded when a toolset needs it. */
export function loadHttpSdk(): typeof http {
  return loadModule('@modelcontextprotocol/sdk/client/streamableHttp.js') as typeof http;
}
