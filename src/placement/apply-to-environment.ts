import type { Secret } from '../secret.js';
import type { EnvPlacement } from './placement.js';
import { assertProcessPlacement } from './process-placement.js';
import { fillTemplate } from './process-template.js';
import { revealForProcess } from './process-value.js';

/**
 * The variable that gives a secret to a child process.
 *
 * @throws {@link ClavigerError} `ERR_PLACEMENT_INVALID`, naming the provider, for a name, template or value that may not stand
 * there; see `revealForProcess`.
 *
 * @example
 * applyToEnvironment(env('API_HEADERS', { template: 'X-API-Key:{}' }), secret, 'weather');   // ['API_HEADERS', 'X-API-Key:KEY']
 */
export function applyToEnvironment(
  placement: EnvPlacement,
  secret: Secret,
  provider: string,
): [name: string, value: string] {
  const { name, template = '{}' } = placement;
  assertProcessPlacement(placement, provider);
  return [name, fillTemplate(template, revealForProcess(secret, provider))];
}
