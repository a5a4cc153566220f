import type { Secret } from '../secret.js';
import { fillMarkers, hasMarker } from './marker.js';
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
 * @param inherited What the child would have in that variable: a `{claviger:PROVIDER}` in it makes it the template.
 *
 * @example
 * applyToEnvironment(env('API_HEADERS', { template: 'X-API-Key:{}' }), secret, 'weather');   // ['API_HEADERS', 'X-API-Key:KEY']
 */
export function applyToEnvironment(
  placement: EnvPlacement,
  secret: Secret,
  provider: string,
  inherited?: string,
): [name: string, value: string] {
  const { name, template } = placement;
  assertProcessPlacement(placement, provider);
  const value = revealForProcess(secret, provider);
  if (template === undefined && hasMarker(inherited, provider)) return [name, fillMarkers(inherited, provider, value)];
  return [name, fillTemplate(template ?? '{}', value)];
}
