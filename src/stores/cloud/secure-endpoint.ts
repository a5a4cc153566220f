import { isLoopbackHost } from '../../destination/address.js';
import { refuseOptions } from '../store-failure.js';

/** The URL of an engine. @throws {@link ClavigerError} `ERR_CONFIG_INVALID` for plain http to anywhere but this machine */
export function secureEndpoint(kind: string, endpoint: string | undefined): URL | undefined {
  if (endpoint === undefined) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (url !== undefined && isSecure) return url;
  return refuseOptions(kind, 'endpoint must be an https: URL; plain http only for a loopback address');
}
