const KEY_LENGTH = 32;

/** A 32-byte key out of what a key file holds: the raw bytes, or base64, base64url or hex with at most one final newline. */
export function decodeKey(content: Uint8Array): Buffer | undefined {
  return content.length === KEY_LENGTH ? Buffer.from(content) : decodeKeyText(Buffer.from(content).toString('latin1'));
}

/** The same out of a text. */
export function decodeKeyText(text: string): Buffer | undefined {
  const line = text.replace(/\r?\n$/, '');
  if (/^[0-9a-f]{64}$/i.test(line)) return Buffer.from(line, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(line)) return undefined;
  const key = Buffer.from(line, 'base64');
  return key.length === KEY_LENGTH ? key : undefined;
}
