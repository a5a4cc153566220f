import type { CredentialRow } from './stored-credentials.js';

/** A credential as `--json` tells it. */
export function credentialJson({ name, defined, store, secretName, state, info, provider }: CredentialRow): object {
  return {
    name,
    defined,
    store,
    secretName,
    state,
    fingerprint: info.fingerprint,
    version: info.version,
    createdAt: info.createdAt?.toISOString(),
    expiresAt: info.expiresAt?.toISOString(),
    username: info.username,
    storedDestinations: info.destinations,
    destinations: provider?.destinations,
    placements: provider?.placements,
    with: provider?.with,
    baseUrl: provider?.baseUrl,
    environmentVariable: provider?.environmentVariable,
  };
}
