import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEvent } from '../index.js';
import { fileError } from './command-error.js';

/** How soon a new event is seen. */
const POLL_MS = 200;
const CHUNK_BYTES = 65_536;

/** The events of an audit file, oldest first; with `follow` also those to come, without end. */
export async function* auditEvents(path: string, follow: boolean): AsyncGenerator<AuditEvent> {
  let position = 0;
  let rest = Buffer.alloc(0);
  for (;;) {
    const chunk = await readFrom(path, position);
    if (chunk === 'replaced') {
      position = 0;
      rest = Buffer.alloc(0);
      continue;
    }
    position += chunk.length;
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      const event = parse(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
      if (event !== undefined) yield event;
    }
    if (chunk.length > 0) continue;
    if (!follow) return;
    await delay(POLL_MS);
  }
}

/** What stands there from a position on; `'replaced'` for a file that has become shorter than it was. */
async function readFrom(path: string, position: number): Promise<Buffer | 'replaced'> {
  try {
    const file = await open(path, 'r');
    try {
      if ((await file.stat()).size < position) return 'replaced';
      const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, position);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return position > 0 ? 'replaced' : Buffer.alloc(0);
    throw fileError('read', path, error);
  }
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
