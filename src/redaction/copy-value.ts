import { copyAtom } from './redact-atom.js';
import { isPlain, typeName } from './value-kinds.js';
import { isWrapped, placeBeneath, type Node, type ValueGraph } from './value-graph.js';
import type { Part } from './value-parts.js';

/** Wraps what gives its content later, an instance that leads to such, and a function. */
export type Wrap = (source: object, as: 'live' | 'holder' | 'function') => unknown;

/** Copies what leads to a secret; all else stays the very same object. */
export class ValueCopy {
  readonly #graph: ValueGraph;
  readonly #wrap: Wrap;

  constructor(graph: ValueGraph, wrap: Wrap) {
    this.#graph = graph;
    this.#wrap = wrap;
    const dirty = graph.dirty().filter((node) => isCopied(node));
    for (const node of dirty)
      node.copy = node === graph.root && node.kind === 'error' ? node.source : this.#shellOf(node);
    for (const node of dirty) if (typeof node.copy !== 'string' && node.copy !== node.source) this.#fill(node);
  }

  /** What stands in the place of a part of `parent`. */
  of(value: unknown, parent: Node): unknown {
    const isInInstance = placeBeneath(parent) === 'instance';
    if (typeof value === 'function' && isInInstance) return typeName(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
      return this.#graph.primitive(value);
    const node = this.#graph.get(value);
    if (node === undefined) return value;
    if (isInInstance && (node.kind === 'live' || node.kind === 'opaque')) return typeName(value);
    return this.node(node);
  }

  node(node: Node): unknown {
    if (!node.isDirty) return node.source;
    if (isWrapped(node)) return (node.copy ??= this.#wrap(node.source, 'live'));
    if (node.isHolder) return (node.copy ??= this.#wrap(node.source, 'holder'));
    if (node.kind === 'atom' || node.kind === 'leaf') return node.copy;
    if (!isCopied(node)) return typeName(node.source);
    return speaksAsJson(node) ? this.#json(node) : node.copy;
  }

  /** An instance that shows nothing of itself but its JSON is replaced by that. */
  #json(first: Node): unknown {
    const seen = new Set<Node>();
    let node = first;
    while (speaksAsJson(node) && !seen.has(node)) {
      seen.add(node);
      const value = node.parts?.find(({ from }) => from === 'json')?.value;
      const next = typeof value === 'object' && value !== null ? this.#graph.get(value) : undefined;
      if (next === undefined) return this.of(value, node);
      if (!next.isDirty) return next.source;
      node = next;
    }
    return seen.has(node) ? node.copy : this.node(node);
  }

  #fill(node: Node): void {
    const copy = node.copy as object;
    for (const part of node.parts ?? []) {
      const value = part.from === 'thrown' ? undefined : this.of(part.value, node);
      if (part.from === 'entry') addEntry(copy, this.of(part.key, node), value);
      else if (part.from === 'given') this.#replaceMethod(copy, part, value);
      else if (part.from !== 'json') addProperty(copy, this.#keyOf(part, node), value, part.isEnumerable);
    }
  }

  /** An error's own method that gives a secret gives it redacted. */
  #replaceMethod(copy: object, { key, value, isEnumerable }: Part, redacted: unknown): void {
    if (redacted === value) return;
    const method = this.wrapMethod(Reflect.get(copy, key as PropertyKey) as object);
    const property = { value: method, enumerable: isEnumerable, writable: true, configurable: true };
    Object.defineProperty(copy, key as PropertyKey, property);
  }

  wrapMethod(method: object): unknown {
    return this.#wrap(method, 'function');
  }

  #shellOf(node: Node): unknown {
    if (node.kind === 'function') return this.#wrap(node.source, 'function');
    return node.kind === 'atom' || node.kind === 'leaf' ? cloneOf(node) : shellOf(node);
  }

  #keyOf(part: Part, node: Node): PropertyKey {
    return this.of(part.key, node) as PropertyKey;
  }
}

const copied = new Set<Node['kind']>(['array', 'plain', 'map', 'set', 'error', 'instance', 'function', 'leaf', 'atom']);

function isCopied(node: Node): boolean {
  return copied.has(node.kind) && !node.isHolder;
}

function speaksAsJson(node: Node): boolean {
  if (node.kind !== 'instance' || node.parts === undefined) return false;
  const isShown = ({ from, key, isEnumerable }: Part) => from === 'property' && typeof key === 'string' && isEnumerable;
  return node.parts.some(({ from }) => from === 'json') && !node.parts.some(isShown);
}

/** What has a secret in a property that somebody gave it; the name of its type where there can be no copy of it. */
function cloneOf({ source, copy }: Node): unknown {
  if (copy !== undefined && copy !== source) return copy;
  try {
    return copyAtom(source) ?? typeName(source);
  } catch {
    return typeName(source);
  }
}

function shellOf({ source, kind }: Node): object {
  if (kind === 'array') return Object.assign([], { length: (source as unknown[]).length });
  if (kind === 'map') return new Map();
  if (kind === 'set') return new Set();
  if (kind === 'plain')
    return isPlain(source) ? (Object.create(Object.getPrototypeOf(source) as object | null) as object) : {};
  if (kind === 'error') return errorLike(source);
  return {};
}

/** Of the same class, as callers ask for it. */
function errorLike(source: object): Error {
  const error = new Error();
  delete error.stack;
  Object.setPrototypeOf(error, Object.getPrototypeOf(source) as object);
  return error;
}

function addProperty(copy: object, key: PropertyKey, value: unknown, isEnumerable: boolean): void {
  const property = { value, enumerable: isEnumerable, writable: true, configurable: true };
  Object.defineProperty(
    copy,
    freeName(key, (name) => Object.hasOwn(copy, name)),
    property,
  );
}

function addEntry(copy: object, key: unknown, value: unknown): void {
  if (copy instanceof Set) copy.add(value);
  else if (copy instanceof Map)
    copy.set(typeof key === 'string' ? freeName(key, (name) => copy.has(name)) : key, value);
}

/** Two keys that held secrets stay two. */
function freeName(key: PropertyKey, isTaken: (name: PropertyKey) => boolean): PropertyKey {
  let name = key;
  for (let count = 2; typeof key === 'string' && isTaken(name); count++) name = `${key}-${String(count)}`;
  return name;
}
