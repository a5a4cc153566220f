import type { AuditEvent, AuditSink } from './event.js';

/** Hands an event to the sink. */
export type AuditTrail = (event: AuditEvent) => void;

/** A trail whose sink can fail without failing the call: a failure is reported once, as a process warning. */
export function createAuditTrail(sink: AuditSink): AuditTrail {
  let reported = false;
  const onFailure = () => {
    if (reported) return;
    reported = true;
    process.emitWarning('an audit sink failed; events are being lost (reported once)', 'ClavigerWarning');
  };
  return (event) => {
    try {
      const pending = sink(event);
      if (pending !== undefined) pending.then(undefined, onFailure);
    } catch {
      onFailure();
    }
  };
}
