import type { Surface } from '../audit/event.js';
import type { CanonicalUrl } from '../destination/canonical-url.js';
import { assertAdmitted, consumerOf } from './admission.js';
import type { Auth, RegistryCore } from './registry-contract.js';
import { eventOf } from './use-event.js';

/**
 * Judges anew who goes on with a credential that he was given before, and counts nothing. Undefined where there
 * are no access rules; rejects, and writes it down, where they say no.
 */
export function admitAgain(
  auth: { readonly providerName: string; readonly consumer?: Auth['consumer'] | undefined },
  core: RegistryCore,
  surface: Surface,
  { method, url }: { readonly method?: string; readonly url?: CanonicalUrl } = {},
): Promise<void> | undefined {
  if (core.access === undefined) return undefined;
  const provider = auth.providerName;
  return core.access.judge(consumerOf(auth), { provider, method, url }, 'skip').then((judgement) => {
    if (judgement.verification.ok) return;
    const ended = {
      time: core.now(),
      type: 'refuse',
      provider,
      outcome: 'ERR_ACCESS_DENIED',
      method,
      url,
      judgement,
    } as const;
    core.audit?.(eventOf({ surface }, { ...ended, status: undefined, version: undefined, repeated: false }));
    assertAdmitted(judgement, provider);
  });
}
