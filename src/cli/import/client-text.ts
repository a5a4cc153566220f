import { constants } from 'node:fs';
import { access, lstat, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sweepTemporaryFiles, writeFileAtomic } from '../../internal/atomic-write.js';
import { clientFiles, formatOf, type ClientFile, type ClientName } from '../../mcp-clients/client-files.js';
import { CommandError, fileError } from '../command-error.js';
import type { Context } from '../context.js';

/** A client's file as it was read. */
export interface ClientText {
  readonly path: string;
  /** Undefined where neither the place nor `--client` tells. */
  readonly client: ClientName | undefined;
  readonly format: ClientFile['format'];
  readonly scope: ClientFile['scope'] | 'named';
  readonly text: string;
  /** Whether a byte-order mark stood before the text. */
  readonly mark: boolean;
  readonly mode: number;
}

type Wanted = Pick<ClientText, 'path' | 'client' | 'format' | 'scope'>;

/** A settings file is far smaller. */
const mostBytes = 32 * 1024 * 1024;

const byteOrderMark = '\ufeff';

/** The files that are meant: those named, else every known one, of one client where one is named. */
export function wantedFiles(
  { env, cwd }: Context,
  { client, files }: { client: ClientName | undefined; files: readonly string[] },
): Wanted[] {
  const known = clientFiles({ env, cwd });
  if (files.length === 0) return known.filter((file) => client === undefined || file.client === client);
  return files.map((file) => {
    const path = resolve(cwd, file);
    const found = known.find((one) => one.path === path);
    return { path, client: client ?? found?.client, format: formatOf(path), scope: found?.scope ?? 'named' };
  });
}

/** @returns undefined where there is no such file @throws CommandError for one that can't be read safely */
export async function readClientText(wanted: Wanted): Promise<ClientText | undefined> {
  const { path } = wanted;
  const stats = await lstat(path).catch((error: unknown) => {
    if (/^(?:ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw fileError('read', path, error);
  });
  if (stats === undefined) return undefined;
  if (stats.isSymbolicLink()) throw new CommandError('is a link: name the file that it leads to with --file');
  if (!stats.isFile()) throw new CommandError('is no file');
  if (stats.size > mostBytes) throw new CommandError('is larger than any settings: not read');
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError('read', path, error);
  });
  const text = decode(bytes);
  const mark = text.startsWith(byteOrderMark);
  return { ...wanted, text: mark ? text.slice(1) : text, mark, mode: stats.mode & 0o7777 };
}

/**
 * Replaces a file if it still says what was read: the same mode, whole or not at all.
 *
 * @returns false if it was changed meanwhile, and then it stays as it is
 * @throws CommandError for a file that its owner protects, or that can't be written
 */
export async function replaceClientText(before: ClientText, text: string): Promise<boolean> {
  const { path, mode, mark } = before;
  await assertWritable(before);
  const changed = new Error('changed meanwhile');
  try {
    // Under the lock of imports: what is there now, a crash has left behind, and there may be keys in it.
    await sweepTemporaryFiles(path);
    await writeFileAtomic(path, mark ? byteOrderMark + text : text, {
      mode,
      beforeCommit: async () => {
        const now = await readClientText(before);
        if (now?.text !== before.text || now.mark !== mark || now.mode !== mode) throw changed;
      },
    });
    return true;
  } catch (error) {
    if (error === changed) return false;
    throw fileError('write', path, error);
  }
}

/** A rename would replace what can't be written, too: whoever made it read-only did not mean that. */
async function assertWritable({ path, mode }: ClientText): Promise<void> {
  const stats = await lstat(path);
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user) throw new CommandError(`${path} belongs to another user: not written`);
  if ((mode & 0o200) === 0) throw new CommandError(`${path} is read-only: not written`, { code: 'EACCES' });
  await access(path, constants.W_OK).catch((error: unknown) => {
    throw fileError('write', path, error);
  });
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CommandError('is not UTF-8 text');
  }
}
