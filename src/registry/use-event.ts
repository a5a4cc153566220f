import type { Judgement } from '../access/access.js';
import type { AuditEvent } from '../audit/event.js';
import type { CanonicalUrl } from '../destination/canonical-url.js';
import type { Use } from './use-step.js';

/** A use at its end; what it did not come to is undefined. */
export interface EndedUse extends Pick<AuditEvent, 'time' | 'type' | 'provider' | 'outcome'> {
  readonly status: number | undefined;
  readonly method: string | undefined;
  readonly url: CanonicalUrl | undefined;
  readonly judgement: Judgement | undefined;
  readonly version: string | undefined;
  readonly repeated: boolean;
}

/** What is told of a use: names, and no value. */
export function eventOf(
  { surface, tool }: Pick<Use<never, never>, 'surface' | 'tool'>,
  { time, type, provider, outcome, status, method, url, judgement, version, repeated }: EndedUse,
): AuditEvent {
  const { keyId, app, verification } = judgement ?? {};
  return {
    time,
    type,
    provider,
    surface,
    ...(keyId === undefined ? {} : { consumer: keyId }),
    ...(app === undefined ? {} : { app }),
    ...(method === undefined ? {} : { method }),
    ...(url === undefined ? {} : { host: url.host, path: url.path }),
    ...(tool === undefined ? {} : { tool }),
    outcome,
    ...(verification?.ok === false ? { fault: verification.fault.code } : {}),
    ...(status === undefined ? {} : { status }),
    ...(version === undefined ? {} : { version }),
    ...(repeated ? { repeated: true } : {}),
  };
}
