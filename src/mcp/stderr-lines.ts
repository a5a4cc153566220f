import type { Writable } from 'node:stream';
import { createLineReader } from '../process/line-reader.js';

/** Takes redacted bytes. */
export type StderrSink = (bytes: Uint8Array) => void;

/** Longer lines are cut: they are redacted already. */
const maxLineBytes = 64 * 1024;
/** What may wait for a reader. */
const maxWaiting = 1024 * 1024;

/** Hands redacted bytes on as lines; without anybody to take them they are dropped. */
export function lineWriter(onLine: ((line: string) => void) | undefined): StderrSink {
  if (onLine === undefined) return () => undefined;
  const give = (line: Buffer): void => onLine(line.toString().replace(/\r$/, ''));
  const reader = createLineReader({ onLine: give, onTooLong: give, maxLineBytes });
  return (bytes) => reader.push(bytes);
}

/** Writes to a stream that nobody may be reading: what would not fit into 1 MiB is dropped, and said so later. */
export function boundedWriter(stream: Writable): StderrSink {
  let dropped = 0;
  stream.on('error', () => undefined); // nobody listens any more
  return (bytes) => {
    if (stream.writableLength > maxWaiting || !stream.writable) {
      dropped += bytes.length;
      return;
    }
    if (dropped > 0) stream.write(`\nclaviger: ${dropped} bytes were dropped here, as nobody read them\n`);
    dropped = 0;
    stream.write(bytes);
  };
}
