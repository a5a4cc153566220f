import type { Writable } from 'node:stream';

const lineFeed = Buffer.from('\n');

/** Shorter lines are copied together with their line feed; that is faster than a second piece to send. */
const copiedBytes = 16 * 1024;

/** Writes a line; `false` when the stream is slow. All lines of one moment leave in one piece. */
export function writeLine(stream: Writable, line: Buffer): boolean {
  if (stream.writableCorked === 0) {
    stream.cork();
    process.nextTick(() => stream.uncork());
  }
  if (line.length > copiedBytes) {
    stream.write(line);
    return stream.write(lineFeed);
  }
  const whole = Buffer.allocUnsafe(line.length + 1);
  line.copy(whole);
  whole[line.length] = 0x0a;
  return stream.write(whole);
}
