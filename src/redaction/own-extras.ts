import { inspect, types } from 'node:util';

/** Listing the keys of something longer takes longer than reading it. */
export const LONG_ARRAY = 1000;

const shown = {
  depth: 0,
  showHidden: true,
  customInspect: false,
  maxArrayLength: 0,
  maxStringLength: 0,
  breakLength: Infinity,
};

/** Names that every function, pattern and array has. */
const usual = new Set<PropertyKey>(['length', 'lastIndex', 'prototype', 'arguments', 'caller']);

/** The own properties that somebody gave an object beside what makes it up: not its elements, its length and the like. */
export function ownExtras(source: object): PropertyKey[] {
  if (isLong(source) && !hasExtras(source)) return [];
  const isIndexed = ArrayBuffer.isView(source) || types.isStringObject(source) || Array.isArray(source);
  const isUsual = (key: PropertyKey) => usual.has(key) || (isIndexed && typeof key === 'string' && /^\d+$/.test(key));
  return Reflect.ownKeys(source).filter((key) => !isUsual(key));
}

function isLong(source: object): source is ArrayBufferView | unknown[] {
  return (Array.isArray(source) || types.isTypedArray(source)) && source.length > LONG_ARRAY;
}

/** What Node shows of something long without its elements takes no time, and is the same for one without further properties. */
function hasExtras(source: ArrayBufferView | unknown[]): boolean {
  const text = inspect(source, shown);
  if (Array.isArray(source)) return !/^\[ \.\.\. \d+ more items?, \[length\]: \d+ \]$/.test(text);
  return inspect(bareLike(source), shown) !== text;
}

/** The same bytes of the same type, without what somebody gave them. */
function bareLike(view: ArrayBufferView): unknown {
  const prototype = Object.getPrototypeOf(view) as { constructor: new (...args: unknown[]) => object };
  const { buffer, byteOffset, byteLength } = view;
  if (Buffer.isBuffer(view)) return Object.setPrototypeOf(new Uint8Array(buffer, byteOffset, byteLength), prototype);
  try {
    return new prototype.constructor(buffer, byteOffset, byteLength / (view as Uint8Array).BYTES_PER_ELEMENT);
  } catch {
    return undefined; // a class with a constructor of its own
  }
}
