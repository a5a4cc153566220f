import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Pieces that together are no longer are copied into one: that is faster than to send several. */
const copiedBytes = 64 * 1024;
const lineFeed = 0x0a;

/** Lines that lie one behind the other in the chunk that they came in. */
interface Run {
  /** All of that chunk, or undefined where nothing behind a line may be trusted to stay as it is. */
  readonly chunk: Uint8Array | undefined;
  readonly start: number;
  end: number;
  readonly line: Buffer;
}

/**
 * Writes lines to a stream. Those of one moment leave in one piece, and what passes byte for byte as the piece of the chunk
 * that it came in.
 */
export class LineWriter {
  readonly #stream: Writable;
  #runs: Run[] = [];
  #bytes = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(line: Buffer): void {
    if (this.#runs.length === 0) process.nextTick(() => this.flush());
    this.#bytes += line.length + 1;
    const last = this.#runs.at(-1);
    if (last !== undefined && follows(last, line)) last.end += line.length + 1;
    else this.#runs.push(runOf(line, last));
  }

  /** Whether the other side is slow to read: then wait until it is {@link ready}. */
  get isSlow(): boolean {
    const { writableNeedDrain, writableLength, writableHighWaterMark } = this.#stream;
    return writableNeedDrain || writableLength + this.#bytes >= writableHighWaterMark;
  }

  /** When the other side has caught up, or is gone. */
  async ready(): Promise<void> {
    this.flush();
    if (!this.#stream.writableNeedDrain || this.#stream.destroyed) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race([once(this.#stream, 'drain', { signal }), once(this.#stream, 'close', { signal })]).catch(
      () => undefined,
    );
    waiting.abort();
  }

  /** Hands over what was written in this moment. */
  flush(): void {
    const [runs, bytes] = [this.#runs, this.#bytes];
    if (runs.length === 0) return;
    this.#runs = [];
    this.#bytes = 0;
    if (!this.#stream.writable) return;
    const [only] = runs;
    const whole = only !== undefined && runs.length === 1 ? withLineFeed(only) : undefined;
    if (whole !== undefined) this.#stream.write(whole);
    else if (bytes <= copiedBytes) this.#stream.write(copied(runs, bytes));
    else this.#writeEach(runs);
  }

  #writeEach(runs: readonly Run[]): void {
    this.#stream.cork();
    for (const run of runs) {
      const whole = withLineFeed(run);
      this.#stream.write(whole ?? run.line);
      if (whole === undefined) this.#stream.write('\n');
    }
    this.#stream.uncork();
  }
}

function runOf(line: Buffer, last: Run | undefined): Run {
  const { buffer, byteOffset: start, length } = line;
  const end = start + length;
  // what lies behind a small buffer may be somebody else's: Node cuts those from a shared pool
  if (buffer.byteLength === Buffer.poolSize) return { chunk: undefined, start, end, line };
  const chunk = last?.chunk?.buffer === buffer ? last.chunk : new Uint8Array(buffer);
  return { chunk, start, end, line };
}

function follows({ chunk, end }: Run, line: Buffer): boolean {
  return chunk !== undefined && line.byteOffset === end + 1 && chunk[end] === lineFeed && line.buffer === chunk.buffer;
}

/** As it lies in its chunk, if a line feed lies behind it there. */
function withLineFeed({ chunk, start, end }: Run): Uint8Array | undefined {
  return chunk?.[end] === lineFeed ? chunk.subarray(start, end + 1) : undefined;
}

function copied(runs: readonly Run[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const { chunk, start, end, line } of runs) {
    if (chunk === undefined) whole.set(line, at);
    else whole.set(chunk.subarray(start, end), at);
    at += end - start;
    whole[at++] = lineFeed;
  }
  return whole;
}
