import { ClavigerError } from '../errors.js';

/** This many failures in a row open the breaker … */
const THRESHOLD = 5;
/** … for this long; then one call may try. */
const OPEN_MS = 5_000;

/**
 * Stops asking a store that can't answer. Only `ERR_STORE_UNAVAILABLE` counts: a locked or corrupt store answers
 * quickly, and a person may mend it at any moment.
 */
export interface Breaker {
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createBreaker(label: string, now: () => number): Breaker {
  let failures = 0;
  let openUntil = 0;
  let lastFailure: unknown;
  const succeeded = () => {
    failures = 0;
  };
  const failed = (error: unknown) => {
    if (!(error instanceof ClavigerError) || error.code !== 'ERR_STORE_UNAVAILABLE') return void succeeded();
    failures += 1;
    lastFailure = error;
    if (failures >= THRESHOLD) openUntil = now() + OPEN_MS;
  };
  return {
    async run(task) {
      if (failures >= THRESHOLD && now() < openUntil) throw open(label, openUntil - now(), lastFailure);
      if (failures >= THRESHOLD) openUntil = now() + OPEN_MS; // this call is the one that tries
      try {
        const result = await task();
        succeeded();
        return result;
      } catch (error) {
        failed(error);
        throw error;
      }
    },
  };
}

function open(label: string, remainingMs: number, cause: unknown): ClavigerError {
  const seconds = Math.max(1, Math.ceil(remainingMs / 1000));
  return new ClavigerError(
    'ERR_STORE_UNAVAILABLE',
    `${label} failed ${THRESHOLD} times in a row and is not asked again for ${seconds} s: check that it is running`,
    { store: label, cause },
  );
}
