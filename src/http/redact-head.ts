import type { Redactor } from '../redaction/redactor.js';
import { REDACTED } from '../secret.js';
import type { HeaderRecord } from './dispatch.js';

/** Headers or trailers, and the text of the status line. */
export interface ResponseFields {
  readonly headers: HeaderRecord;
  readonly statusMessage: string | undefined;
}

/**
 * A response head without secrets; the identical object if it holds none. undici gives the bytes of the wire as Latin-1,
 * so UTF-8 in them is looked at as bytes too.
 */
export function redactFields(redactor: Redactor, fields: ResponseFields): ResponseFields {
  if (isClean(redactor, everythingIn(fields))) return fields;
  const { headers, statusMessage } = fields;
  const kept = Object.entries(headers).filter(([name]) => isClean(redactor, name));
  const redacted = kept.map(([name, value]): [string, HeaderRecord[string]] => [
    name,
    Array.isArray(value) ? value.map((each) => redactField(redactor, each)) : redactField(redactor, value ?? ''),
  ]);
  return {
    headers: Object.fromEntries(redacted),
    statusMessage: statusMessage === undefined ? undefined : redactField(redactor, statusMessage),
  };
}

/** One text, so that a clean head, as nearly all are, costs one scan. No secret reaches over a line break. */
function everythingIn({ headers, statusMessage }: ResponseFields): string {
  let text = statusMessage ?? '';
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    text += `\n${name}\n${Array.isArray(value) ? value.join('\n') : (value ?? '')}`;
  }
  return text;
}

function isClean(redactor: Redactor, text: string): boolean {
  if (redactor.text(text) !== text) return false;
  if (!/[\x80-\xff]/.test(text)) return true;
  const bytes = Buffer.from(text, 'latin1');
  return redactor.bytes(bytes) === bytes;
}

function redactField(redactor: Redactor, value: string): string {
  const redacted = redactor.text(value);
  return isClean(redactor, redacted) ? redacted : REDACTED;
}
