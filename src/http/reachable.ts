import { isIP } from 'node:net';
import { addressKind } from '../destination/address.js';
import type { CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';

/** Metadata services and "this host" are nobody's destination, whoever lists them or resolves to them. */
export function isReachable(address: string): boolean {
  const kind = addressKind(address);
  return kind !== 'linkLocal' && kind !== 'unspecified';
}

/** Hosts that were looked at already: looking costs some microseconds. */
const known = new Set<string>();
const MAX_KNOWN = 1024;

/**
 * Refuses a URL whose host is such an address. What a name resolves to shows when it is looked up.
 *
 * @throws ClavigerError `ERR_DESTINATION_DENIED`
 */
export function assertReachable({ hostname, host }: CanonicalUrl): void {
  if (known.has(hostname)) return;
  const address = hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0 && !isReachable(address)) throw unreachable(host, 'is');
  if (known.size < MAX_KNOWN) known.add(hostname);
}

export function unreachable(host: string, what: 'is' | 'resolves to'): ClavigerError {
  const message = `${host} ${what} a link-local or unspecified address, where no request goes`;
  return new ClavigerError('ERR_DESTINATION_DENIED', message, { host });
}
