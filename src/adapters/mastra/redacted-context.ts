import type { Redactor } from '../../redaction/redactor.js';
import { isObject, withRedactedSenders, type Senders } from '../redacted-senders.js';

/** What a tool can send with, by the member of its context: `own` is the context itself. */
const senders: Readonly<Record<string, Senders>> = {
  own: { suspend: [0] },
  agent: { suspend: [0] },
  workflow: { suspend: [0], setState: [0] },
  writer: { write: [0], custom: [0] },
  observe: { log: [0, 1, 2], span: [0, 2] },
  mcp: { log: [0, 1, 2], progress: [0] },
};

/**
 * The context of a call, so that nothing that a tool streams, logs, traces or suspends with holds a secret. Always a copy: the
 * framework knows a context whose arguments it has checked, and would not let the tool's own schema parse them.
 */
export function redactedContext(context: object | undefined, redactor: Redactor | undefined): object | undefined {
  if (context === undefined || redactor === undefined) return context && { ...context };
  const changes: Record<string, unknown> = {};
  for (const [member, sends] of Object.entries(senders)) {
    const value = (context as Record<string, unknown>)[member];
    if (isObject(value)) changes[member] = withRedactedSenders(value, sends, redactor);
  }
  return withRedactedSenders(context, senders['own'] ?? {}, redactor, changes);
}
