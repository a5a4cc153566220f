import { mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClavigerError } from '../errors.js';
import { createRegistry, type FoundConfig, type LoadedConfig, type Registry } from '../index.js';
import { writeFileAtomic } from '../internal/atomic-write.js';
import { withFileLock } from '../internal/file-lock.js';
import { CommandError, fileError } from './command-error.js';
import { loadText } from './configuration.js';
import type { Context } from './context.js';
import { isTrusted, recordTrust, sha256Of } from './trust-records.js';

/** What a new config file starts from. */
const INITIAL = `{
  // Each provider says where a key rests, where it may be sent, and how a call carries it. No key stands in this file.
  "providers": []
}
`;

/** A config file that is about to be written, with what it says now. */
export interface TargetConfig {
  readonly path: string;
  readonly found: FoundConfig['found'];
  /** Undefined while there is no such file. */
  readonly text: string | undefined;
}

/** @throws ClavigerError `ERR_CONFIG_UNTRUSTED` for a project's file that is not trusted as it is */
export async function readTarget({ env }: Context, { path, found }: FoundConfig): Promise<TargetConfig> {
  const text = await readText(path);
  if (text !== undefined && found === 'project' && !(await isTrusted(env, { path, sha256: sha256Of(text) }))) {
    throw new ClavigerError('ERR_CONFIG_UNTRUSTED', `${path} is not trusted: read it, then run "claviger trust"`);
  }
  return { path, found, text };
}

/** What the file would say after a change, read and checked as a whole like any config file. */
export async function preview(
  context: Context,
  target: TargetConfig,
  change: (text: string) => Promise<string>,
): Promise<{ text: string; loaded: LoadedConfig; registry: Registry }> {
  const text = await change(target.text ?? INITIAL);
  const loaded = await loadText(context, target.path, text);
  // What spans several definitions is checked here.
  return { text, loaded, registry: createRegistry(loaded.options) };
}

/**
 * Changes a config file whole or not at all, keeping comments, order and indentation. Two at once follow one another; a
 * file that somebody else wrote in the meantime is left as it is.
 *
 * @param commit Runs when only the rename is missing; when it throws, the file stays as it was.
 */
export async function editConfig(
  context: Context,
  target: TargetConfig,
  change: (text: string) => Promise<string>,
  commit: () => Promise<void> = async () => {},
): Promise<void> {
  try {
    await mkdir(dirname(target.path), { recursive: true, mode: 0o700 });
    // A link, as those who keep their settings in a repository have it, stays one.
    const path = await realpath(target.path).catch(() => target.path);
    await withFileLock(`${path}.lock`, async (lock) => {
      const before = await readTarget(context, target);
      const { text } = await preview(context, before, change);
      await writeFileAtomic(path, text, {
        mode: await modeOf(path),
        beforeCommit: async () => {
          await lock.assertHeld();
          if ((await readText(path)) !== before.text)
            throw new CommandError(`${path} was changed meanwhile: try again`);
          await commit();
        },
      });
      // What we wrote for its user is as trusted as before.
      if (target.found === 'project') await recordTrust(context.env, { path: target.path, text });
    });
  } catch (error) {
    throw fileError('write', target.path, error);
  }
}

/** The mode that a file has; a new one is its user's alone. */
async function modeOf(path: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  return stats === undefined ? 0o600 : stats.mode & 0o777;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  }
}
