import type { FormIndex } from './form-index.js';
import { redactText } from './redact-units.js';

/** First step: strings, plain objects and arrays. */
export class ValueRedaction {
  readonly #forms: FormIndex;

  constructor(forms: FormIndex) {
    this.#forms = forms;
  }

  value<T>(value: T): T {
    if (typeof value === 'string') return redactText(this.#forms, value) as T;
    if (Array.isArray(value)) return value.map((each: unknown) => this.value(each)) as T;
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [this.value(key), this.value(each)])) as T;
  }

  error<E>(error: E): E | Error {
    if (!(error instanceof Error)) return this.value(error);
    error.message = redactText(this.#forms, error.message);
    if (error.stack !== undefined) error.stack = redactText(this.#forms, error.stack);
    return error;
  }
}
