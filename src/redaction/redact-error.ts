import type { ValueCopy } from './copy-value.js';
import type { FormIndex } from './form-index.js';
import { redactText } from './redact-units.js';
import type { Node } from './value-graph.js';

/**
 * The same error, each own property that holds a secret replaced; what hangs beneath is copied where it holds one, never
 * altered. An error that can't be altered is replaced by an `Error` of its name, code, message and stack.
 */
export function redactError(forms: FormIndex, node: Node, copy: ValueCopy): Error {
  const error = node.source as Error;
  if (!node.isDirty) return error;
  try {
    for (const part of node.parts ?? []) {
      const key = copy.of(part.key, node) as PropertyKey;
      const value = copy.of(part.value, node);
      if (key === part.key && value === part.value) continue;
      if (part.from === 'given') {
        replace(error, key, copy.wrapMethod(Reflect.get(error, key) as object), part.isEnumerable);
        continue;
      }
      if (key !== part.key && !Reflect.deleteProperty(error, part.key as PropertyKey))
        return replacementOf(forms, error);
      replace(error, key, part.from === 'thrown' ? undefined : value, part.isEnumerable);
    }
    return error;
  } catch {
    return replacementOf(forms, error);
  }
}

/** @throws TypeError where the property can't be altered. */
function replace(error: Error, key: PropertyKey, value: unknown, enumerable: boolean): void {
  const property = Reflect.getOwnPropertyDescriptor(error, key);
  const isData = property !== undefined && 'value' in property;
  Object.defineProperty(error, key, isData ? { value } : { value, enumerable, writable: true, configurable: true });
}

function replacementOf(forms: FormIndex, error: unknown): Error {
  const read = (key: string): unknown => {
    try {
      const value: unknown = Reflect.get(error as object, key);
      return typeof value === 'string' ? redactText(forms, value) : value;
    } catch {
      return undefined;
    }
  };
  const [name, message, stack, code] = [read('name'), read('message'), read('stack'), read('code')];
  const replacement = new Error(typeof message === 'string' ? message : '');
  const define = (key: string, value: unknown) =>
    Object.defineProperty(replacement, key, { value, configurable: true, writable: true });
  if (typeof name === 'string') define('name', name);
  if (typeof stack === 'string') define('stack', stack);
  if (typeof code === 'string' || typeof code === 'number') define('code', code);
  return replacement;
}
