import type { Secret } from '../secret.js';
import { fillMarkers, hasMarker } from './marker.js';
import type { ArgumentPlacement } from './placement.js';
import { assertProcessPlacement } from './process-placement.js';
import { fillTemplate } from './process-template.js';
import { revealForProcess } from './process-value.js';

const warned = new Set<string>();

/**
 * Adds a secret to the arguments of a command, as the last one and always as one argument, spaces included: for
 * `--api-key KEY` as two, write `--api-key` as the command's last argument and `argument('{}')`. Where arguments have
 * `{claviger:PROVIDER}` in them, it goes there instead, and the order stays.
 *
 * Other users of the machine can read it, so this warns once for each provider (`process.emitWarning`).
 *
 * @throws {@link ClavigerError} `ERR_PLACEMENT_INVALID`, naming the provider, for a template or value that may not stand there;
 * see `revealForProcess`.
 *
 * @example
 * applyToArguments(['start'], argument('--api-key={}'), secret, 'launchdarkly');   // ['start', '--api-key=KEY']
 */
export function applyToArguments(
  args: readonly string[],
  placement: ArgumentPlacement,
  secret: Secret,
  provider: string,
): string[] {
  assertProcessPlacement(placement, provider);
  const filled = fillTemplate(placement.template, revealForProcess(secret, provider));
  warnOnce(provider);
  if (!args.some((text) => hasMarker(text, provider))) return [...args, filled];
  return args.map((text) => (hasMarker(text, provider) ? fillMarkers(text, provider, filled) : text));
}

function warnOnce(provider: string): void {
  if (warned.has(provider)) return;
  warned.add(provider);
  process.emitWarning(
    `the credential of ${provider} is a command-line argument, which every user of this machine can read`,
    {
      type: 'ClavigerWarning',
      code: 'CLAVIGER_ARGUMENT_VISIBLE',
      detail: 'prefer env(…) or file(…) where the program takes one',
    },
  );
}
