import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../internal/atomic-write.js';
import { revealForProcess } from '../placement/process-value.js';
import type { Secret } from '../secret.js';
import { inheritedEnvironment } from './child-environment.js';

/** A private file that holds one secret for a child, which gets the path. */
export interface SecretFile extends AsyncDisposable {
  readonly path: string;
  /** The directory that holds nothing else: what to remove should we be killed (`watch` of `spawnTree`). */
  readonly directory: string;
  /** Replaces the content whole: a reader sees the old secret or the new one. */
  rewrite(secret: Secret): Promise<void>;
  /** Removes file and directory. Twice is fine. */
  dispose(): Promise<void>;
}

/** What is still there, for the moment when our own process ends. */
const directories = new Set<string>();

/**
 * Writes a secret, and nothing after it, to a 0600 file in a fresh 0700 directory: under `XDG_RUNTIME_DIR`, which is memory on
 * Linux, else in the system's place for temporary files. What was not disposed of is removed when our process exits.
 *
 * @throws {@link ClavigerError} `ERR_PLACEMENT_INVALID`, naming the provider; see `revealForProcess`.
 */
export async function createSecretFile(
  secret: Secret,
  provider: string,
  { parent = defaultParent() }: { parent?: string } = {},
): Promise<SecretFile> {
  const value = revealForProcess(secret, provider);
  const directory = await mkdtemp(join(parent, 'claviger-'));
  keep(directory);
  const path = join(directory, 'credential');
  const dispose = async (): Promise<void> => {
    await rm(directory, { recursive: true, force: true });
    release(directory);
  };
  try {
    await writeFileAtomic(path, value);
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    path,
    directory,
    rewrite: (next) => writeFileAtomic(path, revealForProcess(next, provider)),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function defaultParent(): string {
  const runtime = inheritedEnvironment()['XDG_RUNTIME_DIR'];
  return runtime !== undefined && existsSync(runtime) ? runtime : tmpdir();
}

function keep(directory: string): void {
  if (directories.size === 0) process.on('exit', removeAll);
  directories.add(directory);
}

function release(directory: string): void {
  directories.delete(directory);
  if (directories.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}
