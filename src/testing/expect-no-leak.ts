import { AssertionError } from 'node:assert';
import { Secret } from '../secret.js';
import { findInBytes, findInText } from './find-encoded.js';
import { placesIn } from './leak-places.js';

/**
 * Throws if a secret stands anywhere in what is given, and names where and in which encoding; never the secret.
 *
 * Searched are
 * - text, numbers and bytes (`Buffer`, typed arrays, `ArrayBuffer`);
 * - objects to any depth: names and values of properties, hidden ones, symbols and getters too, `Map`, `Set`, `Headers`,
 *   chains of `cause` and `errors`, what `toJSON`, `toString` and `util.inspect` show;
 * - `{ file }`, `{ path }` or a `file:` URL: a file, or a directory with all that is in it;
 * - an open file: a `FileHandle`, or what `fs.createReadStream` gives;
 * - `{ pid }`: environment and command line of a running process (Linux);
 * - an array of these.
 *
 * Recognised are the secret as it is, JSON-, percent-, form- and HTML-escaped (three deep, in any mixture), hex, and base64
 * and base64url at every alignment, as in `Basic` credentials; in bytes also UTF-16 and Latin-1.
 *
 * @throws `AssertionError` when it stands there; a `TypeError` for an empty secret, which stands everywhere, and for what can't
 *   be read at once, a `Blob` or `File`: hand in what `await blob.bytes()` or `arrayBuffer()` gives.
 *
 * @example
 * expectNoLeak([result, { file: logDirectory }, { pid: child.pid }], canary);
 */
export function expectNoLeak(haystack: unknown, secret: string | Secret): void {
  const value = secret instanceof Secret ? secret.reveal() : secret;
  if (typeof value !== 'string' || value === '') throw new TypeError('expectNoLeak needs a secret that is not empty');
  let unread: string | undefined;
  for (const { where, content } of placesIn(haystack)) {
    if (content === undefined) unread ??= where;
    if (content === undefined) continue;
    const encoding = typeof content === 'string' ? findInText(content, value) : findInBytes(content, value);
    if (encoding === undefined) continue;
    const place = findInText(where, value) === undefined ? where : 'a place whose own name holds it';
    throw new AssertionError({ message: `the secret leaks (${encoding}) in ${place}`, stackStartFn: expectNoLeak });
  }
  if (unread === undefined) return;
  throw new TypeError(`${unread} can't be searched: expectNoLeak does not wait. Read it first, and hand in its bytes`);
}
