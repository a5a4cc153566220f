import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { isOpenFile, readOpenFile } from './open-file.js';

/** A piece of what is searched, and how to get to it. */
export interface Place {
  readonly where: string;
  /** `undefined` for what can't be read at once. */
  readonly content: string | Buffer | undefined;
}

type Part = [value: unknown, path: string];

/** Everything that can be read out of a haystack, or out of what it names; see `expectNoLeak`. */
export function* placesIn(haystack: unknown, path = 'it'): Generator<Place> {
  const named = namedPlaces(haystack);
  if (named) {
    yield* named;
  } else if (Array.isArray(haystack) && haystack.some((element) => namedPlaces(element))) {
    for (const [index, element] of haystack.entries()) yield* placesIn(element, `${path}[${index}]`);
  } else {
    yield* valuePlaces(haystack, path);
    yield* shownPlaces(haystack, path);
  }
}

/** `{ file }`, `{ path }`, `{ pid }` and the URL of a file name something outside. */
function namedPlaces(haystack: unknown): Iterable<Place> | undefined {
  if (typeof haystack !== 'object' || haystack === null) return undefined;
  if (haystack instanceof URL && haystack.protocol === 'file:') return urlPlaces(haystack);
  if (attemptKeys(haystack).length !== 1) return undefined;
  const { file, path, pid } = haystack as { file?: unknown; path?: unknown; pid?: unknown };
  if (typeof file === 'string') return filePlaces(file);
  // it may also be the path of a request
  if (typeof path === 'string' && isAbsolute(path) && existsSync(path)) return filePlaces(path);
  return typeof pid === 'number' ? processPlaces(pid) : undefined;
}

/** A file, or all files of a directory, with their names. Links are read, not followed. */
function* filePlaces(path: string): Generator<Place> {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) {
    yield { where: `the target of the link ${path}`, content: readlinkSync(path) };
  } else if (stats.isDirectory()) {
    for (const name of readdirSync(path)) {
      yield { where: `the name of a file in ${path}`, content: name };
      yield* filePlaces(join(path, name));
    }
  } else if (stats.isFile()) {
    yield { where: `the file ${path}`, content: readFileSync(path) };
  }
}

function* urlPlaces(url: URL): Generator<Place> {
  yield { where: 'it', content: url.href };
  yield* filePlaces(fileURLToPath(url));
}

/** What other processes can see of one: its environment as it was started with, and its command line (proc(5)). */
function* processPlaces(pid: number): Generator<Place> {
  for (const name of ['environ', 'cmdline']) {
    const path = `/proc/${pid}/${name}`;
    yield { where: path, content: readFileSync(path) };
  }
}

/** What printing would show: internal slots too, which no property leads to. */
function* shownPlaces(value: unknown, path: string): Generator<Place> {
  if (!isObject(value)) return;
  const options = { depth: null, showHidden: true, maxArrayLength: null, maxStringLength: null, breakLength: Infinity };
  const shown = [
    ['inspected', () => inspect(value, options)],
    ['as JSON', () => JSON.stringify(value)],
  ] as const;
  for (const [how, show] of shown) {
    const text = attempt(show);
    if (typeof text === 'string') yield { where: `${path}, ${how}`, content: text };
  }
}

/** Every string and byte that can be reached from a value: own properties of any kind, getters, collections, causes. */
function* valuePlaces(root: unknown, rootPath: string): Generator<Place> {
  const seen = new Set<object>();
  const open: Part[] = [[root, rootPath]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [value, where] = next;
    if (!isObject(value)) {
      if (value !== undefined && value !== null) yield { where, content: textOf(value) };
      continue;
    }
    if (seen.has(value)) continue;
    seen.add(value);
    const bytes = bytesOf(value);
    if (bytes) yield { where, content: bytes };
    if (isBlob(value) && value.size > 0) yield { where: `the ${value.constructor.name} ${where}`, content: undefined };
    if (isOpenFile(value)) yield { where: `the open file ${where}`, content: readOpenFile(value) };
    if (!bytes) for (const part of allPartsOf(value, where).reverse()) open.push(part);
  }
}

/** As far as a value lets itself be read; an error that it throws then is a part of it. */
function allPartsOf(value: object, path: string): Part[] {
  const parts: Part[] = [];
  try {
    for (const part of partsOf(value, path)) parts.push(part);
  } catch (error) {
    parts.push([error, path]);
  }
  return parts;
}

function* partsOf(value: object, path: string): Generator<Part> {
  yield* propertiesOf(value, path);
  yield* collectedIn(value, path);
  const { toJSON, toString } = value as { toJSON?: unknown; toString?: unknown };
  if (typeof toJSON === 'function') yield [attempt(() => toJSON.call(value) as unknown), `${path}.toJSON()`];
  if (typeof toString === 'function' && !tellingNothingNew.has(toString)) {
    yield [attempt(() => toString.call(value) as unknown), `${path}.toString()`];
  }
}

/** They join what is read anyway, or give the source of a function, which is not what it holds. */
const tellingNothingNew = new Set<unknown>(
  [Object, Array, Error, Function].map(({ prototype }) => (prototype as { toString: unknown }).toString),
);

/**
 * Own properties, and the getters of the classes it is of. Those of a class are asked of its instances: one that keeps what it
 * gave would spoil the class if it were asked of the prototype.
 */
function* propertiesOf(value: object, path: string): Generator<Part> {
  const isClass = isPrototype(value);
  for (const key of attemptKeys(value)) {
    if (isClass && Object.getOwnPropertyDescriptor(value, key)?.get) continue;
    const isIndex = Array.isArray(value) && typeof key === 'string' && /^\d+$/.test(key);
    if (!isIndex) yield [typeof key === 'symbol' ? key.description : key, `the name of a property of ${path}`];
    yield [attempt(() => Reflect.get(value, key)), `${path}${spell(key)}`];
  }
  for (let level = prototypeOf(value); level && !isBuiltIn(level); level = prototypeOf(level)) {
    for (const key of Reflect.ownKeys(level)) {
      const descriptor = Object.getOwnPropertyDescriptor(level, key);
      if (descriptor?.get) yield [attempt(() => descriptor.get?.call(value) as unknown), `${path}${spell(key)}`];
    }
  }
}

function* collectedIn(value: object, path: string): Generator<Part> {
  if (value instanceof Map) {
    let index = 0;
    for (const [key, element] of value as Map<unknown, unknown>) {
      yield [key, `key ${index} of ${path}`];
      yield [element, `entry ${index++} of ${path}`];
    }
  } else if (value instanceof Set || value instanceof URLSearchParams || isPairs(value)) {
    let index = 0;
    for (const element of value as Iterable<unknown>) yield [element, `entry ${index++} of ${path}`];
  }
}

function isPairs(value: object): boolean {
  return value instanceof Headers || value instanceof FormData;
}

function isBlob(value: object): value is Blob {
  return attempt(() => value instanceof Blob) === true;
}

function bytesOf(value: object): Buffer | undefined {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value);
  return undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'symbol' ? (value.description ?? '') : String(value);
}

/** What a read gives; where it throws, the error is what comes out. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

function attemptKeys(value: object): (string | symbol)[] {
  try {
    return Reflect.ownKeys(value);
  } catch {
    return [];
  }
}

function prototypeOf(value: object): object | undefined {
  const found = attempt(() => Reflect.getPrototypeOf(value));
  return isObject(found) ? found : undefined;
}

function isPrototype(value: object): boolean {
  const constructor = attempt(() => Object.getOwnPropertyDescriptor(value, 'constructor')?.value as unknown);
  return typeof constructor === 'function' && attempt(() => constructor.prototype as unknown) === value;
}

/** Getters of the language's and the platform's own classes may act; what they hold is printed or collected instead. */
function isBuiltIn(prototype: object): boolean {
  const { constructor } = prototype as { constructor?: unknown };
  return (
    typeof constructor !== 'function' ||
    /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(constructor))
  );
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function spell(key: string | symbol): string {
  if (typeof key === 'symbol') return `[${String(key)}]`;
  if (/^\d+$/.test(key)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
