import { applyToRequest, type RequestHead } from '../placement/apply-to-request.js';
import type { RequestPlacement } from '../placement/placement.js';
import type { Grant } from './use.js';

/**
 * Puts everything that a grant stands for onto one request: the credential where its provider (or the caller) wants
 * it, the credentials beside it, and the constant companion headers that the request does not have yet.
 */
export function applyGrant(
  head: RequestHead,
  grant: Grant,
  placements: readonly RequestPlacement[] = grant.provider.placements,
): void {
  addConstantHeaders(head, grant.provider.headers);
  for (const placement of placements) applyToRequest(head, placement, grant.credential);
  for (const { provider, credential } of grant.companions) {
    addConstantHeaders(head, provider.headers);
    for (const placement of provider.placements) applyToRequest(head, placement, credential);
  }
}

function addConstantHeaders(head: RequestHead, headers: Grant['provider']['headers']): void {
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!head.headers.some(([other]) => other.toLowerCase() === lower)) head.headers.push([name, value]);
  }
}
