import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sweepTemporaryFiles, writeFileAtomic } from '../internal/atomic-write.js';
import { withFileLock } from '../internal/file-lock.js';
import { clavigerHome } from '../internal/home.js';
import { FileCounters } from './file-counters.js';
import type { Count, CountRequest } from './fixed-window.js';
import { isSameFile, readStateFile, stateError, systemError, type StateFile } from './state-file.js';
import { changed, type AccessState, type Changes, type Records } from './state.js';

const FORMAT = 'claviger-access-1';

/** A change that another process made is seen after at most so long. */
const LOOK_AFTER_MS = 250;

/** Two writes this close together may leave one and the same time stamp. */
const STAMP_MS = 100;

/**
 * The state of the processes of one machine, in one private file that survives crashes; what one of them revokes the
 * others see within a second. Counters of quotas stand in a file beside it, `PATH.quotas`, exact across processes.
 *
 * It holds hashes of consumer keys, and the keys that access tokens are signed with: whoever can read it can make tokens.
 * So it must be this user's alone, `ERR_STORE_PERMISSIONS` otherwise.
 *
 * @example
 * const access = createAccess({ products, apps, state: fileState('/var/lib/agents/access.json') });
 */
export function fileState(path: string): AccessState {
  return new FileState(resolve(path));
}

/** Where the state of access rules is for whoever says nothing else: `access.json` in `CLAVIGER_HOME`. */
export function defaultStatePath(env?: Readonly<Record<string, string | undefined>>): string {
  return join(clavigerHome(env), 'access.json');
}

interface Content {
  readonly records: Records;
  readonly generation: number;
  /** Undefined while there is no file. */
  readonly file: StateFile | undefined;
}

class FileState implements AccessState {
  readonly kind = 'file';
  readonly #path: string;
  readonly #counters: FileCounters;
  #content: Content | undefined;
  #lookAt = 0;
  #looking: Promise<Content> | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#counters = new FileCounters(`${path}.quotas`);
  }

  read(): Records | Promise<Records> {
    if (this.#content !== undefined && performance.now() < this.#lookAt) return this.#content.records;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking.then(({ records }) => records);
  }

  async update(change: (now: Records) => Changes | undefined): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await withFileLock(`${this.#path}.lock`, async (lock) => {
        const now = await this.#open();
        const changes = change(now.records);
        if (changes === undefined) return;
        const records = changed(now.records, changes);
        const generation = now.generation + 1;
        const text = JSON.stringify({ format: FORMAT, generation, records: Object.fromEntries(records) });
        await sweepTemporaryFiles(this.#path);
        await writeFileAtomic(this.#path, `${text}\n`, { beforeCommit: () => lock.assertHeld() });
        this.#keep({ records, generation, file: await this.#stats() });
      });
    } catch (error) {
      throw systemError(this.#path, 'write it', error);
    }
  }

  count(request: CountRequest): Promise<Count> {
    return this.#counters.count(request);
  }

  /** The content, read anew only if the file is another one than before. */
  async #look(): Promise<Content> {
    const asked = performance.now();
    const known = this.#content;
    const stats = await this.#stats();
    const isSettled = stats !== undefined && Date.now() - Number(stats.ctimeMs) > STAMP_MS;
    if (known !== undefined && isSettled && isSameFile(known.file, stats)) {
      this.#lookAt = asked + LOOK_AFTER_MS;
      return known;
    }
    const content = await this.#open();
    this.#lookAt = asked + LOOK_AFTER_MS;
    return content;
  }

  async #open(): Promise<Content> {
    const known = this.#content;
    const read = await readStateFile(this.#path);
    if (read === undefined) {
      if (known?.file !== undefined) {
        throw stateError(
          'ERR_STORE_UNAVAILABLE',
          this.#path,
          'it is gone, and what was revoked with it: bring it back',
        );
      }
      return this.#keep({ records: new Map(), generation: 0, file: undefined });
    }
    const content = { ...parse(this.#path, read.text), file: read.stats };
    if (known === undefined || content.generation >= known.generation) return this.#keep(content);
    // A revocation would be undone.
    const what = `it was put back to change ${content.generation}, after ${known.generation} had been seen`;
    throw stateError('ERR_STORE_CORRUPT', this.#path, `${what}; if you did that yourself, start this program anew`);
  }

  /** What was read before a write of ours and is there only after it is older. */
  #keep(content: Content): Content {
    if (this.#content === undefined || content.generation >= this.#content.generation) this.#content = content;
    return this.#content;
  }

  async #stats(): Promise<StateFile | undefined> {
    try {
      return await stat(this.#path, { bigint: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw systemError(this.#path, 'look at it', error);
    }
  }
}

function parse(path: string, text: string): { records: Map<string, unknown>; generation: number } {
  try {
    const { format, generation, records } = JSON.parse(text) as Record<string, unknown>;
    if (format === FORMAT && typeof generation === 'number' && typeof records === 'object' && records !== null) {
      return { records: new Map(Object.entries(records)), generation };
    }
  } catch {
    // Said below: what the parser says could quote the file.
  }
  throw stateError('ERR_STORE_CORRUPT', path, 'it is no state of access rules: bring back a copy of it');
}
