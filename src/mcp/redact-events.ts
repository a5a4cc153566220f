import type { Redactor } from '../redaction/redactor.js';
import { readEnvelope } from './message-line.js';
import { redactBytes, redactLine } from './redact-line.js';
import { oneLine, type StandIns } from './stand-ins.js';

/** What is done with what a server says, before the SDK reads it. */
export interface Reading {
  readonly redactor: Redactor;
  readonly standIns: StandIns;
  /** While whoever hears it is slow: until it takes more. */
  readonly backlog?: () => Promise<void> | undefined;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Redacts server-sent events and puts stand-ins into the place of messages (HTML, "Parsing an event stream"). An event that is
 * not whole is held back; nobody could read it yet.
 */
export class EventRedaction {
  readonly #redactors: readonly Redactor[];
  readonly #standIns: StandIns;
  #unfinished: Uint8Array[] = [];
  #event: Buffer[] = [];
  #endedWithReturn = false;

  constructor({ redactor, standIns }: Reading) {
    this.#redactors = [redactor];
    this.#standIns = standIns;
  }

  /** The events that are whole now. */
  push(chunk: Uint8Array): Buffer {
    const events: Buffer[] = [];
    let start = this.#endedWithReturn && chunk[0] === lineFeed ? 1 : 0;
    if (chunk.length > 0) this.#endedWithReturn = false;
    let feed = chunk.indexOf(lineFeed, start);
    let back = chunk.indexOf(carriageReturn, start);
    for (;;) {
      if (feed !== -1 && feed < start) feed = chunk.indexOf(lineFeed, start);
      if (back !== -1 && back < start) back = chunk.indexOf(carriageReturn, start);
      if (feed === -1 && back === -1) break;
      const end = back === -1 || (feed !== -1 && feed < back) ? feed : back;
      const event = this.#line(Buffer.concat([...this.#unfinished, chunk.subarray(start, end)]));
      if (event !== undefined) events.push(event);
      this.#unfinished = [];
      start = end + (end === back && chunk[end + 1] === lineFeed ? 2 : 1);
      this.#endedWithReturn = end === back && end === chunk.length - 1;
    }
    if (start < chunk.length) this.#unfinished.push(chunk.subarray(start));
    return Buffer.concat(events);
  }

  /** An empty line ends an event. */
  #line(line: Buffer): Buffer | undefined {
    if (line.length > 0) {
      this.#event.push(line);
      return undefined;
    }
    const event = this.#event;
    this.#event = [];
    const fields = event.filter((field) => !isField(field, 'data'));
    const data = event.filter((field) => isField(field, 'data'));
    const others = fields.map((field) => `${redactBytes(field, this.#redactors).toString()}\n`).join('');
    if (data.length === 0) return Buffer.from(`${others}\n`);
    const isMessage = fields.every((field) => !isField(field, 'event') || valueOf(field).equals(messageType));
    return Buffer.from(`${others}${this.#data(joined(data), isMessage)}`);
  }

  #data(data: Buffer, isMessage: boolean): string {
    const clean = redactLine(data, this.#redactors) ?? redactBytes(data, this.#redactors);
    const standIns = isMessage ? this.#standIns.of(clean) : undefined;
    // each message of a batch becomes an event; what stood before belongs to the first
    if (standIns !== undefined) return standIns.map((standIn) => `data: ${standIn}\n\n`).join('');
    return `${clean
      .toString()
      .split('\n')
      .map((line) => `data: ${line}\n`)
      .join('')}\n`;
  }
}

const messageType = Buffer.from('message');

function isField(line: Buffer, name: string): boolean {
  const end = line.indexOf(':');
  return line.toString('latin1', 0, end === -1 ? line.length : end) === name;
}

/** One space after the colon does not count. */
function valueOf(line: Buffer): Buffer {
  const colon = line.indexOf(':');
  if (colon === -1) return Buffer.alloc(0);
  return line.subarray(colon + (line[colon + 1] === 0x20 ? 2 : 1));
}

function joined(fields: readonly Buffer[]): Buffer {
  const [only] = fields;
  if (only !== undefined && fields.length === 1) return valueOf(only);
  return Buffer.concat(
    fields.flatMap((field, index) => (index === 0 ? [valueOf(field)] : [Buffer.from('\n'), valueOf(field)])),
  );
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
export function redactedEvents(reading: Reading, resumedAfter?: string): TransformStream<Uint8Array, Uint8Array> {
  const redaction = new EventRedaction(reading);
  return new TransformStream({
    start(controller) {
      if (resumedAfter !== undefined) controller.enqueue(resumptionPoint(resumedAfter));
    },
    async transform(chunk, controller) {
      await reading.backlog?.();
      const events = redaction.push(chunk);
      if (events.length > 0) controller.enqueue(events);
    },
  });
}

/** What an error response says, without secrets. */
export async function redactedBody(response: Response, redactor: Redactor): Promise<Buffer> {
  const body = Buffer.from(await response.arrayBuffer());
  return redactLine(body, [redactor]) ?? redactBytes(body, [redactor]);
}

/** The answer to a request that an error response brings, in one line. */
export async function answerIn(response: Response, id: string, redactor: Redactor): Promise<Buffer | undefined> {
  const line = oneLine(await redactedBody(response, redactor));
  const envelope = readEnvelope(line);
  return envelope?.kind === 'response' && envelope.id === id ? line : undefined;
}

/** A response that is no stream, with stand-ins in the place of its messages. */
export async function redactedResponse(response: Response, { redactor, standIns }: Reading): Promise<Response> {
  const body = await redactedBody(response, redactor);
  const messages = standIns.of(body);
  return new Response(messages === undefined ? body : `[${messages.join(',')}]`, response);
}
