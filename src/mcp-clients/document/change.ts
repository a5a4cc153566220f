import type { DocumentPath } from './document-node.js';

export type NewValue = string | readonly string[] | Readonly<Record<string, string>>;

/** One step of a rewrite: what the document says differently afterwards, whatever its format. */
export type Change =
  | { readonly kind: 'set'; readonly path: DocumentPath; readonly value: NewValue }
  | { readonly kind: 'rename'; readonly path: DocumentPath; readonly key: string }
  | { readonly kind: 'remove'; readonly path: DocumentPath }
  /** A pair in the map at `path`, below the pair `after`. */
  | {
      readonly kind: 'add';
      readonly path: DocumentPath;
      readonly after: string;
      readonly key: string;
      readonly value: NewValue;
    }
  /** Items at the head of a list. */
  | { readonly kind: 'prepend'; readonly path: DocumentPath; readonly values: readonly string[] };

/** The same change to a plain value, which stays as it is: what the text has to say afterwards. */
export function applyChange(root: unknown, change: Change): unknown {
  const { path } = change;
  if (change.kind === 'prepend') {
    return update(root, path, (list) => [...change.values, ...(Array.isArray(list) ? (list as unknown[]) : [])]);
  }
  if (change.kind === 'set') return update(root, path, () => plain(change.value));
  if (change.kind === 'add') {
    return update(root, path, (map) => record({ ...(map as object), [change.key]: plain(change.value) }));
  }
  const key = path.at(-1) as string;
  return update(root, path.slice(0, -1), (map) => {
    const { [key]: value, ...rest } = map as Record<string, unknown>;
    return record(change.kind === 'rename' ? { ...rest, [change.key]: value } : rest);
  });
}

function update(node: unknown, [step, ...rest]: DocumentPath, change: (value: unknown) => unknown): unknown {
  if (step === undefined) return change(node);
  if (typeof step === 'number') {
    return (node as unknown[]).map((item, index) => (index === step ? update(item, rest, change) : item));
  }
  const map = node as Record<string, unknown>;
  return record({ ...map, [step]: update(map[step], rest, change) });
}

function plain(value: NewValue): unknown {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? [...(value as string[])] : record(value);
}

/** As the documents' own maps are: without a prototype. */
function record(value: object): object {
  return Object.assign(Object.create(null) as object, value);
}
