import { ClavigerError } from '../errors.js';
import { checkPlacement } from '../placement/check-placement.js';
import {
  env,
  isRequestPlacement,
  type ArgumentPlacement,
  type EnvPlacement,
  type FilePlacement,
  type ParameterPlacement,
  type Placement,
  type ProcessPlacement,
} from '../placement/placement.js';
import { assertAuth } from '../registry/auth.js';
import type { Auth } from '../registry/registry-contract.js';
import type { Provider } from '../registry/provider.js';

/** One credential for a child, and where it goes. */
export interface Injection {
  auth: Auth;
  /** Default: the provider's `environmentVariable`. A parameter is for MCP tools only. */
  into?: EnvPlacement | FilePlacement | ArgumentPlacement | ParameterPlacement;
  /**
   * `'value'` (default): the child gets the secret itself. `'reverse'` and `'forward'`: it gets a placeholder, which a broker
   * replaces on its requests to the provider's destinations; in reverse mode they go to a base URL of the broker's, in forward
   * mode through its proxy.
   */
  via?: 'value' | 'reverse' | 'forward';
  /** With `'reverse'`: where the child learns the address. */
  baseUrl?: BaseUrlInjection;
}

/** Where a child learns the base URL that stands in for the provider's. */
export interface BaseUrlInjection {
  /** A variable of its environment. */
  env?: string;
  /** An argument, `{}` standing for the URL: `--server-url={}`. */
  argument?: string;
  /** Below the origin of the provider's base URL; default the path of that. */
  path?: string;
}

/**
 * Checks injections before anything is fetched.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID`
 */
export function checkInjections(injections: readonly Injection[]): void {
  const given: unknown = injections;
  if (!Array.isArray(given)) {
    throw new ClavigerError('ERR_CONFIG_INVALID', 'inject must be a list of { auth, into }: what the child is to get');
  }
  for (const injection of injections) {
    const { auth, into } = injection;
    assertAuth(auth);
    checkVia(injection, injections);
    if (into === undefined) continue;
    checkPlacement(into);
    if (isRequestPlacement(into)) throw requestPlacement(auth.providerName, (into as Placement).in);
  }
}

/** Whether a child gets a placeholder instead of the secret. */
export function isBrokered({ via }: Injection): boolean {
  return via === 'reverse' || via === 'forward';
}

function checkVia(injection: Injection, all: readonly Injection[]): void {
  const { auth, into, baseUrl } = injection;
  const via: string = injection.via ?? 'value'; // JavaScript callers write what they like
  const provider = auth.providerName;
  if (via !== 'value' && via !== 'reverse' && via !== 'forward') {
    throw new ClavigerError('ERR_CONFIG_INVALID', `${provider}: via must be "value", "reverse" or "forward"`, {
      provider,
    });
  }
  if (baseUrl !== undefined) checkBaseUrl(injection, baseUrl);
  if (via === 'value') return;
  if (into?.in === 'parameter') {
    const message = `${provider}: a parameter takes the value itself, not a placeholder (via): use env(…), file(…) or argument(…)`;
    throw new ClavigerError('ERR_PLACEMENT_INVALID', message, { provider });
  }
  const isTold = all.some((other) => other.auth.providerName === provider && other.baseUrl !== undefined);
  if (via === 'forward' || isTold) return;
  const message = `${provider}: with via: "reverse" the child must learn the address: say where with baseUrl`;
  throw new ClavigerError('ERR_CONFIG_INVALID', message, { provider });
}

function checkBaseUrl({ auth, via }: Injection, { env: variable, argument: template }: BaseUrlInjection): void {
  const provider = auth.providerName;
  if (via !== 'reverse') {
    throw new ClavigerError('ERR_CONFIG_INVALID', `${provider}: baseUrl goes with via: "reverse"`, { provider });
  }
  if (variable === undefined && template === undefined) {
    throw new ClavigerError('ERR_CONFIG_INVALID', `${provider}: baseUrl needs env or argument`, { provider });
  }
  if (variable !== undefined) checkPlacement(env(variable));
  if (template !== undefined) checkPlacement({ in: 'argument', template });
}

/**
 * Where an injection puts its secret at the start of a child.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` when neither the injection nor its provider says
 */
export function processPlacementOf({ into }: Injection, provider: Provider): ProcessPlacement {
  if (into !== undefined && into.in !== 'parameter') return into;
  if (into !== undefined) {
    const message = `${provider.name}: a child process has no parameters; use env(…), file(…) or argument(…)`;
    throw new ClavigerError('ERR_PLACEMENT_INVALID', message, { provider: provider.name });
  }
  const { environmentVariable } = provider.definition;
  if (environmentVariable !== undefined) return env(environmentVariable);
  const message = `${provider.name} has no environmentVariable: define it, or say where the secret goes with into: env("NAME")`;
  throw new ClavigerError('ERR_PLACEMENT_INVALID', message, { provider: provider.name });
}

function requestPlacement(provider: string, kind: string): ClavigerError {
  const message =
    `${provider}: a child can't take a credential in ${kind}; use env(…), file(…) or argument(…), ` +
    'or the broker (via: "reverse" or "forward"), which places it on the requests of the child';
  return new ClavigerError('ERR_PLACEMENT_INVALID', message, { provider });
}
