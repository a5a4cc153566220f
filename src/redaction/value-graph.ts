import type { FormIndex } from './form-index.js';
import { redactAtom, redactSymbol } from './redact-atom.js';
import { redactText } from './redact-units.js';
import { isDuplex, kindOf, type Kind } from './value-kinds.js';
import { partsOf, type Part } from './value-parts.js';

/**
 * What stands above an object. Beneath an instance nothing is wrapped on its own, as its methods would not know the wrapper: the
 * instance is wrapped whole, or copied. Beneath an error all is wrapped but what can be written to as well (its request's socket).
 */
type Place = 'open' | 'error' | 'instance';
/** What shows none of the streams and the like that it leads to, or is left to do with them what it does. */
const closed = new Set<Node['kind']>(['opaque', 'live', 'function', 'leaf', 'atom']);

const places: readonly Place[] = ['open', 'error', 'instance'];

export interface Node {
  readonly source: object;
  readonly kind: Kind | 'unreadable';
  place: Place;
  parts?: readonly Part[];
  readonly parents: Node[];
  /** Whether something else stands for it. */
  isDirty: boolean;
  /** Whether it is an instance without a secret that leads to what gives its content later: it is wrapped, not copied. */
  isHolder: boolean;
  /** Whether it has a function, or leads to a stream or the like: what has no place in the copy of an instance. */
  isCarrier: boolean;
  /** What stands for it in a copy. */
  copy?: unknown;
}

/**
 * All objects of a value, each read once, and marked if it holds a secret or leads to one that does. Nothing in here calls
 * itself, so that neither depth nor cycles matter.
 */
export class ValueGraph {
  readonly root: Node;
  readonly #forms: FormIndex;
  readonly #nodes = new Map<object, Node>();
  readonly #unread: Node[] = [];
  /** Whether there is a secret anywhere in the memory that views share. */
  readonly #buffers = new Map<ArrayBufferLike, boolean>();

  constructor(forms: FormIndex, root: object) {
    this.#forms = forms;
    this.root = this.#nodeOf(root, 'open');
    for (let node = this.#unread.pop(); node !== undefined; node = this.#unread.pop()) this.#read(node);
    this.#markAncestors();
    this.#markHolders();
    this.#markCarriers();
  }

  get(object: object): Node | undefined {
    return this.#nodes.get(object);
  }

  dirty(): Node[] {
    return [...this.#nodes.values()].filter((node) => node.isDirty);
  }

  /** Anything but an object, without a secret. */
  primitive(value: unknown): unknown {
    if (typeof value === 'string') return redactText(this.#forms, value);
    if (typeof value === 'symbol') return redactSymbol(this.#forms, value);
    if (!this.#forms.hasNumbers || (typeof value !== 'number' && typeof value !== 'bigint')) return value;
    const digits = String(value);
    const redacted = redactText(this.#forms, digits);
    return redacted === digits ? value : redacted;
  }

  #nodeOf(source: object, place: Place): Node {
    let node = this.#nodes.get(source);
    if (node === undefined) {
      node = {
        source,
        kind: safeKindOf(source),
        place,
        parents: [],
        isDirty: false,
        isHolder: false,
        isCarrier: false,
      };
      this.#nodes.set(source, node);
      this.#unread.push(node);
    } else if (places.indexOf(place) < places.indexOf(node.place)) {
      node.place = place;
      this.#unread.push(node);
    }
    return node;
  }

  #read(node: Node): void {
    if (node.kind === 'ours' || isWrapped(node)) return;
    if (node.kind === 'unreadable') {
      node.isDirty = true;
      return;
    }
    try {
      if (node.kind === 'atom') {
        node.copy = redactAtom(this.#forms, node.source, this.#buffers);
        node.isDirty = node.copy !== node.source;
      }
      node.parts ??= partsOf(node.source, node.kind);
    } catch {
      Object.assign(node, { kind: 'unreadable', isDirty: true });
      return;
    }
    for (const part of node.parts) {
      this.#visit(part.key, node);
      this.#visit(part.value, node);
    }
  }

  #visit(value: unknown, parent: Node): void {
    if (typeof value === 'object' && value !== null) this.#nodeOf(value, placeBeneath(parent)).parents.push(parent);
    else if (typeof value === 'function') {
      parent.isCarrier = true;
      this.#nodeOf(value, placeBeneath(parent)).parents.push(parent);
    } else if (this.primitive(value) !== value) parent.isDirty = true;
  }

  /** What leads to a secret. */
  #markAncestors(): void {
    const marked = this.dirty();
    for (let node = marked.pop(); node !== undefined; node = marked.pop()) {
      if (this.#isAlteredItself(node)) continue;
      for (const parent of node.parents) {
        if (parent.isDirty) continue;
        parent.isDirty = true;
        marked.push(parent);
      }
    }
  }

  /** What leads to something that gives its content later. A stream or an agent shows none of those that it holds. */
  #markHolders(): void {
    const marked = [...this.#nodes.values()].filter(({ kind }) => kind === 'live');
    for (const node of marked) if (isWrapped(node)) node.isDirty = true;
    for (let node = marked.pop(); node !== undefined; node = marked.pop()) {
      if (this.#isAlteredItself(node)) continue;
      for (const parent of node.parents) {
        if (parent.isDirty || closed.has(parent.kind)) continue;
        if (placeBeneath(parent) === 'error' && isLeftAlone(node)) continue;
        parent.isDirty = true;
        parent.isHolder = parent.kind === 'instance';
        marked.push(parent);
      }
    }
  }

  /** The outermost error is: what leads back to it needs no copy. */
  #isAlteredItself(node: Node): boolean {
    return node === this.root && node.kind === 'error';
  }

  /** Beneath an instance that is copied, also what only carries functions, streams and the like. */
  #markCarriers(): void {
    const carriers = [...this.#nodes.values()].filter(
      ({ kind, isCarrier }) => isCarrier || kind === 'live' || kind === 'opaque',
    );
    for (let node = carriers.pop(); node !== undefined; node = carriers.pop()) {
      node.isCarrier = true;
      for (const parent of node.parents)
        if (!parent.isCarrier) carriers.push(Object.assign(parent, { isCarrier: true }));
    }
    const copied = this.dirty().filter(({ kind, isHolder }) => kind === 'instance' && !isHolder);
    const seen = new Set(copied);
    for (let node = copied.pop(); node !== undefined; node = copied.pop()) {
      for (const { value } of node.parts ?? []) {
        const child = typeof value === 'object' && value !== null ? this.#nodes.get(value) : undefined;
        if (child?.place !== 'instance' || !child.isCarrier || seen.has(child)) continue;
        seen.add(child);
        child.isDirty = true;
        child.isHolder = false;
        copied.push(child);
      }
    }
  }
}

/** Whether it gives its content later and is replaced by what redacts that. */
export function isWrapped(node: Node): boolean {
  if (node.kind !== 'live' || node.place === 'instance') return false;
  return node.place === 'open' || !isLeftAlone(node);
}

/** Beneath an error. */
function isLeftAlone({ kind, source }: Node): boolean {
  return kind === 'live' && isDuplex(source);
}

export function placeBeneath(node: Node): Place {
  if (node.kind === 'instance' || node.kind === 'opaque' || node.kind === 'live') return 'instance';
  return node.kind === 'error' && node.place === 'open' ? 'error' : node.place;
}

function safeKindOf(source: object): Kind | 'unreadable' {
  try {
    return kindOf(source);
  } catch {
    return 'unreadable';
  }
}
