import type { Redactor } from '../redaction/redactor.js';
import { redactBytes, redactLine } from './redact-line.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const dataField = Buffer.from('data:');

/**
 * Redacts server-sent events line by line, so that the JSON in them stays valid. An unfinished line is held back; nobody
 * could read it yet.
 */
export class EventRedaction {
  readonly #redactors: readonly Redactor[];
  #unfinished: Uint8Array[] = [];

  constructor(redactor: Redactor) {
    this.#redactors = [redactor];
  }

  /** The lines that are whole now. */
  push(chunk: Uint8Array): Buffer {
    const end = Math.max(chunk.lastIndexOf(lineFeed), chunk.lastIndexOf(carriageReturn)) + 1;
    if (end === 0) {
      this.#unfinished.push(chunk);
      return Buffer.alloc(0);
    }
    const lines = Buffer.concat([...this.#unfinished, chunk.subarray(0, end)]);
    this.#unfinished = end === chunk.length ? [] : [chunk.subarray(end)];
    return redactBytes(lines, this.#redactors) === lines ? lines : this.#redact(lines);
  }

  #redact(lines: Buffer): Buffer {
    const parts: Buffer[] = [];
    let start = 0;
    for (let at = 0; at < lines.length; at += 1) {
      if (lines[at] !== lineFeed && lines[at] !== carriageReturn) continue;
      parts.push(this.#line(lines.subarray(start, at)), lines.subarray(at, at + 1));
      start = at + 1;
    }
    return Buffer.concat(parts);
  }

  #line(line: Buffer): Buffer {
    if (!line.subarray(0, dataField.length).equals(dataField)) return redactBytes(line, this.#redactors);
    const text = line.subarray(dataField.length);
    return Buffer.concat([dataField, redactLine(text, this.#redactors) ?? redactBytes(text, this.#redactors)]);
  }
}

/** By its media type, as the SDK reads it. */
export function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() === 'text/event-stream';
}

/** An event that says nothing but where a stream goes on. The SDK would else forget that if it broke before the next one. */
export function resumptionPoint(id: string): Buffer {
  return Buffer.from(`id: ${id}\ndata:\n\n`);
}

/** A stream of events without secrets; `resumedAfter` is the event after which the server goes on with it. */
export function redactedEvents(redactor: Redactor, resumedAfter?: string): TransformStream<Uint8Array, Uint8Array> {
  const redaction = new EventRedaction(redactor);
  return new TransformStream({
    start(controller) {
      if (resumedAfter !== undefined) controller.enqueue(resumptionPoint(resumedAfter));
    },
    transform(chunk, controller) {
      const lines = redaction.push(chunk);
      if (lines.length > 0) controller.enqueue(lines);
    },
  });
}

/** One message in a response that is no stream, without secrets. */
export async function redactedResponse(response: Response, redactor: Redactor): Promise<Response> {
  const body = Buffer.from(await response.arrayBuffer());
  return new Response(redactLine(body, [redactor]) ?? redactBytes(body, [redactor]), response);
}
