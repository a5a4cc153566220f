import { ClavigerError, findClavigerError, safeCause } from '../../errors.js';
import type { ErrorCode } from '../../errors.js';

/** An error of the file store, which names its file. */
export function storeError(code: ErrorCode, path: string, what: string, cause?: unknown): ClavigerError {
  return new ClavigerError(code, `file store ${path}: ${what}`, { store: 'file', cause });
}

/** What a failed system call means: not allowed, or not possible now. Never "not here". */
export function systemError(path: string, action: string, error: unknown): ClavigerError {
  const known = findClavigerError(error);
  if (known) return known;
  const { code } = error as NodeJS.ErrnoException;
  const denied = code === 'EACCES' || code === 'EPERM';
  const what = `can't ${action} (${code ?? 'unknown error'})${denied ? ': check who owns it and its mode' : ''}`;
  return storeError(denied ? 'ERR_STORE_PERMISSIONS' : 'ERR_STORE_UNAVAILABLE', path, what, safeCause(error));
}
