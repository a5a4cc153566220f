import { createAuth } from './auth.js';
import { loadRegistry } from './load-config.js';
import type { Auth, AuthOptions, Registry } from './registry-contract.js';

let current: Registry | Promise<Registry> | undefined;

/**
 * Sets the registry of every auth that names none. `undefined` goes back to the discovered config file, loaded at the
 * next use.
 */
export function setDefaultRegistry(registry: Registry | undefined): void {
  current = registry;
}

/** A load that fails is tried again at the next use. */
function defaultRegistry(): Registry | Promise<Registry> {
  if (current !== undefined) return current;
  const loading = loadRegistry();
  current = loading;
  loading.then(
    (registry) => {
      if (current === loading) current = registry;
    },
    () => {
      if (current === loading) current = undefined;
    },
  );
  return loading;
}

/**
 * Says which credential a call is to get, and for whom.
 *
 * @example
 * withCredential(fn, { auth: apiKeyAuth({ providerName: 'github', account: () => currentUser().id }), into: 'token' });
 */
export function apiKeyAuth(options: AuthOptions & { providerName: string; registry?: Registry }): Auth {
  const { providerName, registry, ...whose } = options;
  return createAuth(providerName, registry === undefined ? defaultRegistry : () => registry, whose);
}
