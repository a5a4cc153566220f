import { SHORT_SECRET, type Secret } from '../secret.js';
import { encodedForms } from './encoded-forms.js';
import { FormIndex } from './form-index.js';
import { ChunkScanner, redactingStream, type Scanner } from './redact-stream.js';
import { redactBytes, redactText, type StandIn } from './redact-units.js';
import { ValueRedaction } from './redact-value.js';

export type { Scanner } from './redact-stream.js';

/**
 * Replaces every secret it was told of, in every usual encoding, by `[secret]`: in texts, values, errors and streams. What holds
 * no secret comes back identical.
 *
 * @example
 * const redactor = createRedactor();
 * redactor.add('sk-live-0123456789abcdef');
 * redactor.text('got sk-live-0123456789abcdef');   // "got [secret]"
 */
export interface Redactor {
  /** Secrets under 8 characters can't be told from ordinary text: they are ignored. */
  add(secret: Secret | string): void;
  text(text: string): string;
  /**
   * A value without secrets, at any depth. Responses, streams, promises and (async) iterators are wrapped, as what they will
   * give can't be known, and so is an instance of a class that holds one; everything else is copied only if it holds a secret,
   * and errors are altered in place.
   */
  value<T>(value: T): T;
  /** A thrown value: an error stays the same object, its properties redacted, unless it can't be altered. */
  error<E>(error: E): E | Error;
  /** Bytes without secrets; the identical object if there are none. */
  bytes(bytes: Uint8Array): Uint8Array;
  /** Redacts bytes that flow through, and holds back only what could be the beginning of a secret. */
  stream(): TransformStream<Uint8Array, Uint8Array>;
  /** The same for code that can't use web streams. */
  scanner(): Scanner;
  /** How many secrets are known. */
  readonly size: number;
}

/** Makes a redactor that knows no secret yet. Streams that already run learn of those that are added later. */
export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  const forms = new FormIndex();
  const values = new ValueRedaction(forms);
  const redactor: Redactor = {
    add(secret) {
      const plain = typeof secret === 'string' ? secret : secret.reveal();
      if (plain.length < SHORT_SECRET || secrets.has(plain)) return;
      secrets.add(plain);
      for (const form of encodedForms(plain)) forms.add(form);
    },
    text: (text) => redactText(forms, text),
    value: (value) => values.value(value),
    error: (error) => values.error(error),
    bytes: (bytes) => redactBytes(forms, bytes),
    stream: () => redactingStream(forms),
    scanner: () => new ChunkScanner(forms),
    get size() {
      return secrets.size;
    },
  };
  formsOf.set(redactor, forms);
  return redactor;
}

const formsOf = new WeakMap<Redactor, FormIndex>();

/**
 * A redactor that knows what another one knows, and writes a stand-in for some of it where that one writes `[secret]`: in
 * texts, bytes and streams. Values and errors are those of the other one.
 */
export function withStandIns(redactor: Redactor, standIn: StandIn): Redactor {
  const forms = formsOf.get(redactor);
  if (forms === undefined) throw new Error('unreachable: every redactor was made here');
  return {
    add: (secret) => redactor.add(secret),
    text: (text) => redactText(forms, text, standIn),
    value: (value) => redactor.value(value),
    error: (error) => redactor.error(error),
    bytes: (bytes) => redactBytes(forms, bytes, standIn),
    stream: () => redactingStream(forms, standIn),
    scanner: () => new ChunkScanner(forms, standIn),
    get size() {
      return redactor.size;
    },
  };
}
