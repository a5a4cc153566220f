import { isReference } from '../detection/index.js';
import type { ClientShape } from './client-shapes.js';
import { pairOf } from './document/document-node.js';
import { keysOf, placeText, secretOf, type FoundKey } from './entry-keys.js';
import { LeftAsItIs, type EntryPlan } from './entry-plan.js';
import { isLauncherEntry, withoutOurs } from './launcher-entry.js';
import { isBridge } from './mcp-remote.js';
import { planBridge, planRemote } from './plan-connect.js';
import { planRun } from './plan-run.js';
import type { ServerEntry } from './server-entry.js';

/**
 * What becomes of an entry: nothing without keys, `mcp run` for a process, `mcp connect` for an address.
 *
 * @param sureOnly Whether what is a key by its name alone stays.
 */
export async function planEntry(entry: ServerEntry, shape: ClientShape, sureOnly = false): Promise<EntryPlan> {
  if (isLauncherEntry(entry)) return planLaunched(entry);
  const found = await keysOf(entry);
  const keys = found.filter(({ rule }) => rule !== 'unknown-scheme');
  const notes = notesOn(entry, shape, found);
  if (keys.length === 0) return { entry, keys, notes, action: 'none' };
  try {
    return { entry, keys, notes, ...planned(entry, keys, shape, sureOnly) };
  } catch (error) {
    if (!(error instanceof LeftAsItIs)) throw error;
    return { entry, keys, notes, action: 'left', reason: error.message };
  }
}

/** One that starts us already is never rewritten; a key that somebody wrote beside that is told of. */
async function planLaunched(entry: ServerEntry): Promise<EntryPlan> {
  const keys = (await keysOf(withoutOurs(entry))).filter(({ rule }) => rule !== 'unknown-scheme');
  if (keys.length === 0) return { entry, keys, notes: [], action: 'none' };
  const reason = 'claviger starts it already: add the key by hand, and take it out there';
  return { entry, keys, notes: [], action: 'left', reason };
}

function planned(entry: ServerEntry, all: readonly FoundKey[], shape: ClientShape, sureOnly: boolean) {
  const keys = sureOnly ? all.filter(({ certainty }) => certainty !== 'name') : all;
  if (keys.length === 0) throw new LeftAsItIs('what stands there is a key by its name only, and --sure leaves those');
  const odd = keys.find((key) => !/^[^\p{Cc}]{8,}$/u.test(secretOf(key)));
  if (odd !== undefined) throw new LeftAsItIs(`the key in ${placeText(odd)} is too short, or has a line break in it`);
  const whole = keys.length === all.length;
  if (entry.words.length === 0 && !whole)
    throw new LeftAsItIs('a further key is one by its name only, and --sure leaves those');
  if (entry.words.length === 0) return { action: 'connect' as const, ...planRemote(entry, keys, shape) };
  if (isBridge(entry) && whole) {
    try {
      return { action: 'connect' as const, ...planBridge(entry, keys, shape) };
    } catch (error) {
      if (!(error instanceof LeftAsItIs)) throw error;
      // It stays a bridge, and is given its key in the argument as before.
    }
  }
  return { action: 'run' as const, ...planRun(entry, keys, shape) };
}

function notesOn(entry: ServerEntry, { title, expands }: ClientShape, found: readonly FoundKey[]): string[] {
  const notes = found
    .filter(({ rule }) => rule === 'unknown-scheme')
    .map((key) => `${placeText(key)} names a secret in a way that is not known here: it stays`);
  if (pairOf(entry.node, 'envFile') !== undefined) {
    notes.push('its envFile may hold keys: those are not moved, see "claviger scan"');
  }
  if (
    !expands &&
    [...entry.env, ...entry.headers].some(({ value }) => /^[^$]*\$\{[^}]*\}/.test(value) && isReference(value))
  ) {
    notes.push(`it refers to variables, which ${title} does not replace: the server receives the text`);
  }
  return notes;
}
