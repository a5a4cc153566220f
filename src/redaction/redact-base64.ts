import { REDACTED } from '../secret.js';

const base64 = /^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The members that MCP defines as base64: resource contents, images, audio. */
export const BASE64_MEMBERS: ReadonlySet<string> = new Set(['blob', 'data']);

/**
 * What a base64 text stands for without secrets, in base64 again; the identical text if there are none, and `undefined` for a text
 * that is no base64. `redact` takes secrets out of bytes.
 */
export function redactBase64(text: string, redact: (bytes: Buffer) => Uint8Array): string | undefined {
  if (!base64.test(text)) return undefined;
  const content = Buffer.from(text, 'base64');
  const redacted = redact(content);
  const result = redacted === content ? text : Buffer.from(redacted).toString('base64');
  // a secret that is written in the letters of base64 itself
  const letters = Buffer.from(result);
  return redact(letters) === letters ? result : Buffer.from(REDACTED).toString('base64');
}
