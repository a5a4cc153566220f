import { createHash } from 'node:crypto';
import { concealText, revealText, type ConcealedText } from './conceal.js';
import { DocumentEditor } from './document/document-editor.js';
import { DocumentError, pairAt, type DocumentFormat, type DocumentNode, type Span } from './document/document-node.js';
import { applySplice } from './document/lines.js';
import { secretOf, type FoundKey } from './entry-keys.js';
import { LeftAsItIs, type EntryPlan, type NameOf } from './entry-plan.js';
import type { Launcher } from './launcher-entry.js';

/** What takes a rewritten entry back: no secret stands in it. */
export interface EntryRecord {
  readonly path: readonly (string | number)[];
  /** Of the entry as it was written, by which it is known again. */
  readonly sha256: string;
  /** In the order in which they were made; places are counted from where the entry begins. */
  readonly splices: readonly { readonly at: number; readonly inserted: string; readonly removed: ConcealedText }[];
}

export interface RewrittenEntry {
  readonly plan: Movable;
  readonly record: EntryRecord;
  readonly before: string;
  readonly after: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

export type Movable = Extract<EntryPlan, { action: 'run' | 'connect' }>;

interface RewriteOptions {
  readonly launcher: Launcher;
  readonly nameOf: NameOf;
  /** Every secret that moves; the records refer to them by their place here. */
  readonly secrets: readonly string[];
}

/** Rewrites one entry after the other. One that can't be written comes back with the reason, and its text stays. */
export function rewriteEntries(
  text: string,
  format: DocumentFormat,
  plans: readonly Movable[],
  options: RewriteOptions,
): { text: string; rewritten: readonly RewrittenEntry[]; left: ReadonlyMap<Movable, string> } {
  let now = text;
  const left = new Map<Movable, string>();
  const rewritten: RewrittenEntry[] = [];
  for (const plan of plans) {
    try {
      const editor = new DocumentEditor(now, format);
      rewritten.push(rewriteEntry(editor, plan, options));
      now = editor.text;
    } catch (error) {
      if (!(error instanceof DocumentError || error instanceof LeftAsItIs)) throw error;
      left.set(plan, error.message);
    }
  }
  return { text: now, rewritten, left };
}

function rewriteEntry(
  editor: DocumentEditor,
  plan: Movable,
  { launcher, nameOf, secrets }: RewriteOptions,
): RewrittenEntry {
  const { path } = plan.entry;
  const region = regionOf(editor.root, path);
  const before = editor.text;
  editor.apply(plan.changes(launcher, nameOf));
  const after = regionOf(editor.root, path);
  const splices = editor.splices.map(({ at, removed, inserted }) => {
    const pieces = concealText(removed, secrets);
    if (at < region.start || revealText(pieces, secrets) !== removed) throw new DocumentError(notTakenBack);
    return { at: at - region.start, inserted, removed: pieces };
  });
  // One that is not stored could be written down here only as itself.
  const kept = keysThatStay(plan).map(secretOf);
  const written = splices.flatMap(({ removed, inserted }) => [...removed, inserted]);
  if (
    written.some((one) => typeof one === 'string' && concealText(one, kept).some((each) => typeof each !== 'string'))
  ) {
    throw new LeftAsItIs('a further key stands in the same text, is one by its name only, and --sure leaves those');
  }
  const moved = new Set(
    splices.flatMap(({ removed }) => removed.flatMap((one) => (typeof one === 'string' ? [] : [one.secret]))),
  );
  const all = plan.uses.every(({ secret }) => moved.has(secrets.indexOf(secret)));
  if (after.start !== region.start || !all) throw new DocumentError(notTakenBack);
  const text = editor.text.slice(after.start, after.end);
  return {
    plan,
    record: { path, sha256: sha256(text), splices },
    before: before.slice(region.start, region.end),
    after: text,
    line: before.slice(0, region.start).split('\n').length,
  };
}

/** The keys of an entry that stand in it in plain text when it is rewritten, too. */
export function keysThatStay({ keys, uses }: Movable): FoundKey[] {
  return keys.filter((key) => !uses.some(({ secret }) => secret === secretOf(key)));
}

const notTakenBack = 'it is written in a way that could not be taken back exactly';

/** Takes entries back; those that are no longer as they were written stay, and are named. */
export function restoreEntries(
  text: string,
  format: DocumentFormat,
  records: readonly EntryRecord[],
  secrets: readonly string[],
): { text: string; restored: readonly string[]; changed: readonly string[] } {
  const restored: string[] = [];
  const changed: string[] = [];
  let now = text;
  for (const { path, sha256: wanted, splices } of [...records].reverse()) {
    const name = String(path.at(-1));
    const region = findRegion(format.parse(now), path);
    if (region === undefined || sha256(now.slice(region.start, region.end)) !== wanted) {
      changed.push(name);
      continue;
    }
    for (const { at, inserted, removed } of [...splices].reverse()) {
      now = applySplice(now, { at: at + region.start, removed: inserted, inserted: revealText(removed, secrets) });
    }
    restored.push(name);
  }
  return { text: now, restored, changed };
}

function regionOf(root: DocumentNode | undefined, path: EntryRecord['path']): Span {
  const region = findRegion(root, path);
  if (region === undefined) throw new DocumentError('it is no longer there');
  return region;
}

/** From the first of its parts to the last. */
function findRegion(root: DocumentNode | undefined, path: EntryRecord['path']): Span | undefined {
  const pair = pairAt(root, path);
  if (pair === undefined) return undefined;
  return {
    start: Math.min(...pair.parts.map(({ start }) => start)),
    end: Math.max(...pair.parts.map(({ end }) => end)),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
