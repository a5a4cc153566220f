export interface LineReaderOptions {
  /** A whole line, byte for byte, without the line feed that ends it. */
  onLine: (line: Buffer) => void;
  /** Default 64 MiB. */
  maxLineBytes?: number;
  /** Instead of `onLine`, for a line over `maxLineBytes`: its first and last 4 KB, and how long it was. Default: it is dropped. */
  onTooLong?: (beginning: Buffer, bytes: number, ending: Buffer) => void;
}

/** Cuts a stream of bytes into lines. */
export interface LineReader {
  push(chunk: Uint8Array): void;
  /** The unfinished line at the end of the stream, often empty. */
  end(): Buffer;
}

const lineFeed = 0x0a;
const edgeBytes = 4096;

/** Reads lines from chunks in linear time and in memory bounded by the longest line that is allowed. */
export function createLineReader({
  onLine,
  maxLineBytes = 64 * 1024 * 1024,
  onTooLong,
}: LineReaderOptions): LineReader {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let beginning: Buffer | undefined;
  let ending = Buffer.alloc(0);

  const add = (part: Uint8Array): void => {
    bytes += part.length;
    if (beginning !== undefined) {
      ending = Buffer.concat([ending, part.subarray(-edgeBytes)]).subarray(-edgeBytes);
      return;
    }
    parts.push(part);
    if (bytes <= maxLineBytes) return;
    const line = Buffer.concat(parts);
    beginning = Buffer.from(line.subarray(0, edgeBytes)); // copies: the rest can go
    ending = Buffer.from(line.subarray(-edgeBytes));
    parts = [];
  };
  const take = (): Buffer => {
    const line = beginning ?? joined(parts);
    parts = [];
    bytes = 0;
    beginning = undefined;
    return line;
  };
  const finish = (): void => {
    const length = bytes;
    const isTooLong = beginning !== undefined;
    const line = take();
    if (isTooLong) onTooLong?.(line, length, ending);
    else onLine(line);
  };

  return {
    push: (chunk) => {
      let from = 0;
      for (let to = chunk.indexOf(lineFeed); to !== -1; to = chunk.indexOf(lineFeed, from)) {
        add(chunk.subarray(from, to));
        finish();
        from = to + 1;
      }
      if (from < chunk.length) add(chunk.subarray(from));
    },
    end: take,
  };
}

/** Without a copy where the line arrived in one piece, as most do. */
function joined(parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  if (only === undefined || parts.length > 1) return Buffer.concat(parts);
  return Buffer.from(only.buffer, only.byteOffset, only.byteLength);
}
