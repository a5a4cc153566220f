import { ClavigerError } from '../errors.js';
import type { Secret } from '../secret.js';

/**
 * What stands in a configuration instead of a value and is meant to be replaced by somebody else. Where nobody did, the
 * child would send the reference as its key. Lower-case `$name` is not among them: passwords look like that.
 */
const references = [
  /^\$\{[^{}]*\}$/, // ${NAME}, ${NAME:-default}, ${env:NAME}, ${input:id}
  /^\$\([^()]*\)$/, // $(command)
  /^\$[A-Z_][A-Z0-9_]*$/, // $NAME
  /^%[A-Z_][A-Z0-9_]*%$/, // %NAME%, of Windows
  /^\{?\$?env:[A-Za-z_]\w*\}?$/, // {env:NAME}, $env:NAME, env:NAME
  /^\{\{[^{}]*\}\}$/, // {{ name }}
  /^(?:op|bw|se|keychain|vault|ref\+[a-z0-9]+):\/\//i, // the schemes of secret managers
  /^file:/i,
  /^__encrypted__:/, // a client's own ciphertext, handed on unread
];

/** `Bearer `, `Token ` and the like, in front of a reference. */
const scheme = /^[A-Za-z][A-Za-z-]* +/;

/**
 * The value of a secret that is about to go into a child process, where nothing checks it any more.
 *
 * @throws {@link ClavigerError} `ERR_PLACEMENT_INVALID`, naming the provider, for a value that is blank, has a line break or a
 * NUL, or is a reference (`${NAME}`, `$(command)`, `op://…`) that was never resolved. The value is not in the message.
 */
export function revealForProcess(secret: Secret, provider: string): string {
  const value = secret.reveal();
  const problem = problemOf(value);
  if (problem === undefined) return value;
  const message = `the credential of ${provider} can not be given to a process: it ${problem}; store the key itself`;
  throw new ClavigerError('ERR_PLACEMENT_INVALID', message, { provider });
}

function problemOf(value: string): string | undefined {
  if (value.trim() === '') return 'is blank';
  if (/[\r\n]/.test(value)) return 'contains a line break';
  if (value.includes('\0')) return 'contains a NUL character';
  const bare = value.trim().replace(scheme, '');
  return references.some((reference) => reference.test(bare)) ? 'is a reference that was never resolved' : undefined;
}
