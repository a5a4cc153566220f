import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEvent, AuditSink } from './event.js';

/** Hands events to a sink that can fail without failing the call: a failure is reported once, as a process warning. */
export interface AuditTrail {
  (event: AuditEvent): void;
  /** Resolves when the sink has taken every event so far, or after five seconds: a sink that hangs holds nobody up. */
  settled(): Promise<void>;
}

const SETTLE_MS = 5000;

export function createAuditTrail(sink: AuditSink): AuditTrail {
  const pending = new Set<Promise<void>>();
  let reported = false;
  const onFailure = () => {
    if (reported) return;
    reported = true;
    process.emitWarning('an audit sink failed; events are being lost (reported once)', 'ClavigerWarning');
  };
  const trail = (event: AuditEvent) => {
    try {
      const taken = sink(event);
      if (taken === undefined) return;
      const settling = taken.then(undefined, onFailure).finally(() => pending.delete(settling));
      pending.add(settling);
    } catch {
      onFailure();
    }
  };
  const settled = async () => {
    if (pending.size === 0) return;
    const waiting = new AbortController();
    const tooLong = delay(SETTLE_MS, undefined, { signal: waiting.signal, ref: false }).catch(() => undefined);
    await Promise.race([Promise.all(pending), tooLong]);
    waiting.abort();
  };
  return Object.assign(trail, { settled });
}
