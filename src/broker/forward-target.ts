import type { CanonicalUrl } from '../destination/canonical-url.js';
import type { BrokerSession } from './session.js';

/** Where a request of forward mode goes, and whose it is. */
export interface ForwardTarget {
  readonly session: BrokerSession;
  readonly origin: string;
  readonly authority: Pick<CanonicalUrl, 'protocol' | 'hostname' | 'port' | 'host'>;
  /** The target of the request, as it came. */
  readonly path: string;
}

export function forwardTo(tunnel: ForwardTarget, path: string): ForwardTarget {
  return { ...tunnel, path };
}
