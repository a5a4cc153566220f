import { ChunkScanner, ItemScanner } from './redact-stream.js';
import type { FormIndex } from './form-index.js';
import { viewLike } from './redact-atom.js';

/** What wrappers need of a redactor. */
export interface Redaction {
  readonly forms: FormIndex;
  value<T>(value: T): T;
  error<E>(error: E): E | Error;
  /** The same, with one wrapper for each thing, however often it is come across: what can be read once has one reader. */
  remembering(): Redaction;
}

/** Redacts items one after the other; texts and bytes are also searched across their seams. */
export class ItemRedaction {
  readonly #redaction: Redaction;
  readonly #texts: ItemScanner<string>;
  readonly #bytes: ItemScanner<Uint8Array> | ChunkScanner;

  /** `seams: 'kept'` where an item of bytes may be a record; `'free'` in byte streams, where nothing has to wait for its end. */
  constructor(redaction: Redaction, seams: 'kept' | 'free') {
    this.#redaction = redaction;
    this.#texts = new ItemScanner(redaction.forms);
    this.#bytes = seams === 'kept' ? new ItemScanner(redaction.forms) : new ChunkScanner(redaction.forms);
  }

  /** What can be given on now, in its order: what waits for an item of its kind does not wait for one of another. */
  push(item: unknown): unknown[] {
    if (typeof item === 'string') return [...listOf(this.#bytes.pause()), ...this.#texts.push(item)];
    const texts = this.#texts.pause();
    if (!(item instanceof Uint8Array)) return [...texts, ...listOf(this.#bytes.pause()), this.#redaction.value(item)];
    return [...texts, ...listOf(this.#bytes.push(item)).map((bytes) => sameType(bytes, item))];
  }

  /** What was held back, once nothing more comes. */
  flush(): unknown[] {
    return [...this.#texts.flush(), ...listOf(this.#bytes.flush())];
  }
}

function listOf(ready: Uint8Array | Uint8Array[]): Uint8Array[] {
  if (Array.isArray(ready)) return ready;
  return ready.length === 0 ? [] : [ready];
}

function sameType(bytes: Uint8Array, item: Uint8Array): unknown {
  return bytes.constructor === item.constructor ? bytes : viewLike(item, bytes);
}
