import { ClavigerError } from '../errors.js';

/**
 * The error for a URL that two programs could read as two different places.
 *
 * @param rule Which rule the URL breaks. Names no part of the URL itself: a path, a query or user information can hold
 * a secret.
 * @param host Given only once the host has been understood.
 */
export function ambiguous(rule: string, host?: string): ClavigerError {
  const where = host === undefined ? 'the URL' : `the URL for ${host}`;
  return new ClavigerError('ERR_DESTINATION_AMBIGUOUS', `${where} can be read in two ways: ${rule}`, { host });
}
