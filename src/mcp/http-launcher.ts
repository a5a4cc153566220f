import { ClavigerError } from '../errors.js';
import { canonicalUrl } from '../destination/canonical-url.js';
import { assertAuth } from '../registry/auth.js';
import { coreOf, type Auth, type AuthOptions, type Registry } from '../registry/registry-contract.js';
import { HttpRelay } from './http-relay.js';
import { Launcher, type LauncherOptions, type StdioLauncher } from './launcher.js';
import { endpoint } from './open-http-transport.js';

export type HttpLauncherOptions = LauncherOptions & {
  /** The server's one endpoint, inside the destinations of the provider. */
  url: string;
  /** Further headers of every request; no secrets, which belong in a provider. */
  headers?: Record<string, string>;
} & ({ auth: Auth } | ({ registry: Registry } & AuthOptions));

/**
 * Lets a client that speaks only stdio reach an MCP server over Streamable HTTP, with a credential on every request that the
 * client's configuration never holds. With `{ registry }` the provider with the most specific destination serves.
 *
 * Messages pass byte for byte, whatever protocol version they are of. The server's session ends with the input, or with a
 * signal. A key that has changed is used from the next request on. What can't be sent, or is not answered, is told to the client
 * as the error that answers its request, and it can go on.
 *
 * @throws ClavigerError `ERR_CONFIG_INVALID`, `ERR_DESTINATION_AMBIGUOUS` for a URL that can't work
 *
 * @example
 * const launcher = await createHttpLauncher({
 *   auth: apiKeyAuth({ providerName: 'github' }),
 *   url: 'https://api.githubcopilot.com/mcp/',
 * });
 * process.exitCode = exitCodeOf(await launcher.exited);
 */
export async function createHttpLauncher(options: HttpLauncherOptions): Promise<StdioLauncher> {
  const { headers = {} } = options;
  const url = endpoint(options.url);
  if ('auth' in options) assertAuth(options.auth);
  const auth = 'auth' in options ? async () => options.auth : () => matching(options, url);
  return new Launcher(options, (client) => new HttpRelay({ ...client, auth, url, headers }));
}

/** The auth of the provider to whose destinations a URL belongs. */
async function matching(
  { registry, account, consumer }: { registry: Registry } & AuthOptions,
  url: URL,
): Promise<Auth> {
  const provider = coreOf(registry).match('POST', canonicalUrl(url.href));
  if (provider !== undefined)
    return registry.auth(provider.name, { ...(account && { account }), ...(consumer && { consumer }) });
  const { host } = url;
  const message = `${host} is a destination of no provider: add it to the destinations of the one whose key it takes`;
  throw new ClavigerError('ERR_DESTINATION_DENIED', message, { host });
}
