import { Buffer } from 'node:buffer';
import type { FormIndex, Units } from './form-index.js';
import { joined, replaceSpans, type StandIn } from './redact-units.js';

const nothing = new Uint8Array();

/** Redacts what comes piece by piece, for code that can't use web streams. */
export interface Scanner {
  /** What may go on now: all but a tail that could still be the beginning of a secret. */
  push(chunk: Uint8Array): Uint8Array;
  /** The rest, once nothing more comes. */
  flush(): Uint8Array;
}

/**
 * Joins chunks only as far as a secret may reach over their seam: a chunk that ends in no beginning of one passes whole at
 * once, and what is held back is never longer than the longest form.
 */
export class ChunkScanner implements Scanner {
  readonly #forms: FormIndex;
  readonly #standIn: StandIn | undefined;
  #held: Uint8Array = nothing;
  /** So much of what is held was replaced already, together with what went before it. */
  #covered = 0;

  constructor(forms: FormIndex, standIn?: StandIn) {
    this.#forms = forms;
    this.#standIn = standIn;
  }

  push(chunk: Uint8Array): Uint8Array {
    const source = this.#held.length === 0 ? chunk : (joined([this.#held, chunk], chunk) as Uint8Array);
    const { spans, live } = this.#forms.findSoFar(source);
    const covered = this.#covered;
    this.#held = live === source.length ? nothing : Uint8Array.prototype.slice.call(source, live);
    this.#covered = coveredAfter(spans, live, covered);
    if (spans.length === 0 && covered === 0 && live === source.length) return source;
    return replaceSpans(source, spans, covered, live, this.#standIn);
  }

  /** The rest, as something else comes first; what then goes on with it is redacted all the same, as far as it was not given. */
  pause(): Uint8Array {
    const rest = replaceSpans(this.#held, this.#forms.find(this.#held) ?? [], this.#covered, this.#held.length);
    this.#covered = this.#held.length;
    return rest;
  }

  flush(): Uint8Array {
    const spans = this.#forms.find(this.#held) ?? [];
    const rest = replaceSpans(this.#held, spans, this.#covered, this.#held.length, this.#standIn);
    this.#held = nothing;
    this.#covered = 0;
    return rest;
  }
}

/**
 * Redacts texts or bytes that come as items of their own. Seams stay where they are, as an item may be a line or a record: one
 * that ends in what could be the beginning of a secret waits whole for the next. (A text that is cut up into properties of objects,
 * `{ delta: 'sk-' }`, `{ delta: 'live…' }`, can't be put together here: only its reader knows which property goes on where.)
 */
export class ItemScanner<T extends Units> {
  readonly #forms: FormIndex;
  #waiting: T[] = [];
  #covered = 0;
  /** Whether the first that waits was given already, and is only looked at together with what follows. */
  #isGiven = false;

  constructor(forms: FormIndex) {
    this.#forms = forms;
  }

  push(item: T): T[] {
    this.#waiting.push(item);
    const source = joined(this.#waiting, item) as T;
    const { spans, live } = this.#forms.findSoFar(source);
    return this.#release(source, spans, live);
  }

  /** All that waits, as an item of another kind comes first; what then goes on with it is redacted, as far as it was not given. */
  pause(): T[] {
    const first = this.#waiting[0];
    if (first === undefined) return [];
    const source = joined(this.#waiting, first) as T;
    const { live } = this.#forms.findSoFar(source);
    const ready = this.flush();
    if (live === source.length) return ready;
    const tail = source.slice(live) as T;
    this.#waiting = [tail];
    this.#covered = tail.length;
    this.#isGiven = true;
    return ready;
  }

  flush(): T[] {
    const first = this.#waiting[0];
    if (first === undefined) return [];
    const source = joined(this.#waiting, first) as T;
    return this.#release(source, this.#forms.find(source) ?? [], source.length);
  }

  /** The items that end at or before `live`. */
  #release(source: T, spans: readonly number[], live: number): T[] {
    const ready: T[] = [];
    let start = 0;
    for (let item = this.#waiting[0]; item !== undefined && start + item.length <= live; item = this.#waiting[0]) {
      const end = start + item.length;
      if (!this.#isGiven) ready.push(this.#itemOf(source, spans, start, end, item));
      this.#isGiven = false;
      this.#waiting.shift();
      start = end;
    }
    this.#covered = coveredAfter(spans, start, this.#covered);
    return ready;
  }

  #itemOf(source: T, spans: readonly number[], start: number, end: number, item: T): T {
    const from = Math.max(start, this.#covered);
    const isTouched =
      from > start || spans.some((at, index) => index % 2 === 0 && at < end && (spans[index + 1] ?? 0) > start);
    return isTouched ? replaceSpans(source, spans, from, end) : item;
  }
}

/** How far a span, or what was replaced before, reaches over `place`. */
function coveredAfter(spans: readonly number[], place: number, covered: number): number {
  let reach = Math.max(0, covered - place);
  for (let index = 0; index < spans.length; index += 2) {
    const [start = 0, end = 0] = [spans[index], spans[index + 1]];
    if (start < place) reach = Math.max(reach, end - place);
  }
  return reach;
}

/** A web stream that redacts the bytes that flow through it. */
export function redactingStream(forms: FormIndex, standIn?: StandIn): TransformStream<Uint8Array, Uint8Array> {
  const scanner = new ChunkScanner(forms, standIn);
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const ready = scanner.push(bytesOf(chunk));
      if (ready.length > 0) controller.enqueue(ready);
    },
    flush(controller) {
      const rest = scanner.flush();
      if (rest.length > 0) controller.enqueue(rest);
    },
  });
}

/** JavaScript callers write what they have. */
function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk, 'utf8');
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer || chunk instanceof SharedArrayBuffer) return new Uint8Array(chunk);
  throw new TypeError('a redacting stream takes bytes');
}
