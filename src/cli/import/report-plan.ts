import { Secret } from '../../index.js';
import { placeText, secretOf, type FoundKey } from '../../mcp-clients/entry-keys.js';
import type { Context } from '../context.js';
import type { ImportPlan, PlannedEntry, PlannedFile } from './make-plan.js';
import { foundSecrets } from './make-plan.js';
import { diffLines } from './show-diff.js';

/** The plan as people read it. */
export function showPlan({ terminal }: Context, plan: ImportPlan, withDiff: boolean): void {
  const secrets = foundSecrets(plan);
  for (const file of plan.files) {
    if (file.error === undefined && file.entries.length === 0) continue;
    terminal.answer(`${file.path} (${file.title})${file.error === undefined ? '' : `: ${file.error}`}`);
    for (const entry of file.entries) showEntry(plan, entry);
    if (withDiff) {
      for (const one of file.rewritten)
        for (const line of diffLines(one, secrets, fingerprint)) terminal.answer(`  ${line}`);
    }
  }

  function showEntry(whole: ImportPlan, { plan: { entry, keys, notes, action }, left }: PlannedEntry): void {
    const what = left !== undefined ? 'stays as it is' : action === 'none' ? 'has no keys' : `mcp ${action}`;
    terminal.answer(`  ${entry.name}: ${what}${left === undefined ? '' : `: ${left}`}`);
    for (const key of keys) {
      const name = nameFor(whole, key, left);
      const sure = key.certainty === 'name' ? ', unsure: by its name' : '';
      terminal.answer(
        `    ${placeText(key)}  ${fingerprint(secretOf(key))}${name === undefined ? '' : ` -> ${name}`}${sure}`,
      );
    }
    for (const note of notes) terminal.answer(`    note: ${note}`);
  }
}

/** The plan as programs read it. */
export function planJson(plan: ImportPlan, outcome: (file: PlannedFile) => string | undefined): object {
  const files = plan.files
    .filter(({ entries, error }) => entries.length > 0 || error !== undefined)
    .map((file) => ({
      path: file.path,
      client: file.plan?.file.client,
      scope: file.scope,
      error: file.error,
      outcome: outcome(file),
      entries: file.entries.map(({ plan: { entry, keys, notes, action }, left }) => ({
        name: entry.name,
        path: entry.path,
        action: left === undefined ? action : 'left',
        reason: left,
        notes,
        keys: keys.map((key) => ({
          place: placeText(key),
          fingerprint: fingerprint(secretOf(key)),
          certainty: key.certainty,
          credential: nameFor(plan, key, left),
        })),
      })),
    }));
  const credentials = plan.credentials.map(({ secret, storeName, secretName, stored, definitions }) => ({
    name: secretName,
    store: storeName,
    fingerprint: secret.fingerprint(),
    stored,
    providers: definitions.map(({ name }) => name),
  }));
  return { files, credentials };
}

function nameFor({ naming }: ImportPlan, key: FoundKey, left: string | undefined): string | undefined {
  if (left !== undefined) return undefined;
  const credential = naming.credentials.get(secretOf(key));
  return credential?.secretName;
}

function fingerprint(value: string): string {
  return /[\r\n\0]/.test(value) ? 'sha256:unusable' : Secret.from(value).fingerprint();
}
