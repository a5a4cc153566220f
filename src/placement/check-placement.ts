import { ClavigerError } from '../errors.js';
import type { Placement } from './placement.js';
import { templateProblem } from './process-template.js';
import { variableNameProblem } from './variable-name.js';

/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Headers that frame or route a message (RFC 9110 §7.6.1, RFC 9112 §6): no credential, and no constant companion, may stand there. */
const framing = new Set([
  'host',
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'expect',
  'proxy-authorization',
  'proxy-authenticate',
]);

export function isHeaderName(name: string): boolean {
  return token.test(name);
}

export function isFramingHeader(name: string): boolean {
  return framing.has(name.toLowerCase());
}

/** RFC 9110 §5.5: visible characters, space and tab inside, `obs-text`; no blank at either end, where the wire drops it. */
export function isHeaderValue(value: string): boolean {
  return /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(value);
}

const unknownPlacement = 'unknown placement: use header, query, cookie, basic, parameter, env, file or argument';

/**
 * Checks what a placement says of itself, before there is a secret.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` for a name that may not stand there.
 */
export function checkPlacement(placement: Placement): void {
  const problem = problemOf(placement);
  if (problem !== undefined) throw new ClavigerError('ERR_PLACEMENT_INVALID', problem);
}

/** What is wrong with a placement, for those who collect findings instead of throwing. */
export function problemOf(placement: Placement): string | undefined {
  if (typeof (placement as unknown) !== 'object' || (placement as unknown) === null) return unknownPlacement;
  switch (placement.in) {
    case 'header':
      return headerProblem(placement.name, placement.prefix ?? '');
    case 'cookie':
      return isHeaderName(placement.name) ? undefined : 'a cookie name must be a token (RFC 6265 §4.1.1)';
    case 'query':
      return placement.name === '' ? 'a query parameter needs a name' : undefined;
    case 'basic':
      return basicProblem(placement.username ?? '');
    case 'parameter':
      return parameterProblem(placement.name);
    case 'env':
      return variableNameProblem(placement.name) ?? templateProblem(placement.template ?? '{}');
    case 'file':
      return variableNameProblem(placement.name);
    case 'argument':
      return templateProblem(placement.template);
    default:
      return unknownPlacement;
  }
}

function headerProblem(name: string, prefix: string): string | undefined {
  if (!isHeaderName(name)) return 'a header name must be a token (RFC 9110 §5.6.2)';
  if (isFramingHeader(name)) return `the header ${name} frames or routes the message and can't carry a credential`;
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(prefix)) return 'a header prefix must not hold control characters';
  return undefined;
}

function basicProblem(username: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- RFC 7617 §2 forbids exactly these
  return /[:\x00-\x1f\x7f]/.test(username)
    ? 'a Basic user name must not hold ":" or control characters (RFC 7617 §2)'
    : undefined;
}

function parameterProblem(name: unknown): string | undefined {
  if (typeof name === 'number') {
    return Number.isInteger(name) && name >= 0 ? undefined : 'a position must be a whole number from 0';
  }
  if (typeof name !== 'string' || name === '') return 'a parameter needs a name';
  return name === '__proto__' ? 'the parameter name __proto__ is not allowed' : undefined;
}
