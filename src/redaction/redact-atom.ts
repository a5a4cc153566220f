import { Buffer } from 'node:buffer';
import { types } from 'node:util';
import type { FormIndex } from './form-index.js';
import { redactBytes, redactText } from './redact-units.js';
import { isPairs, isRequest, isUrl } from './value-kinds.js';

type Pairs = Iterable<[string, unknown]> & { append(name: string, value: unknown): void };

/** A copy without secrets of a value that holds text or bytes and nothing beneath; the identical one if it holds none. */
export function redactAtom(forms: FormIndex, value: object, buffers: Map<ArrayBufferLike, boolean>): unknown {
  if (types.isAnyArrayBuffer(value)) return redactBuffer(forms, value);
  if (ArrayBuffer.isView(value)) return apart(forms, redactBuffer(forms, value), value, buffers);
  if (isPairs(value)) return redactPairs(forms, value as Pairs);
  if (isUrl(value)) return redactUrl(forms, value);
  if (isRequest(value)) return redactRequest(forms, value);
  // A pattern, or a wrapper of a string, a symbol or a big integer.
  const text = types.isSymbolObject(value) ? Symbol.prototype.toString.call(value) : (value as RegExp).toString();
  const redacted = redactText(forms, text);
  if (redacted === text) return value;
  return types.isStringObject(value) ? new String(redacted) : redacted;
}

/**
 * A view shows all the memory that it shares with others, of which it may be the smallest part: then it gets its own. Not in
 * Node's pool of small buffers: every buffer of the process shows that.
 */
function apart(
  forms: FormIndex,
  redacted: unknown,
  view: ArrayBufferView,
  buffers: Map<ArrayBufferLike, boolean>,
): unknown {
  const { buffer, byteLength } = view;
  const isPooled = Buffer.isBuffer(view) && buffer.byteLength === Buffer.poolSize;
  if (redacted !== view || buffer.byteLength === byteLength || isPooled) return redacted;
  let holdsSecret = buffers.get(buffer);
  if (holdsSecret === undefined) buffers.set(buffer, (holdsSecret = forms.find(new Uint8Array(buffer)) !== undefined));
  return holdsSecret ? copyAtom(view) : view;
}

/** The same value once more; `undefined` for what can't be copied. */
export function copyAtom(value: object): unknown {
  if (ArrayBuffer.isView(value)) {
    return viewLike(value, new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice());
  }
  if (types.isAnyArrayBuffer(value)) return value.slice(0);
  if (types.isDate(value)) return new Date(value.getTime());
  if (types.isRegExp(value)) return new RegExp(value);
  if (types.isBoxedPrimitive(value)) return Object(value.valueOf()) as object;
  if (isUrl(value)) return new URL(value.href);
  return isPairs(value) ? new (value.constructor as new (value: object) => object)(value) : undefined;
}

export function redactSymbol(forms: FormIndex, symbol: symbol): symbol {
  const description = symbol.description ?? '';
  const redacted = redactText(forms, description);
  return redacted === description ? symbol : Symbol(redacted);
}

function redactBuffer(forms: FormIndex, value: ArrayBufferLike | ArrayBufferView): unknown {
  const bytes = ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
  const redacted = redactBytes(forms, bytes);
  if (redacted === bytes) return value;
  if (!ArrayBuffer.isView(value)) return types.isSharedArrayBuffer(value) ? shared(redacted) : redacted.buffer;
  return viewLike(value, redacted);
}

/** Of the same type; elements of several bytes are filled up with zeros. */
export function viewLike(view: ArrayBufferView, bytes: Uint8Array): unknown {
  if (Buffer.isBuffer(view)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = 'BYTES_PER_ELEMENT' in view ? (view.BYTES_PER_ELEMENT as number) : 1;
  const whole = new Uint8Array(Math.ceil(bytes.length / size) * size);
  whole.set(bytes);
  const Type = view.constructor as new (buffer: ArrayBuffer) => unknown;
  return new Type(whole.buffer);
}

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}

function redactPairs(forms: FormIndex, value: Pairs): unknown {
  const clean = (part: unknown) => (typeof part === 'string' ? redactText(forms, part) : part);
  const pairs = [...value].map(([name, each]) => ({ name, value: each, newName: clean(name), newValue: clean(each) }));
  if (pairs.every((pair) => pair.name === pair.newName && pair.value === pair.newValue)) return value;
  const copy = new (value.constructor as new () => Pairs)();
  for (const pair of pairs) {
    try {
      copy.append(pair.newName as string, pair.newValue);
    } catch {
      // `[secret]` is no header name
      copy.append('secret', pair.newValue);
    }
  }
  return copy;
}

function redactUrl(forms: FormIndex, url: URL): unknown {
  const redacted = redactText(forms, url.href);
  if (redacted === url.href) return url;
  return URL.canParse(redacted) ? new URL(redacted) : redacted;
}

/** Of the same class (fetch's, undici's own), with another body if one is given; the identical one if nothing changes. */
export function redactRequest(forms: FormIndex, request: Request, body?: ReadableStream): Request {
  const url = redactText(forms, request.url);
  const headers = redactPairs(forms, request.headers);
  if (url === request.url && headers === request.headers && body === undefined) return request;
  const { method, redirect, signal } = request;
  const init = { method, redirect, signal, headers, ...(body === undefined ? {} : { body, duplex: 'half' }) };
  return new (request.constructor as new (url: string, init: object) => Request)(url, init);
}
