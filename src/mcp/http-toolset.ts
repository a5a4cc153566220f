import { ClavigerError } from '../errors.js';
import type { Dispatching } from '../http/dispatch.js';
import { assertAuth } from '../registry/auth.js';
import type { Auth } from '../registry/registry-contract.js';
import { ClientToolset } from './client-toolset.js';
import type { HttpTransport } from './http-transport.js';
import { endpoint, openHttpTransport } from './open-http-transport.js';
import type { Toolset, ToolsetOptions } from './toolset.js';

export interface HttpToolsetOptions extends ToolsetOptions {
  /** The credential of every request. */
  auth: Auth;
  /** The server's one endpoint, inside the destinations of the provider. */
  url: string;
  /** For each request, the handshake too; default 60 000. */
  timeoutMs?: number;
  /** Further headers of every request; no secrets, which belong in a provider. */
  headers?: Record<string, string>;
  /** Where requests go on with their credential: a ProxyAgent for one. Default: an Agent of our own. */
  dispatcher?: Dispatching;
}

/** A toolset whose server is reached over Streamable HTTP. */
export type HttpToolset = Toolset;

/**
 * Connects to an MCP server over Streamable HTTP. The credential goes, as its provider says, into a header, the query or a
 * cookie of every request: each message, the stream of the server's own messages, a stream that is taken up again, the end of
 * the session.
 *
 * It connects at the first call. Redirects are followed inside the provider's destinations only. A 401 asks the store for a
 * newer credential, and the request is repeated once with that. A server that has forgotten the session gets a new one, and
 * the request again that it refused; what it may have run is never repeated. Errors:
 *
 * - `ERR_TOOLSET_START`: the server can't be reached, or refuses to initialize. The next call tries again.
 * - `ERR_TOOLSET_CLOSED`: the connection was lost, or the toolset closed, during the call.
 * - `ERR_DESTINATION_*`, `ERR_ACCESS_DENIED`, `ERR_CREDENTIAL_*`, `ERR_STORE_*`: the request was not sent, or not on to where
 *   a redirect led.
 * - The SDK's `StreamableHTTPError` with the HTTP status as its `code`, and `McpError`: what the server answers, redacted.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`, `ERR_DESTINATION_AMBIGUOUS`, `ERR_DESTINATION_DENIED` at once, for a URL that
 * can't work
 *
 * @example
 * await using toolset = createHttpToolset({
 *   auth: apiKeyAuth({ providerName: 'github' }),
 *   url: 'https://api.githubcopilot.com/mcp/',
 * });
 * await toolset.callTool('search_repositories', { query: 'mcp' });
 */
export function createHttpToolset(options: HttpToolsetOptions): HttpToolset {
  return new RemoteToolset(options);
}

const defaultTimeoutMs = 60_000;

class RemoteToolset extends ClientToolset<HttpTransport> implements HttpToolset {
  readonly #options: HttpToolsetOptions;
  readonly #url: URL;

  constructor(options: HttpToolsetOptions) {
    super(options);
    assertAuth(options.auth);
    this.#options = options;
    this.#url = endpoint(options.url);
  }

  protected get handshakeMs(): number {
    return this.#options.timeoutMs ?? defaultTimeoutMs;
  }

  protected open(): Promise<HttpTransport> {
    return openHttpTransport({ ...this.#options, url: this.#url });
  }

  protected refused(problem: string): ClavigerError {
    const { host } = this.#url;
    return new ClavigerError('ERR_TOOLSET_START', `the MCP server at ${host} did not start: ${problem}`, { host });
  }
}
