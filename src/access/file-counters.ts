import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sweepTemporaryFiles, writeFileAtomic } from '../internal/atomic-write.js';
import { withFileLock } from '../internal/file-lock.js';
import { countInWindow, counterName, type Count, type CountRequest, type Window } from './fixed-window.js';
import { readStateFile, stateError, systemError } from './state-file.js';

const FORMAT = 'claviger-quotas-1';

interface Waiting {
  readonly request: CountRequest;
  readonly resolve: (count: Count) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Counters in a file of their own, as they change with every use. All that wait are counted under one lock and written at
 * once; only then does anybody go on, so that a crash counts too much and never too little.
 */
export class FileCounters {
  readonly #path: string;
  #waiting: Waiting[] = [];
  #running = false;

  constructor(path: string) {
    this.#path = path;
  }

  count(request: CountRequest): Promise<Count> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    await Promise.resolve(); // whoever asks in this moment goes along
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        const counts = await this.#countAll(batch.map(({ request }) => request));
        batch.forEach(({ resolve }, index) => resolve(counts[index] as Count));
      } catch (error) {
        const failure = systemError(this.#path, 'count in it', error);
        for (const { reject } of batch) reject(failure);
      }
    }
    this.#running = false;
  }

  async #countAll(requests: readonly CountRequest[]): Promise<Count[]> {
    if (requests.every(({ peek }) => peek === true)) return count(await this.#read(), requests).counts;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    return withFileLock(`${this.#path}.lock`, async (lock) => {
      const windows = await this.#read();
      const { counts, changed } = count(windows, requests);
      if (!changed) return counts;
      const now = requests.reduce((latest, request) => Math.min(latest, request.now), Infinity);
      for (const [name, { end }] of windows) if (end <= now) windows.delete(name);
      await sweepTemporaryFiles(this.#path);
      const text = JSON.stringify({ format: FORMAT, windows: Object.fromEntries(windows) });
      await writeFileAtomic(this.#path, `${text}\n`, { beforeCommit: () => lock.assertHeld() });
      return counts;
    });
  }

  async #read(): Promise<Map<string, Window>> {
    const read = await readStateFile(this.#path);
    if (read === undefined) return new Map();
    try {
      const { format, windows } = JSON.parse(read.text) as { format: unknown; windows: Record<string, Window> };
      if (format === FORMAT) return new Map(Object.entries(windows).filter(([, window]) => isWindow(window)));
    } catch {
      // Said below.
    }
    throw stateError('ERR_STORE_CORRUPT', this.#path, 'it holds no counters: remove it to begin anew');
  }
}

function count(windows: Map<string, Window>, requests: readonly CountRequest[]): { counts: Count[]; changed: boolean } {
  let changed = false;
  const counts = requests.map((request) => {
    const name = counterName(request);
    const { window, count: counted } = countInWindow(windows.get(name), request);
    if (request.peek !== true && counted.granted) {
      windows.set(name, window);
      changed = true;
    }
    return counted;
  });
  return { counts, changed };
}

function isWindow(window: Partial<Window> | null): boolean {
  return [window?.start, window?.end, window?.used].every((value) => Number.isFinite(value));
}
