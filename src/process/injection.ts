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
  /** `'value'`: the child gets the secret itself. */
  via?: 'value';
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
  for (const { auth, into, via } of injections) {
    assertAuth(auth);
    if ((via as unknown) !== undefined && (via as unknown) !== 'value') {
      throw new ClavigerError('ERR_CONFIG_INVALID', `via must be "value": this version has no broker`);
    }
    if (into === undefined) continue;
    checkPlacement(into);
    if (isRequestPlacement(into)) throw requestPlacement(auth.providerName, (into as Placement).in);
  }
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
    'or a broker (via) that places it on the requests of the child';
  return new ClavigerError('ERR_PLACEMENT_INVALID', message, { provider });
}
