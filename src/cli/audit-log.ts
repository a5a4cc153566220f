import { open, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEvent } from '../index.js';
import { fileError } from './command-error.js';

/** How soon a new event is seen. */
const POLL_MS = 200;
const CHUNK_BYTES = 65_536;

/**
 * The events of an audit file, oldest first; with `follow` also those to come, without end. A file that is moved away is read
 * to its end before the one in its place; one that was cut short is read anew.
 */
export async function* auditEvents(path: string, follow: boolean): AsyncGenerator<AuditEvent> {
  let log: AuditLog | undefined;
  try {
    for (;;) {
      log ??= await AuditLog.open(path);
      if (log !== undefined) yield* log.events();
      if (!follow) return;
      if (log !== undefined && (await log.isReplaced())) {
        yield* log.events(); // what its last writer still wrote
        await log.close();
        log = undefined;
      } else await delay(POLL_MS);
    }
  } catch (error) {
    throw fileError('read', path, error);
  } finally {
    await log?.close();
  }
}

/** One file under the path of the log. */
class AuditLog {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #id: string;
  #position = 0;
  /** A line whose end is not written yet. */
  #unfinished = Buffer.alloc(0);

  private constructor(path: string, file: FileHandle, id: string) {
    this.#path = path;
    this.#file = file;
    this.#id = id;
  }

  /** Undefined where there is none. */
  static async open(path: string): Promise<AuditLog | undefined> {
    try {
      const file = await open(path, 'r');
      return new AuditLog(path, file, idOf(await file.stat()));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** What was added since the last time. */
  async *events(): AsyncGenerator<AuditEvent> {
    if ((await this.#file.stat()).size < this.#position) {
      this.#position = 0;
      this.#unfinished = Buffer.alloc(0);
    }
    for (;;) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const text = Buffer.concat([this.#unfinished, buffer.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, start)) {
        const event = parse(text.toString('utf8', start, end));
        start = end + 1;
        if (event !== undefined) yield event;
      }
      this.#unfinished = text.subarray(start);
    }
  }

  /** Whether another file is in its place. While there is none, it may still come back. */
  async isReplaced(): Promise<boolean> {
    const there = await stat(this.#path).catch(() => undefined);
    return there !== undefined && idOf(there) !== this.#id;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function idOf({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev}:${ino}`;
}

/** A line that a crash has cut, or somebody else's, is no event. */
function parse(line: string): AuditEvent | undefined {
  try {
    const event = JSON.parse(line) as Partial<AuditEvent> | null;
    return typeof event?.time === 'number' && typeof event.provider === 'string' ? (event as AuditEvent) : undefined;
  } catch {
    return undefined;
  }
}
