import type { Consumer } from '../access/consumer.js';
import { ClavigerError } from '../errors.js';
import type { Registry } from './registry-contract.js';

/** Which credential a call is to get, and for whom. Made by {@link apiKeyAuth} or `registry.auth()`; holds no secret. */
export interface Auth {
  readonly providerName: string;
  readonly consumer?: Consumer | (() => Consumer | undefined);
  readonly account?: string | (() => string | undefined);
  /** The registry that resolves it, at each call. */
  registry(): Registry | Promise<Registry>;
}

export interface AuthOptions {
  /** Who uses the credential; a function runs at each call (`AsyncLocalStorage`). */
  consumer?: Consumer | (() => Consumer | undefined);
  /** Whose credential; a function runs at each call. Part of every cache key. */
  account?: string | (() => string | undefined);
}

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
  throw new ClavigerError('ERR_CONFIG_INVALID', 'auth must come from apiKeyAuth({ providerName }) or registry.auth(name)');
}
