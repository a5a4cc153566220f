import { ClavigerError } from '../errors.js';
import type { Auth, AuthOptions, Registry } from './registry-contract.js';

/** An auth that is bound to a registry, or to what a function gives. */
export function createAuth(
  providerName: string,
  registry: () => Registry | Promise<Registry>,
  { consumer, account }: AuthOptions = {},
): Auth {
  return Object.freeze({
    providerName,
    registry,
    ...(consumer === undefined ? {} : { consumer }),
    ...(account === undefined ? {} : { account }),
  });
}

/** @throws ClavigerError `ERR_CONFIG_INVALID` for anything that is no {@link Auth}. */
export function assertAuth(auth: Auth): void {
  const candidate = auth as Partial<Auth> | undefined;
  if (typeof candidate?.registry === 'function' && typeof candidate.providerName === 'string') return;
  throw new ClavigerError(
    'ERR_CONFIG_INVALID',
    'auth must come from apiKeyAuth({ providerName }) or registry.auth(name)',
  );
}
