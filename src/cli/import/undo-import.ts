import { openFormat } from '../../mcp-clients/document/open-format.js';
import { restoreEntries } from '../../mcp-clients/rewrite-file.js';
import { preview, readTarget } from '../config-file.js';
import { CommandError } from '../command-error.js';
import { targetConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { placeOf } from '../stored-credentials.js';
import type { LoadedConfig } from '../../index.js';
import { readClientText, replaceClientText, wantedFiles } from './client-text.js';
import type { ImportFlags } from './import-flags.js';
import { allRecords, replaceRecord, type FileRecords, type ImportRecord } from './import-records.js';

/** What became of a file whose latest import was taken back. */
interface Undone {
  readonly path: string;
  readonly restored: readonly string[];
  /** Entries that are no longer as they were written: they stay. */
  readonly changed: readonly string[];
  readonly error?: string;
}

/** Takes back the latest import of each file that is meant. Everything but the rewritten entries stays as it is now. */
export async function undoImports(context: Context, flags: ImportFlags, write: boolean): Promise<Undone[]> {
  const wanted = new Set(wantedFiles(context, flags).map(({ path }) => path));
  const all = flags.client === undefined && flags.files.length === 0;
  const { records: known, failures } = await allRecords(context.env);
  const records = known.filter(({ path }) => all || wanted.has(path));
  const target = await readTarget(context, targetConfig(context, false));
  const { loaded } = await preview(context, target, (text) => Promise.resolve(text));
  // Whose it is, a damaged one does not say.
  const undone = failures.map(({ message }): Undone => ({ path: 'a file', restored: [], changed: [], error: message }));
  for (const each of records) {
    try {
      undone.push(await undoOne(context, loaded, each, write));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      undone.push({ path: each.path, restored: [], changed: [], error: error.message });
    }
  }
  return undone;
}

async function undoOne(context: Context, loaded: LoadedConfig, records: FileRecords, write: boolean): Promise<Undone> {
  const { path, imports } = records;
  if (imports.length === 0) return { path, restored: [], changed: [] };
  const [known] = wantedFiles(context, { client: undefined, files: [path] });
  const file = known && (await readClientText(known));
  if (file === undefined) throw new CommandError('is not there any more');
  const format = await openFormat(file.format);
  const changed: string[] = [];
  // What was changed since bars the way to nothing that was imported earlier.
  for (const [at, record] of [...imports.entries()].reverse()) {
    const secrets = await secretsOf(context, loaded, record);
    const { text, restored, changed: now } = restoreEntries(file.text, format, record.entries, secrets);
    changed.push(...now);
    if (restored.length === 0) continue;
    if (write) {
      if (!(await replaceClientText(file, text))) throw new CommandError('was changed meanwhile: try again');
      const rest = record.entries.filter((entry) => now.includes(String(entry.path.at(-1))));
      await replaceRecord(context.env, records, {
        at,
        ...(rest.length > 0 && { record: { ...record, entries: rest } }),
      });
    }
    return { path, restored, changed };
  }
  return { path, restored: [], changed };
}

/** The very versions that stood there. */
async function secretsOf({ terminal }: Context, loaded: LoadedConfig, record: ImportRecord): Promise<string[]> {
  const used = new Set(
    record.entries.flatMap(({ splices }) =>
      splices.flatMap(({ removed }) => removed.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.secret]))),
    ),
  );
  const values: string[] = [];
  for (const [index, { store, name, version, fingerprint }] of record.secrets.entries()) {
    const stored = used.has(index) ? await placeOf(loaded, name, store).store.get(name, { version }) : undefined;
    if (used.has(index) && stored?.secret.fingerprint() !== fingerprint) {
      throw new CommandError(`can't be restored: the value of ${name} that stood in it is no longer stored`);
    }
    const value = stored?.secret.reveal() ?? '';
    if (value !== '') terminal.conceal((text) => text.replaceAll(value, '[secret]'));
    values.push(value);
  }
  return values;
}
