import type { ClientShape } from './client-shapes.js';
import { nodeAt, pairOf, type DocumentNode, type DocumentPath, type MapNode } from './document/document-node.js';

/** A server as a client's file has it, whatever the file calls its parts. */
export interface ServerEntry {
  /** Where it stands: the keys from the document's root, its name last. */
  readonly path: DocumentPath;
  readonly name: string;
  readonly node: MapNode;
  /** The command and its arguments, in one. */
  readonly words: readonly Located[];
  /** Whether the client has the command apart from its arguments. */
  readonly env: readonly Located[];
  readonly url: Located | undefined;
  readonly headers: readonly Located[];
  readonly type: string | undefined;
}

/** A text of an entry, and how to get to it from the entry. */
export interface Located {
  readonly path: DocumentPath;
  readonly value: string;
}

/** Every server of a document. What is no server in form is none. */
export function serverEntries(root: DocumentNode | undefined, shape: ClientShape): ServerEntry[] {
  return shape.roots.flatMap((pattern) =>
    matching(root, pattern).flatMap((path) => {
      const servers = nodeAt(root, path);
      if (servers?.kind !== 'map') return [];
      return servers.pairs.flatMap(({ key, value }) =>
        value.kind === 'map' ? [entryOf([...path, key], key, value, shape)] : [],
      );
    }),
  );
}

function matching(root: DocumentNode | undefined, pattern: readonly string[]): string[][] {
  return pattern.reduce<string[][]>(
    (paths, step) =>
      paths.flatMap((path) => {
        if (step !== '*') return [[...path, step]];
        const map = nodeAt(root, path);
        return map?.kind === 'map' ? map.pairs.map(({ key }) => [...path, key]) : [];
      }),
    [[]],
  );
}

function entryOf(path: DocumentPath, name: string, node: MapNode, shape: ClientShape): ServerEntry {
  const { command, args, env, urls, headers } = shape;
  const first = pairOf(node, command)?.value;
  const words = [
    ...(first?.kind === 'text' ? [{ path: [command], value: first.value }] : textsOf(first, [command])),
    ...(args === undefined ? [] : textsOf(pairOf(node, args)?.value, [args])),
  ];
  const type = pairOf(node, 'type')?.value;
  const [url] = urls.flatMap((one) => {
    const value = pairOf(node, one)?.value;
    return value?.kind === 'text' ? [{ path: [one], value: value.value }] : [];
  });
  return {
    ...{ path, name, node, words, url },
    env: textsOf(pairOf(node, env)?.value, [env]),
    headers: textsOf(pairOf(node, headers)?.value, [headers]),
    type: type?.kind === 'text' ? type.value : undefined,
  };
}

/** The texts in a list or a map; numbers and the like are no keys, and stay. */
function textsOf(node: DocumentNode | undefined, path: DocumentPath): Located[] {
  if (node?.kind === 'list') {
    return node.items.flatMap((item, index) => (item.kind === 'text' ? [located(item.value, [...path, index])] : []));
  }
  if (node?.kind !== 'map') return [];
  return node.pairs.flatMap(({ key, value }) => (value.kind === 'text' ? [located(value.value, [...path, key])] : []));
}

function located(value: string, path: DocumentPath): Located {
  return { path, value };
}
