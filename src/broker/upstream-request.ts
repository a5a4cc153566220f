import type { DispatchOptions } from '../http/dispatch.js';
import { cleanHeaders, flatHeaders, hasHeader } from '../http/request-head.js';
import { applyToRequest, type RequestHead } from '../placement/apply-to-request.js';
import type { Grant } from '../registry/use.js';
import type { RequestBody } from './request-body.js';
import { placeholderIn, type Match } from './session-table.js';

/** What the caller's request becomes beside what is dropped with any credential. */
const answeredHere = new Set(['expect', 'content-length', 'http2-settings']);

/** The caller's headers without those of its own connection, and without what would make an upstream read another request. */
function forwardable(pairs: RequestHead['headers']): RequestHead['headers'] {
  const headers: RequestHead['headers'] = [];
  for (const [name, value] of cleanHeaders(pairs, false).headers) {
    if (!answeredHere.has(name.toLowerCase())) headers.push([name, value]);
  }
  return headers;
}

/** The request as it goes on the wire: the caller's own, each placeholder in its place replaced by what it stands for. */
export function upstreamRequest(
  method: string,
  pairs: RequestHead['headers'],
  match: Match,
  grant: Grant,
  body: RequestBody,
): DispatchOptions {
  const { grantee, placement } = match;
  const { url, credential, companions } = grant;
  if (url === undefined) throw new Error('unreachable: a request has a destination');
  const head: RequestHead = { search: url.search, headers: forwardable(pairs) };
  const found = placeholderIn(head, placement, match);
  // A caller can have its own header dropped by nominating it; it was its proof all the same.
  if (found === undefined) applyToRequest(head, placement, credential);
  else found.replace(credential);
  for (const each of grantee.placements) {
    if (each.placement !== placement) placeFurther(head, each, match, grant);
  }
  for (const companion of companions) {
    for (const each of companion.provider.placements) applyToRequest(head, each, companion.credential);
    addConstants(head, companion.provider.headers);
  }
  addConstants(head, grant.provider.headers);
  head.headers.push(['Accept-Encoding', 'identity']);
  const { contentLength } = body;
  if (contentLength !== undefined) head.headers.push(['Content-Length', contentLength]);
  return { origin: url.origin, path: url.path + head.search, method, headers: flatHeaders(head.headers), body: null };
}

/** A provider that wants its key in several places gets it in all of them; an alternative only where the caller used it. */
function placeFurther(
  head: RequestHead,
  each: Match['grantee']['placements'][number],
  match: Match,
  { credential, provider }: Grant,
): void {
  const found = placeholderIn(head, each.placement, match);
  if (found !== undefined) found.replace(credential);
  else if (each.isOwn && provider.placements.includes(match.placement))
    applyToRequest(head, each.placement, credential);
}

function addConstants(head: RequestHead, headers: Grant['provider']['headers']): void {
  for (const [name, value] of headers) {
    if (!hasHeader(head.headers, name.toLowerCase())) head.headers.push([name, value]);
  }
}
