import { findClavigerError, type ClavigerError, type ErrorCode } from '../../src/index.js';

/** The coded error that a promise rejects with; fails when it resolves or rejects with anything else. */
export async function rejects(promise: Promise<unknown> | (() => unknown), code: ErrorCode): Promise<ClavigerError> {
  let error: unknown;
  try {
    await (typeof promise === 'function' ? promise() : promise);
  } catch (thrown) {
    error = thrown;
    const own = findClavigerError(thrown);
    if (own?.code === code) return own;
  }
  throw new Error(`expected ${code}, got ${error === undefined ? 'no error' : String(error)}`, { cause: error });
}
