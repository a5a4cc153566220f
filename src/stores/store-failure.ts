import { ClavigerError, safeCause } from '../errors.js';
import type { ErrorCode } from '../errors.js';

/** An error of a store that is not a file. Of a cause only its class and system code are kept: its text could hold anything. */
export function storeFailure(code: ErrorCode, kind: string, what: string, cause?: unknown): ClavigerError {
  return new ClavigerError(code, `${kind} store: ${what}`, {
    store: kind,
    ...(cause !== undefined && { cause: safeCause(cause) }),
  });
}

/** @throws {@link ClavigerError} `ERR_CONFIG_INVALID` */
export function refuseOptions(kind: string, what: string): never {
  throw new ClavigerError('ERR_CONFIG_INVALID', `${kind} store: ${what}`, { store: kind });
}

/** @throws {@link ClavigerError} `ERR_CONFIG_INVALID` for an option that is not known: a misspelt one must not go unheard. */
export function assertKnownOptions(kind: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) refuseOptions(kind, `unknown option "${unknown}": there is ${known.join(', ')}`);
}
