import { ClavigerError } from '../errors.js';
import type { ParameterPlacement } from '../placement/placement.js';
import { checkInjections, type Injection } from '../process/injection.js';
import type { Auth } from '../registry/registry-contract.js';

/** A credential that goes into an argument of tool calls. */
export interface ParameterInjection {
  readonly auth: Auth;
  readonly name: string;
}

export interface McpInjections {
  readonly all: readonly Injection[];
  /** What a server is started with. */
  readonly process: readonly Injection[];
  readonly parameters: readonly ParameterInjection[];
}

/**
 * Checks injections and divides them by when they are applied.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID`, `ERR_CONFIG_INVALID`
 */
export function divideInjections(injections: readonly Injection[]): McpInjections {
  checkInjections(injections);
  const parameters: ParameterInjection[] = [];
  const process: Injection[] = [];
  for (const injection of injections) {
    if (injection.into?.in === 'parameter') parameters.push({ auth: injection.auth, name: nameOf(injection.into) });
    else process.push(injection);
  }
  const twice = parameters.find(({ name }, index) => parameters.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw invalid(`two credentials can't go into one parameter "${twice.name}"`);
  return { all: injections, process, parameters };
}

function nameOf({ name }: ParameterPlacement): string {
  if (typeof name === 'string') return name;
  throw invalid('an MCP tool has named parameters only: parameter("api_key"), not a position');
}

function invalid(message: string): ClavigerError {
  return new ClavigerError('ERR_PLACEMENT_INVALID', message);
}
