import type { Readable, Writable } from 'node:stream';

/** Redacts a stream chunk by chunk and holds back only what may be the beginning of a secret. */
export interface StreamScanner {
  push(chunk: Uint8Array): Uint8Array;
  /** What was held back, at the end of the stream. */
  flush(): Uint8Array;
}

/**
 * Passes what a child writes through a scanner into a stream of ours, which stays open. It reads no faster than the other
 * side takes, so that memory stays bounded whatever the child prints.
 *
 * Resolves when everything has been handed over, or when nobody reads any more (`| head`): then the child's pipe is closed,
 * which it notices as it would in a shell. Rejects when writing fails for another reason, a full disk for one.
 */
export async function pipeRedacted(source: Readable, scanner: StreamScanner, sink: Writable): Promise<void> {
  let failure: NodeJS.ErrnoException | undefined;
  const fail = (error: NodeJS.ErrnoException): void => {
    failure ??= error;
    source.destroy();
  };
  sink.on('error', fail);
  try {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      if (!sink.write(scanner.push(chunk))) await writable(sink);
      if (!sink.writable) break; // leaving the loop destroys the source
    }
  } catch (error) {
    if (failure === undefined && !isCode(error, 'ERR_STREAM_PREMATURE_CLOSE')) throw error;
  }
  if (sink.writable) await new Promise<unknown>((resolve) => sink.write(scanner.flush(), resolve));
  if (sink.errored !== null) fail(sink.errored);
  if (failure === undefined)
    sink.off('error', fail); // else its error event may still be on the way
  else if (!isCode(failure, 'EPIPE') && !isCode(failure, 'ERR_STREAM_DESTROYED')) throw failure;
}

/** The end of what was written, for an error report. */
export interface Tail {
  push(chunk: Uint8Array): void;
  text(): string;
}

/** Keeps the last `limit` bytes (default 4096) of a stream that has been redacted already. */
export function tail(limit = 4096): Tail {
  let kept = Buffer.alloc(0);
  let isCut = false;
  return {
    push: (chunk) => {
      isCut ||= kept.length + chunk.length > limit;
      kept = Buffer.concat([kept, chunk.subarray(-limit)]).subarray(-limit);
    },
    // where the cut went through a character, what is left of it would read as garbage
    text: () => kept.subarray(isCut ? Math.max(0, kept.findIndex(isCharacterStart)) : 0).toString('utf8'),
  };
}

/** Not a continuation byte: RFC 3629 §3. */
function isCharacterStart(byte: number): boolean {
  return (byte & 0xc0) !== 0x80;
}

/** Until the stream takes more, or will never take anything again. */
function writable(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'error'];
    const settle = (): void => {
      for (const event of events) stream.off(event, settle);
      resolve();
    };
    for (const event of events) stream.on(event, settle);
    if (!stream.writableNeedDrain) settle();
  });
}

function isCode(error: unknown, code: string): boolean {
  return (error as { code?: unknown } | null)?.code === code;
}
