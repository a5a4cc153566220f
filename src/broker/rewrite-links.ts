import { canonicalUrl, type CanonicalUrl } from '../destination/canonical-url.js';
import { matchDestination } from '../destination/destination.js';
import type { RewriteField } from './client-response.js';
import type { Grantee } from './grantee.js';

/**
 * Turns the URLs in `Location`, `Content-Location` and `Link` that lie inside the destinations into URLs of the broker, so
 * that who follows them comes back here. Relative ones do by themselves, and all others would lead a placeholder to where
 * it is worth nothing.
 */
export function linksToBroker(grantee: Grantee, url: CanonicalUrl, brokerOrigin: string): RewriteField {
  const rewrite = (reference: string): string => {
    if (!/^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(reference)) return reference;
    const target = read(reference, url);
    if (target === undefined || target.origin !== grantee.origin) return reference;
    const { destinations = [] } = grantee.provider;
    if (!destinations.some((each) => isInside(each, target))) return reference;
    return brokerOrigin + target.path + target.search + target.hash;
  };
  return (name, value) => {
    if (name === 'location' || name === 'content-location') return rewrite(value.trim());
    if (name === 'link') return value.replace(/<([^<>]*)>/g, (_whole, reference: string) => `<${rewrite(reference)}>`);
    return value;
  };
}

/** By whichever method it admits: a link says not by which it will be followed. */
function isInside(destination: Parameters<typeof matchDestination>[0], target: CanonicalUrl): boolean {
  const methods = destination.methods ?? new Set(['GET']);
  return [...methods].some((method) => matchDestination(destination, method, target));
}

function read(reference: string, { protocol }: CanonicalUrl): CanonicalUrl | undefined {
  try {
    return canonicalUrl(reference.startsWith('//') ? protocol + reference : reference);
  } catch {
    return undefined;
  }
}
