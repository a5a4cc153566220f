import type { ClientShape } from './client-shapes.js';
import type { Change } from './document/change.js';
import { pairOf } from './document/document-node.js';
import type { ServerEntry } from './server-entry.js';

/** Variables in the environment of an entry, beside those that are there. */
export function envAdditions(
  { node, path }: ServerEntry,
  { env, args, command }: ClientShape,
  added: Readonly<Record<string, string>>,
): Change[] {
  if (Object.keys(added).length === 0) return [];
  const existing = pairOf(node, env)?.value;
  if (existing === undefined) {
    const after = args !== undefined && pairOf(node, args) !== undefined ? args : command;
    return [{ kind: 'add', path, after, key: env, value: added }];
  }
  const last = existing.kind === 'map' ? existing.pairs.at(-1)?.key : undefined;
  const at = [...path, env];
  if (last === undefined) return [{ kind: 'set', path: at, value: added }];
  return Object.entries(added).map(([key, value]): Change =>
    pairOf(existing, key) === undefined
      ? { kind: 'add', path: at, after: last, key, value }
      : { kind: 'set', path: [...at, key], value },
  );
}
