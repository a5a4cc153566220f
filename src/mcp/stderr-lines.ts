import { createLineReader } from '../process/line-reader.js';

/** Longer lines are cut: they are redacted already. */
const maxLineBytes = 64 * 1024;

/** Hands redacted bytes on as lines; without anybody to take them they are dropped. */
export function lineWriter(onLine: ((line: string) => void) | undefined): (bytes: Uint8Array) => void {
  if (onLine === undefined) return () => undefined;
  const give = (line: Buffer): void => onLine(line.toString().replace(/\r$/, ''));
  const reader = createLineReader({ onLine: give, onTooLong: give, maxLineBytes });
  return (bytes) => reader.push(bytes);
}
