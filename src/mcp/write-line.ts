import type { Writable } from 'node:stream';

const lineFeed = Buffer.from('\n');

/** Shorter lines are copied together with their line feed; that is faster than a second piece to send. */
const copiedBytes = 64 * 1024;

/** Writes a line; `false` when the stream is slow. */
export function writeLine(stream: Writable, line: Buffer): boolean {
  if (line.length <= copiedBytes) return stream.write(Buffer.concat([line, lineFeed]));
  stream.cork();
  stream.write(line);
  const isOpen = stream.write(lineFeed);
  process.nextTick(() => stream.uncork());
  return isOpen;
}
