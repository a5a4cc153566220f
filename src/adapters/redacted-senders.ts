import type { Redactor } from '../redaction/redactor.js';
import { cloneWith } from './clone-with.js';

/** Methods by name, and which of their arguments leave the tool by them: messages, log entries, attributes of spans. */
export type Senders = Readonly<Record<string, readonly number[]>>;

/** A copy of what a framework hands to a tool, so that nothing that is sent with it holds a secret. */
export function withRedactedSenders<T extends object>(
  original: T,
  senders: Senders,
  redactor: Redactor,
  changes: Readonly<Record<string, unknown>> = {},
): T {
  const redacted: Record<string, unknown> = { ...changes };
  for (const [name, indices] of Object.entries(senders)) {
    const send = (original as Record<string, unknown>)[name];
    if (typeof send !== 'function') continue;
    redacted[name] = (...args: unknown[]): unknown => {
      const sent = args.map((argument, index) => (indices.includes(index) ? redactor.value(argument) : argument));
      return Reflect.apply(send, original, sent) as unknown;
    };
  }
  return cloneWith(original, redacted);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
