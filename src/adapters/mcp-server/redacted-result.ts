import { BASE64_MEMBERS, redactBase64 } from '../../redaction/redact-base64.js';
import type { Redactor } from '../../redaction/redactor.js';

/**
 * The result of a tool whose images, sounds and binary resources hold no secret, and are base64 still: a client refuses a message
 * where they are not. The identical one if there was none; texts are not looked at.
 */
export function redactBinaries<R>(result: R, redactor: Redactor): R {
  const { content } = (result ?? {}) as { content?: unknown };
  if (!Array.isArray(content)) return result;
  const redacted = content.map((item: unknown) => redactItem(item, redactor));
  return redacted.every((item, index) => item === content[index]) ? result : { ...result, content: redacted };
}

function redactItem(item: unknown, redactor: Redactor): unknown {
  if (typeof item !== 'object' || item === null) return item;
  const changes = Object.entries(item).flatMap(([name, value]: [string, unknown]) => {
    const redacted = name === 'resource' ? redactItem(value, redactor) : redactMember(name, value, redactor);
    return redacted === value ? [] : [[name, redacted] as const];
  });
  return changes.length === 0 ? item : { ...item, ...Object.fromEntries(changes) };
}

function redactMember(name: string, value: unknown, redactor: Redactor): unknown {
  if (typeof value !== 'string' || !BASE64_MEMBERS.has(name)) return value;
  return redactBase64(value, (bytes) => redactor.bytes(bytes)) ?? value;
}
