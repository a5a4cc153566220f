import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { ClavigerError, safeCause } from '../errors.js';
import type { Consumer } from './consumer.js';
import { isAccessToken } from './guard-consumer.js';

/** A key or token is short; a file that was named by mistake may not be. */
const MAX_BYTES = 16_384;

/**
 * The consumer whose key or access token stands in a private file, read at each use: it may be replaced at any time.
 *
 * @returns A function for the `consumer` of an auth. It throws `ERR_STORE_PERMISSIONS` for a file that other users can
 * read, `ERR_STORE_UNAVAILABLE` for one that can't be read.
 *
 * @example
 * registry.auth('github', { consumer: consumerFile('/run/agent/consumer') });
 */
export function consumerFile(path: string): () => Consumer {
  return () => {
    const text = readPrivate(path).trim();
    if (text === '') throw unusable('ERR_STORE_UNAVAILABLE', path, 'it is empty');
    return isAccessToken(text) ? { accessToken: text } : { consumerKey: text };
  };
}

function readPrivate(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { mode, size } = fstatSync(file);
    if (process.getuid !== undefined && (mode & 0o077) !== 0) {
      throw unusable('ERR_STORE_PERMISSIONS', path, 'it can be reached by other users: chmod 600 it');
    }
    if (size > MAX_BYTES) throw unusable('ERR_STORE_UNAVAILABLE', path, 'it is too long to hold a key or a token');
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ClavigerError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw unusable('ERR_STORE_UNAVAILABLE', path, `it can't be read (${code})`, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function unusable(
  code: 'ERR_STORE_PERMISSIONS' | 'ERR_STORE_UNAVAILABLE',
  path: string,
  what: string,
  cause?: unknown,
) {
  const known = cause === undefined ? {} : { cause: safeCause(cause) };
  return new ClavigerError(code, `consumer file ${path}: ${what}`, { store: 'consumer file', ...known });
}
