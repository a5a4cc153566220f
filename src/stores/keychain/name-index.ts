import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { ClavigerError } from '../../errors.js';
import { writeFileAtomic } from '../../internal/atomic-write.js';
import { withFileLock } from '../../internal/file-lock.js';
import { storeFailure } from '../store-failure.js';

/** The names that we keep in the keychain, in a file of ours: keytar's own search can take the process down. No values. */
export class NameIndex {
  readonly #directory: string;
  readonly #path: string;

  constructor(directory: string, service: string) {
    this.#directory = directory;
    const id = createHash('sha256').update(service).digest('hex').slice(0, 12);
    this.#path = join(directory, `keychain-${id}.json`);
  }

  /** A mark that changes with everything that is written. */
  async stamp(): Promise<string> {
    const stats = await stat(this.#path, { bigint: true }).catch(() => undefined);
    return stats === undefined ? '' : `${stats.ino} ${stats.mtimeNs}`;
  }

  async read(): Promise<Set<string>> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
      throw this.#failure('read', error);
    }
    try {
      const names: unknown = JSON.parse(text);
      if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return new Set(names);
    } catch {
      // said below
    }
    throw storeFailure('ERR_STORE_CORRUPT', 'keychain', `${this.#path}, the list of its names, is damaged`);
  }

  /** Does something to the keychain and says which names there are then, while no other process of ours does. */
  async update<T>(work: (names: Set<string>) => Promise<T>): Promise<T> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw this.#failure('make', error);
    });
    return withFileLock(`${this.#path}.lock`, async () => {
      const names = await this.read();
      const before = names.size;
      const result = await work(names);
      // The file is stamped also where no name comes or goes: that is how others hear of a change.
      if (names.size !== before) await this.#write([...names]);
      else await utimes(this.#path, new Date(), new Date()).catch(() => undefined);
      return result;
    });
  }

  async #write(names: string[]): Promise<void> {
    try {
      await writeFileAtomic(this.#path, JSON.stringify(names));
    } catch (error) {
      throw this.#failure('write', error);
    }
  }

  #failure(action: string, error: unknown): ClavigerError {
    if (error instanceof ClavigerError) return error;
    const { code } = error as NodeJS.ErrnoException;
    return storeFailure(
      'ERR_STORE_UNAVAILABLE',
      'keychain',
      `can't ${action} ${this.#path} (${code ?? 'unknown'})`,
      error,
    );
  }
}
