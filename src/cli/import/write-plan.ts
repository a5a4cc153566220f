import { CommandError } from '../command-error.js';
import type { Context } from '../context.js';
import { placeOf } from '../stored-credentials.js';
import { replaceClientText } from './client-text.js';
import { addRecord, recordsOf, replaceRecord, type SecretReference } from './import-records.js';
import type { ImportPlan, PlannedFile } from './make-plan.js';
import { storeKeys } from './store-keys.js';

/** How writing one file ended. */
export type Written = 'written' | 'changed-meanwhile' | { readonly error: string };

/**
 * Stores, reads back, then rewrites file after file. One that can't be written keeps its keys, and does not keep the others
 * from losing theirs.
 */
export async function writePlan(context: Context, plan: ImportPlan): Promise<Map<PlannedFile, Written>> {
  await storeKeys(context, plan);
  const results = new Map<PlannedFile, Written>();
  const files = plan.files.filter(({ rewritten }) => rewritten.length > 0);
  if (files.length === 0) return results;
  const references = await referencesTo(plan);
  for (const file of files) {
    try {
      results.set(file, await writeFile(context, file, references));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      results.set(file, { error: error.message });
    }
  }
  return results;
}

async function writeFile(
  { env }: Context,
  { path, plan, text, rewritten }: PlannedFile,
  secrets: readonly SecretReference[],
): Promise<Written> {
  if (plan === undefined) return { error: 'is not read' };
  // First what takes it back: a file without it could not be undone.
  const entries = rewritten.map(({ record }) => record);
  await addRecord(env, path, { time: new Date().toISOString(), secrets, entries });
  let replaced = false;
  try {
    replaced = await replaceClientText(plan.file, text);
  } finally {
    if (!replaced) await replaceRecord(env, await recordsOf(env, path));
  }
  return replaced ? 'written' : 'changed-meanwhile';
}

/** What the records say instead of the values. @throws CommandError when the store does not give a value back */
async function referencesTo({ naming, secrets, loaded, credentials }: ImportPlan): Promise<SecretReference[]> {
  const references: SecretReference[] = [];
  for (const value of secrets) {
    const credential = naming.credentials.get(value);
    const { storeName: store = 'default', secretName: name = '' } = credential ?? {};
    // One whose entry stays was not stored.
    const needed = credential !== undefined && credentials.includes(credential);
    const stored = needed ? await placeOf(loaded, name, store).store.get(name) : undefined;
    if (needed && stored?.secret.equals(credential.secret) !== true) {
      throw new CommandError(`store "${store}" does not give back ${name}: no client was changed`);
    }
    const { version = '', secret } = stored ?? {};
    references.push({ store, name, version, fingerprint: secret?.fingerprint() ?? '' });
  }
  return references;
}
