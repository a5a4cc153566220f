import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../internal/atomic-write.js';
import { withFileLock } from '../internal/file-lock.js';
import { clavigerHome } from '../internal/home.js';

/**
 * How a who-am-I request ended: the provider took the key, refused it, could not be reached, answered something that tells
 * neither; or it was never sent: there is no key (`missing`), its store is locked, a rule refused it, or no request is known
 * that would tell (`unchecked`). `failed` is everything else, and told by its code.
 */
export type TestOutcome =
  'ok' | 'rejected' | 'unreachable' | 'unexpected' | 'missing' | 'locked' | 'refused' | 'unchecked' | 'failed';

/** What `claviger test` found out last about one credential. No value, nothing of an answer. */
export interface LastResult {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly outcome: TestOutcome;
  /** Of the answer, where there was one. */
  readonly status?: number;
  /** Where there is an error: its code. */
  readonly code?: string;
  /** Which version of the credential that was; a later one is untested. */
  readonly version?: string;
}

type Environment = NodeJS.ProcessEnv;

/** What `claviger test` last found out, by the name of the provider. A damaged or missing file is no result. */
export async function lastResults(env: Environment): Promise<ReadonlyMap<string, LastResult>> {
  try {
    const { results } = JSON.parse(await readFile(resultsFile(env), 'utf8')) as { results: Record<string, LastResult> };
    return new Map(Object.entries(results).filter(([, result]) => isResult(result)));
  } catch {
    return new Map();
  }
}

/** Keeps results, each in the place of the one before. */
export async function recordResults(env: Environment, results: ReadonlyMap<string, LastResult>): Promise<void> {
  const path = resultsFile(env);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await withFileLock(`${path}.lock`, async (lock) => {
    const all = Object.fromEntries([...(await lastResults(env)), ...results]);
    const text = `${JSON.stringify({ schema: 1, results: all }, undefined, 2)}\n`;
    await writeFileAtomic(path, text, { beforeCommit: () => lock.assertHeld() });
  });
}

function resultsFile(env: Environment): string {
  return join(clavigerHome(env), 'tests.json');
}

function isResult(result: Partial<LastResult> | null): boolean {
  return typeof result?.time === 'number' && typeof result.outcome === 'string';
}
