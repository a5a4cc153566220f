import { ClavigerError, isClavigerError } from '../errors.js';
import { addressKind, ipFamily } from './address.js';
import { authorityOf, type Authority } from './authority.js';

/** One host, or with `wildcard` every host that ends with `name`: `.example.com` stands for `*.example.com`. */
export interface HostPattern {
  readonly name: string;
  readonly wildcard: boolean;
}

/** What stands between `scheme://` and the path of a destination. */
export interface AuthorityPattern {
  readonly protocol: Authority['protocol'];
  readonly host: HostPattern;
  readonly port: number;
  readonly loopback: boolean;
}

/**
 * Reads `scheme://host[:port]` of a destination. A host may start with `*.`: one or more labels, not the apex, and at
 * least two labels stay after it. There is no other wildcard; no port means the default port of the scheme.
 *
 * | pattern | answer |
 * | --- | --- |
 * | `https://API.example.com:443` | the host `api.example.com`, port 443 |
 * | `https://*.example.com` | `a.example.com`, `a.b.example.com`; not `example.com`, not `aexample.com` |
 * | `https://*.com`, `https://*`, `https://api.*.com`, `https://*api.example.com`, `https://a:*` | refused |
 *
 * @throws `ERR_CONFIG_INVALID`, also for http to a host that is not loopback, and for link-local and unspecified addresses
 */
export function parseAuthorityPattern(text: string): AuthorityPattern {
  const wildcard = /^[^:]*:\/\/\*\./.test(text);
  const plain = wildcard ? text.replace('*.', '') : text;
  if (plain.includes('*'))
    throw invalid('a wildcard stands only for whole labels at the start of a host: *.example.com');
  const { protocol, hostname, port, loopback } = readAuthority(plain);
  if (wildcard && (!hostname.includes('.') || /^[\d.]+$/.test(hostname))) {
    throw invalid('at least two labels of a name must follow "*." in a host');
  }
  if (protocol === 'http:' && !loopback) {
    throw invalid('plain http is only for localhost, 127.0.0.0/8 and [::1]; write https');
  }
  if (isNeverReached(hostname)) throw invalid('no credential goes to a link-local or unspecified address');
  return { protocol, host: { name: wildcard ? `.${hostname}` : hostname, wildcard }, port, loopback };
}

/** Whether a canonical host name is meant by a pattern. */
export function matchHost(pattern: HostPattern, hostname: string): boolean {
  if (!pattern.wildcard) return hostname === pattern.name;
  return hostname.length > pattern.name.length && hostname.endsWith(pattern.name);
}

function readAuthority(text: string): Authority {
  try {
    return authorityOf(text);
  } catch (error) {
    if (!isClavigerError(error)) throw error;
    if (error.code === 'ERR_DESTINATION_DENIED') throw invalid('the scheme must be https or http');
    throw invalid(error.message.replace('the URL can be read in two ways: ', ''));
  }
}

function isNeverReached(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return ipFamily(address) !== 0 && ['linkLocal', 'unspecified'].includes(addressKind(address));
}

function invalid(message: string): ClavigerError {
  return new ClavigerError('ERR_CONFIG_INVALID', message);
}
