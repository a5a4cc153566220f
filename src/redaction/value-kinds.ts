import type { Duplex } from 'node:stream';
import { types } from 'node:util';
import { Secret } from '../secret.js';

/**
 * How a value is treated. `leaf`: can't hold a text. `atom`: holds text or bytes, and nothing beneath. `array`, `plain`, `map`,
 * `set`, `error`, `instance`: looked into. `live`: gives its content later, so it is wrapped. `opaque`: of no use as a copy
 * (writable streams, sockets, agents), so its type's name stands for one that holds a secret. `function`: called and given on as
 * it is, unless it has properties with a secret. `ours`: not looked into. Leaves and atoms may have properties too.
 */
export type Kind =
  'leaf' | 'atom' | 'array' | 'plain' | 'map' | 'set' | 'error' | 'instance' | 'live' | 'opaque' | 'function' | 'ours';

type Shape = Record<PropertyKey, unknown>;

/** @throws What a getter or a proxy throws. */
export function kindOf(value: object): Kind {
  if (typeof value === 'function') return 'function';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Secret || value === globalThis || value === globalThis.process) return 'ours';
  if (isLeaf(value)) return 'leaf';
  if (types.isMap(value)) return 'map';
  if (types.isSet(value)) return 'set';
  if (isError(value)) return 'error';
  if (isAtom(value)) return 'atom';
  if (isLive(value)) return 'live';
  if (isPlain(value)) return 'plain';
  return isOpaque(value) ? 'opaque' : 'instance';
}

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** A stream that can be written to as well: a socket, a TLS connection, got's request. */
export function isDuplex(value: object): value is Duplex {
  return isNodeReadable(value) && isFunction(value, 'write') && isFunction(value, 'end');
}

export function isNodeReadable(value: object): boolean {
  return isFunction(value, 'pipe') && isFunction(value, 'on') && isFunction(value, '_read');
}

export function isResponse(value: object): boolean {
  return tagOf(value) === 'Response' && isFunction(value, 'clone') && 'headers' in value;
}

/** Fetch's, with or without a body: what a body holds comes later. */
export function isRequest(value: object): value is Request {
  return tagOf(value) === 'Request' && isFunction(value, 'clone') && 'headers' in value;
}

export function isReadableStream(value: object): boolean {
  return tagOf(value) === 'ReadableStream' && isFunction(value, 'getReader');
}

/** A pair of web streams, of which one gives what was written to the other: `TransformStream`, `DecompressionStream` … */
export function isTransform(value: object): boolean {
  const tag = tagOf(value);
  return typeof tag === 'string' && transforms.has(tag) && 'readable' in value;
}

const transforms = new Set([
  'TransformStream',
  'CompressionStream',
  'DecompressionStream',
  'TextEncoderStream',
  'TextDecoderStream',
]);

export function isBlob(value: object): boolean {
  return (tagOf(value) === 'Blob' || tagOf(value) === 'File') && isFunction(value, 'stream');
}

function isAsyncIterable(value: object): boolean {
  return isFunction(value, Symbol.asyncIterator);
}

export function isIterator(value: object): boolean {
  return isFunction(value, 'next') && isFunction(value, Symbol.iterator);
}

/** Pairs of name and value behind methods: `Headers`, `URLSearchParams`, `FormData`. */
export function isPairs(value: object): boolean {
  const tag = tagOf(value);
  return (
    (tag === 'Headers' || tag === 'URLSearchParams' || tag === 'FormData') &&
    isFunction(value, 'append') &&
    isFunction(value, Symbol.iterator)
  );
}

/** What a file holds comes later. */
export function isFormWithFiles(value: object): value is FormData {
  if (tagOf(value) !== 'FormData' || !isPairs(value)) return false;
  return [...(value as FormData)].some(([, part]) => typeof part === 'object');
}

export function isUrl(value: object): value is URL {
  return tagOf(value) === 'URL' && 'href' in value;
}

/** What a value is called: `ClientRequest`, `Agent`, `Function`. */
export function typeName(value: unknown): string {
  if (typeof value === 'function') return 'Function';
  try {
    const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
    return typeof name === 'string' && name !== '' ? name : 'Object';
  } catch {
    return 'Object';
  }
}

/** Nothing to be found in these, or not for us to look into. */
function isLeaf(value: object): boolean {
  return (
    types.isDate(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    value instanceof WeakRef ||
    types.isNumberObject(value) ||
    types.isBooleanObject(value)
  );
}

function isAtom(value: object): boolean {
  return (
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value) ||
    isUrl(value) ||
    (isPairs(value) && !isFormWithFiles(value)) ||
    (isRequest(value) && value.body === null)
  );
}

function isLive(value: object): boolean {
  return (
    types.isPromise(value) ||
    isResponse(value) ||
    isRequest(value) ||
    isFormWithFiles(value) ||
    isReadableStream(value) ||
    isNodeReadable(value) ||
    isTransform(value) ||
    isBlob(value) ||
    isAsyncIterable(value) ||
    isIterator(value)
  );
}

function isOpaque(value: object): boolean {
  const isStream = isFunction(value, 'pipe') && isFunction(value, 'on');
  const isAgent = isFunction(value, 'addRequest') || isFunction(value, 'dispatch');
  return isStream || isAgent || tagOf(value) === 'WritableStream';
}

function isFunction(value: object, key: PropertyKey): boolean {
  return typeof (value as Shape)[key] === 'function';
}

function tagOf(value: object): unknown {
  return (value as Shape)[Symbol.toStringTag];
}
