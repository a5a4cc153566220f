import { ClavigerError } from '../errors.js';
import { problemOf } from './check-placement.js';
import type { Placement, ProcessPlacement } from './placement.js';

function isProcessPlacement(placement: Placement): placement is ProcessPlacement {
  return placement.in === 'env' || placement.in === 'file' || placement.in === 'argument';
}

/**
 * Refuses a process placement that could never be applied: call it when one is defined, before there is a secret.
 *
 * @throws {@link ClavigerError} `ERR_PLACEMENT_INVALID` for a variable name that is empty or contains `=`, NUL or another control
 * character, for a template without `{}` or with NUL, and for a placement that is not `env`, `file` or `argument`.
 */
export function assertProcessPlacement(placement: Placement, provider: string): asserts placement is ProcessPlacement {
  const problem = isProcessPlacement(placement)
    ? problemOf(placement)
    : `a process takes env, file or argument, not "${placement.in}"`;
  if (problem === undefined) return;
  throw new ClavigerError('ERR_PLACEMENT_INVALID', `the placement of ${provider} is invalid: ${problem}`, { provider });
}
