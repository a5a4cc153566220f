import { ValueCopy } from './copy-value.js';
import type { FormIndex } from './form-index.js';
import { isSurelyClean } from './is-clean.js';
import { redactError } from './redact-error.js';
import { redactSymbol } from './redact-atom.js';
import { redactText } from './redact-units.js';
import { ValueGraph } from './value-graph.js';
import { wrapFunction, type Method } from './wrap-function.js';
import { wrapInstance } from './wrap-instance.js';
import { wrapLive } from './wrap-live.js';

/** Redacts what functions give back: values of any shape, and errors. */
export class ValueRedaction {
  readonly forms: FormIndex;
  readonly #wrapped: WeakMap<object, unknown> | undefined;

  constructor(forms: FormIndex, wrapped?: WeakMap<object, unknown>) {
    this.forms = forms;
    this.#wrapped = wrapped;
  }

  remembering(): ValueRedaction {
    return this.#wrapped === undefined ? new ValueRedaction(this.forms, new WeakMap()) : this;
  }

  value<T>(value: T): T {
    switch (typeof value) {
      case 'string':
        return redactText(this.forms, value) as T;
      case 'object':
        return value === null || isSurelyClean(this.forms, value) ? value : (this.#object(value) as T);
      case 'function':
        return this.#object(value) as T;
      case 'number':
      case 'bigint':
        return this.#number(value) as T;
      case 'symbol':
        return redactSymbol(this.forms, value) as T;
      default:
        return value;
    }
  }

  error<E>(error: E): E | Error {
    return this.value(error);
  }

  #number(value: number | bigint): unknown {
    if (!this.forms.hasNumbers) return value;
    const digits = String(value);
    const redacted = redactText(this.forms, digits);
    return redacted === digits ? value : redacted;
  }

  #object(value: object): unknown {
    const graph = new ValueGraph(this.forms, value);
    const copy = new ValueCopy(graph, (source, as) => this.#wrap(source, as));
    return graph.root.kind === 'error' ? redactError(this.forms, graph.root, copy) : copy.node(graph.root);
  }

  #wrap(source: object, as: 'live' | 'holder' | 'function'): unknown {
    if (as === 'function') return wrapFunction(source as Method, this);
    const known = this.#wrapped?.get(source);
    if (known !== undefined) return known;
    const wrapper = as === 'live' ? wrapLive(this, source) : wrapInstance(source, this);
    this.#wrapped?.set(source, wrapper);
    return wrapper;
  }
}
