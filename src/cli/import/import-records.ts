import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../internal/atomic-write.js';
import { withFileLock } from '../../internal/file-lock.js';
import { clavigerHome } from '../../internal/home.js';
import type { EntryRecord } from '../../mcp-clients/rewrite-file.js';
import { CommandError, fileError } from '../command-error.js';

/** What one import did to a file. It takes the change back with the store's help; no secret stands in it. */
export interface ImportRecord {
  readonly time: string;
  readonly secrets: readonly SecretReference[];
  readonly entries: readonly EntryRecord[];
}

/** Which version of which secret stood there. */
export interface SecretReference {
  readonly store: string;
  readonly name: string;
  readonly version: string;
  readonly fingerprint: string;
}

/** The imports of one file, the latest last. */
export interface FileRecords {
  readonly path: string;
  readonly imports: readonly ImportRecord[];
}

type Environment = NodeJS.ProcessEnv;

/** Two imports or undos at once follow one another. */
export async function withImportLock<T>(env: Environment, work: () => Promise<T>): Promise<T> {
  const folder = folderOf(env);
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw fileError('write', folder, error);
  });
  return withFileLock(join(folder, 'import.lock'), work, { timeoutMs: 30_000 });
}

/** Those that can be read, and what is wrong with the others. */
export async function allRecords(env: Environment): Promise<{ records: FileRecords[]; failures: CommandError[] }> {
  const names = await readdir(folderOf(env)).catch(() => []);
  const records: FileRecords[] = [];
  const failures: CommandError[] = [];
  for (const name of names.filter((one) => /^[0-9a-f]{16}\.json$/.test(one))) {
    try {
      records.push(await readRecords(join(folderOf(env), name)));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failures.push(error);
    }
  }
  return { records, failures };
}

export async function addRecord(env: Environment, path: string, record: ImportRecord): Promise<void> {
  const file = fileFor(env, path);
  const before = await readRecords(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path, imports: [] };
    throw error;
  });
  // An entry that is rewritten once more was not what an earlier record would take back.
  const again = new Set(record.entries.map((entry) => JSON.stringify(entry.path)));
  const earlier = before.imports
    .map((one) => ({ ...one, entries: one.entries.filter((entry) => !again.has(JSON.stringify(entry.path))) }))
    .filter(({ entries }) => entries.length > 0);
  await write(file, { path, imports: [...earlier, record] });
}

/** Puts another record, or none, in the place of the latest, or of the one that is said. */
export async function replaceRecord(
  env: Environment,
  records: FileRecords,
  { at = records.imports.length - 1, record }: { at?: number; record?: ImportRecord } = {},
): Promise<void> {
  const imports = records.imports.flatMap((one, index) =>
    index !== at ? [one] : record === undefined ? [] : [record],
  );
  const file = fileFor(env, records.path);
  if (imports.length === 0) await rm(file, { force: true });
  else await write(file, { path: records.path, imports });
}

export async function recordsOf(env: Environment, path: string): Promise<FileRecords> {
  return readRecords(fileFor(env, path));
}

async function readRecords(file: string): Promise<FileRecords> {
  const text = await readFile(file, 'utf8');
  try {
    const { path, imports } = JSON.parse(text) as FileRecords;
    if (typeof path === 'string' && Array.isArray(imports)) return { path, imports };
  } catch {
    // told below
  }
  throw new CommandError(`${file} is damaged: what it recorded can't be taken back`);
}

async function write(file: string, records: FileRecords): Promise<void> {
  await writeFileAtomic(file, `${JSON.stringify({ schema: 1, ...records }, undefined, 2)}\n`);
}

function fileFor(env: Environment, path: string): string {
  return join(folderOf(env), `${createHash('sha256').update(path).digest('hex').slice(0, 16)}.json`);
}

function folderOf(env: Environment): string {
  return join(clavigerHome(env), 'imports');
}
